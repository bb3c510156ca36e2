"""Whoever keeps a resource is named, with the place where the change has to be made, too."""

from __future__ import annotations

import pytest

from diagnostics.facts import Tags
from diagnostics.snapshot import Snapshot
from remediations import drift
from remediations.catalogue import catalogue
from remediations.drift import keeper_of, with_drift_warnings
from tests import reports
from tests.incidents.building import SERVICE, TG, Incident
from tests.remediations.test_permission import plan

STACK = {"aws:cloudformation:stack-name": "shop-prod", "aws:cloudformation:logical-id": "CheckoutGroup"}
CDK = {"aws:cloudformation:stack-name": "ShopStack", "aws:cloudformation:logical-id": "LBListenerCheckoutGroup8A12904C"}
COPILOT = {**STACK, "copilot-application": "shop", "copilot-environment": "prod", "copilot-service": "api"}
CONTROLLER = {"elbv2.k8s.aws/cluster": "prod", "ingress.k8s.aws/stack": "shop/web"}


@pytest.mark.parametrize(
    ("tags", "name"),
    [
        (STACK, "CloudFormation (stack shop-prod)"),
        (CDK, "CDK (stack ShopStack)"),
        (COPILOT, "Copilot (application shop)"),
        (CONTROLLER, "Kubernetes (cluster prod, ingress shop/web)"),
        ({"Terraform": "true"}, "Terraform"),
        ({"ManagedBy": "terraform"}, "Terraform"),
        ({"managed-by": "OpenTofu"}, "Terraform"),
        ({"provisioner": "terragrunt v0.5"}, "Terraform"),
    ],
)
def test_a_tool_is_known_by_its_tags(tags: dict[str, str], name: str) -> None:
    keeper = keeper_of(tags)
    assert keeper is not None
    assert keeper.name == name


@pytest.mark.parametrize(
    "tags", [{}, {"Name": "terraform"}, {"terraform": "false"}, {"ManagedBy": "platform-team"}, {"team": "copilot"}]
)
def test_other_tags_tell_of_none(tags: dict[str, str]) -> None:
    assert keeper_of(tags) is None


def test_what_a_tag_says_is_bounded_and_printable() -> None:
    keeper = keeper_of({"aws:cloudformation:stack-name": "x\n\u202e" * 500})
    assert keeper is not None
    assert len(keeper.name) < 120
    assert keeper.name.isprintable()


@pytest.mark.parametrize(
    ("tags", "says"),
    [
        (STACK, "the stack's template (AWS::ElasticLoadBalancingV2::TargetGroup): HealthCheckPath /healthz"),
        ({"Terraform": "true"}, "its code (aws_lb_target_group): HealthCheckPath /healthz"),
        (COPILOT, "copilot/api/manifest.yml: HealthCheckPath /healthz"),
        (CONTROLLER, "its ingress, service or target group binding: HealthCheckPath /healthz"),
    ],
)
def test_the_warning_says_where_to_make_the_same_change(tags: dict[str, str], says: str) -> None:
    warned = with_drift_warnings(plan(narrower=(plan(label="one"),)), _tagged(tags))
    (warning,) = warned.warnings
    assert "keeps checkout and may set it back" in warning
    assert warning.endswith(says)
    assert warned.narrower[0].warnings == warned.warnings


def test_a_function_that_is_changed_by_several_calls_is_named_once() -> None:
    function = "arn:aws:lambda:us-east-1:111122223333:function:render"
    first = plan().writes[0]
    calls = ("update_function_configuration", "publish_version", "update_alias")
    writes = [
        first.model_copy(
            update={
                "call": first.call.model_copy(update={"service": "lambda", "operation": name}),
                "resources": (function, f"{function}:live"),
            }
        )
        for name in calls
    ]
    tags = Tags(by_arn=dict.fromkeys((function, f"{function}:live"), STACK))
    snapshot = Incident().snapshot()
    known = snapshot.model_copy(update={"facts": {**snapshot.facts, Tags.name: tags}})
    (warning,) = with_drift_warnings(plan(writes=tuple(writes)), known).warnings
    assert "keeps render and" in warning
    assert "the stack's template (AWS::Lambda::Function, AWS::Lambda::Alias): " in warning


def test_the_kind_of_thing_is_known_of_all_that_a_tool_may_keep() -> None:
    called = {action.split(":")[1] for fix in catalogue().values() for action in fix.calls}
    ends = ("Delete", "Describe", "Remove", "Revoke", "Stop")  # undoes what was added, or keeps nothing
    named = {"".join(part.capitalize() for part in name.split("_")) for name in drift._KINDS}
    beside = {"AddTags", "CreateTags", "TagResource", "PassRole", "PutMetricAlarm"}
    assert {name for name in called - named - beside if not name.startswith(ends)} == set()


def test_what_nobody_keeps_has_no_warning() -> None:
    assert with_drift_warnings(plan(), _tagged({"team": "shop"})) == plan()


def test_where_tags_were_not_read_a_tool_that_keeps_the_rest_is_named() -> None:
    snapshot = Incident().snapshot()
    tags = Tags(by_arn={SERVICE: {}, TG: {"Terraform": "true"}})
    warned = with_drift_warnings(plan(), snapshot.model_copy(update={"facts": {**snapshot.facts, Tags.name: tags}}))
    (warning,) = warned.warnings
    assert warning.startswith("Terraform keeps other parts of this service. If it keeps checkout, too,")


def _tagged(tags: dict[str, str]) -> Snapshot:
    snapshot = Incident().snapshot()
    known = Tags(by_arn={reports.GROUP: tags})
    return snapshot.model_copy(update={"facts": {**snapshot.facts, Tags.name: known}})
