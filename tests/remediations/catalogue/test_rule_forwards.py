"""Where rules forward to: a share for an empty group, and a rule that uses another group than the service fills."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from diagnostics.facts import EcsService, Listeners, Rule, RuleAction, SiblingHealth, TargetGroups
from remediations.fix import CannotPrepareError
from remediations.steps.listener_rules import PREPARES
from tests.incidents.building import LISTENER, OTHER_TG, TG, Incident
from tests.incidents.registration import service_target_group_mismatch as mismatch
from tests.incidents.registration import weighted_target_group_empty as weighted
from tests.incidents.registration.no_registered_targets import half_of_a_weighted_pair
from tests.incidents.weighted import failing_share
from tests.remediations.catalogue.proposing import holds, only, plans

WEIGHT, FORWARD = "rule-weight-zero", "rule-forward-to-service"


def described(*groups: tuple[str, int], **more: Any) -> dict[str, Any]:
    """A rule as AWS shows it."""
    config = {"TargetGroups": [{"TargetGroupArn": arn, "Weight": weight} for arn, weight in groups], **more}
    action: dict[str, Any] = {"Type": "forward", "ForwardConfig": config}
    if len(groups) == 1:
        action["TargetGroupArn"] = groups[0][0]
    return {"Rules": [{"RuleArn": f"{LISTENER}/default", "Actions": [action]}]}


def test_the_empty_group_gets_weight_0() -> None:
    plan = only(WEIGHT, weighted.canary_was_scaled_down())
    (write,) = plan.writes
    assert (write.call.operation, write.call.parameters) == ("modify_listener", {"ListenerArn": LISTENER})
    live = described((TG, 80), (OTHER_TG, 20), TargetGroupStickinessConfig={"Enabled": False})
    sent = PREPARES[write.prepared_by or ""]({"rule": live}, write.arguments)
    assert sent["ListenerArn"] == LISTENER
    (action,) = sent["DefaultActions"]
    assert [group["Weight"] for group in action["ForwardConfig"]["TargetGroups"]] == [80, 0]
    assert action["ForwardConfig"]["TargetGroupStickinessConfig"] == {"Enabled": False}
    assert all(holds(guard, live) for guard in plan.guards[:1])
    assert not holds(plan.guards[0], described((TG, 70), (OTHER_TG, 30)))
    back = plan.undo.writes[0]
    assert PREPARES["weight"]({"rule": described((TG, 80), (OTHER_TG, 0))}, back.arguments)["DefaultActions"]
    with pytest.raises(CannotPrepareError):
        PREPARES["weight"]({"rule": described((TG, 80), (OTHER_TG, 10))}, write.arguments)


def test_clients_that_a_cookie_holds_are_told_of() -> None:
    incident = weighted.canary_was_scaled_down()
    assert only(WEIGHT, incident).warnings == ()

    def sticky(fact: Listeners) -> Listeners:
        rules = tuple(
            rule.model_copy(update={"actions": tuple(a.model_copy(update={"sticky_s": 3600}) for a in rule.actions)})
            for rule in fact.items[0].rules
        )
        return fact.model_copy(update={"items": (fact.items[0].model_copy(update={"rules": rules}),)})

    (warning,) = only(WEIGHT, incident.edit(Listeners, sticky)).warnings
    assert "up to 3600 s" in warning


def in_deployment(incident: Incident) -> Incident:
    return incident.edit(
        EcsService,
        lambda fact: fact.model_copy(
            update={"deployments": (fact.deployments[0].model_copy(update={"rollout_state": "IN_PROGRESS"}),)}
        ),
    )


@pytest.mark.parametrize(
    "incident",
    [
        pytest.param(half_of_a_weighted_pair, id="the service should fill it"),
        pytest.param(lambda: failing_share(weighted.of_a_blue_green_pair(90, 10), 0.1), id="the pair is the service's"),
        pytest.param(
            lambda: weighted.canary_was_scaled_down().service(deployment_controller="CODE_DEPLOY"), id="CodeDeploy"
        ),
        pytest.param(
            lambda: weighted.canary_was_scaled_down().denied(EcsService, "ecs:DescribeServices"),
            id="whose it is was not read",
        ),
        pytest.param(
            lambda: weighted.canary_was_scaled_down().denied(
                SiblingHealth, "elasticloadbalancing:DescribeTargetHealth"
            ),
            id="the other targets were not read",
        ),
        pytest.param(
            lambda: weighted.canary_was_scaled_down().unhealthy("Target.Timeout", "Request timed out"),
            id="nobody else is healthy",
        ),
        pytest.param(weighted.every_group_is_empty, id="every group is empty"),
    ],
)
def test_a_weight_stays(incident: Any) -> None:
    assert plans(WEIGHT, incident()) == ()


def test_ecs_that_moves_requests_is_left_to_it() -> None:
    moving = in_deployment(weighted.canary_was_scaled_down().service(deployment_strategy="LINEAR"))
    assert only(WEIGHT, moving).not_now is not None


def test_secrets_of_an_identity_provider_are_kept() -> None:
    oidc = {"Issuer": "https://idp.example.com", "ClientId": "shop", "AuthenticateCookie": None}
    live = described((TG, 80), (OTHER_TG, 20))
    live["Rules"][0]["Actions"].insert(0, {"Type": "authenticate-oidc", "Order": 1, "AuthenticateOidcConfig": oidc})
    arguments = {"RuleArn": "r", "group": OTHER_TG, "before": 20, "to": 0}
    login, forward = PREPARES["weight"]({"rule": live}, arguments)["Actions"]
    assert login["AuthenticateOidcConfig"]["UseExistingClientSecret"] is True
    assert "TargetGroupArn" not in forward


def known(incident: Incident, *balancers: str) -> Incident:
    """All target groups of the load balancer were read; the others belong to no load balancer, or to these."""
    first = incident.known(TargetGroups).items[0]
    others = [
        first.model_copy(update={"arn": arn, "name": arn.split("/")[-2], "load_balancer_arns": balancers})
        for arn in (OTHER_TG, mismatch.NEW_TG)
    ]
    return incident.edit(TargetGroups, lambda fact: fact.model_copy(update={"items": (first, *others)}))


MISMATCHES: tuple[Callable[[], Incident], ...] = (
    lambda: known(mismatch.rule_kept_the_old_group()),
    lambda: known(mismatch.host_rule()),
    lambda: known(mismatch.rule_points_elsewhere({mismatch.NEW_TG: ()})),
)


def test_the_rule_forwards_to_the_group_that_the_service_fills() -> None:
    found = [only(FORWARD, build()) for build in MISMATCHES]
    for plan in found:
        assert not holds(plan.guards[0], described((str(plan.writes[0].arguments["group"]), 1), (OTHER_TG + "x", 1)))
        (write,) = plan.writes
        empty, filled = str(write.arguments["group"]), str(write.arguments["to"])
        sent = PREPARES["group"]({"rule": described((empty, 1))}, write.arguments)
        (action,) = sent.get("Actions") or sent["DefaultActions"]
        assert action["ForwardConfig"]["TargetGroups"] == [{"TargetGroupArn": filled, "Weight": 1}]
        assert holds(plan.guards[0], described((empty, 1)))
        assert not holds(plan.guards[0], described((filled, 1)))
        assert plan.undo.kind == "exact"


@pytest.mark.parametrize("controller", ["CODE_DEPLOY", "EXTERNAL"])
def test_a_controller_keeps_its_rules(controller: str) -> None:
    for build in MISMATCHES:
        assert plans(FORWARD, build().service(deployment_controller=controller)) == ()


def test_a_deployment_is_waited_for() -> None:
    assert all(only(FORWARD, in_deployment(build())).not_now for build in MISMATCHES)


@pytest.mark.parametrize(
    "incident",
    [
        pytest.param(mismatch.rule_kept_the_old_group, id="the groups were not read"),
        pytest.param(lambda: known(mismatch.service_without_a_group()), id="the service fills none"),
        pytest.param(lambda: known(mismatch.rule_kept_the_old_group(), "arn:other"), id="it is another balancer's"),
        pytest.param(lambda: known(mismatch.one_of_several_empty_groups()), id="another group may be meant"),
        pytest.param(
            lambda: known(mismatch.rule_points_elsewhere({mismatch.NEW_TG: (), OTHER_TG: ()})), id="the rule has two"
        ),
    ],
)
def test_a_rule_stays(incident: Any) -> None:
    assert plans(FORWARD, incident()) == ()


def signing_in(kind: str, incident: Incident) -> Incident:
    """The rule asks users who they are before it forwards."""

    def edit(rule: Rule) -> Rule:
        forward = tuple(action.model_copy(update={"order": 2}) for action in rule.actions)
        return rule.model_copy(update={"actions": (RuleAction(type=kind, order=1), *forward)})

    return incident.edit(
        Listeners,
        lambda fact: fact.model_copy(
            update={
                "items": tuple(
                    one.model_copy(update={"rules": tuple(edit(rule) for rule in one.rules)}) for one in fact.items
                )
            }
        ),
    )


@pytest.mark.parametrize("kind", ["authenticate-oidc", "jwt-validation"])
def test_a_rule_that_signs_users_in_keeps_doing_so(kind: str) -> None:
    plan = only(WEIGHT, signing_in(kind, weighted.canary_was_scaled_down()))
    assert plan.not_now is None
    open_to_all = described((TG, 80), (OTHER_TG, 20))
    guarded = described((TG, 80), (OTHER_TG, 20))
    guarded["Rules"][0]["Actions"].insert(0, {"Type": kind, "Order": 1})
    assert holds(plan.guards[0], guarded)
    assert not holds(plan.guards[0], open_to_all)
    after = described((TG, 80), (OTHER_TG, 0))
    assert not holds(plan.writes[0].done_when, after)
    after["Rules"][0]["Actions"].insert(0, {"Type": kind, "Order": 1})
    assert holds(plan.writes[0].done_when, after)


@pytest.mark.parametrize(("fix", "incident"), [(WEIGHT, weighted.canary_was_scaled_down), (FORWARD, MISMATCHES[0])])
def test_a_rule_of_cognito_is_left_to_people(fix: str, incident: Callable[[], Incident]) -> None:
    assert "cognito-idp:DescribeUserPoolClient" in (
        only(fix, signing_in("authenticate-cognito", incident())).not_now or ""
    )
    assert only(fix, signing_in("authenticate-oidc", incident())).not_now is None
