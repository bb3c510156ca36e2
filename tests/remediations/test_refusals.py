"""What is never done, whatever a plan says and whoever made it."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
from botocore import xform_name
from botocore.loaders import Loader
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import JsonValue

from diagnostics.engine import diagnose
from diagnostics.facts import SecurityGroups
from remediations.offers import offer
from remediations.plan import FROM, MAX_WRITES, Call, Grant, Guard, Kept, Look, Plan, Write
from remediations.reach import Reach, reach_of
from remediations.refusals import ENDS_WORK, GENTLE, SERVICES, refusal, refusal_of_prepared, refusal_of_undo
from tests.incidents.building import (
    ACCOUNT,
    LB_SG,
    OTHER_TG,
    REGION,
    SERVICE,
    TASK_SG,
    TG,
    Incident,
    definition,
    task_definition_arn,
)
from tests.incidents.network.sg_ingress_missing import revoked, silent, task_group
from tests.remediations.holding import PREFERENCES, approving

ROLE = f"arn:aws:iam::{ACCOUNT}:role/checkout-task"
FAMILY = f"arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/checkout:*"
STRANGERS = (
    "arn:aws:elasticloadbalancing:us-east-1:999988887777:targetgroup/checkout/73e2d6bc24d8a067",
    "arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/checkout/73e2d6bc24d8a067",
    "arn:aws-cn:elasticloadbalancing:us-east-1:111122223333:targetgroup/checkout/73e2d6bc24d8a067",
    "arn:aws:elasticloadbalancing:us-east-1:111122223333:targetgroup/payments/0000000000000001",
    "arn:aws:elasticloadbalancing:us-east-1:111122223333:targetgroup/*",
    "arn:aws:ecs:us-east-1:111122223333:service/prod/*",
    "arn:aws:ecs:us-east-1:111122223333:task-definition/payments:*",
    "arn:aws:ecs:us-east-1:111122223333:task-definition/*:*",
    "arn:aws:ec2:us-east-1:111122223333:security-group/sg-0fff",
    "arn:aws:ec2:us-east-1:111122223333:security-group-rule/*",
    "arn:aws:iam::111122223333:role/admin",
    "*",
    "",
    "not an ARN",
)
EVERYBODY = (
    *("0.0.0.0/0", " 0.0.0.0/0 ", "0.0.0.0 / 0", "0.0.0.0/00", "0.0.0.0/0.0.0.0", "10.0.0.1/0", "0.0.0.0/7"),
    *("::/0", "::0/0", "0:0:0:0:0:0:0:0/0", "::ffff:0:0/0", "2000::/3", "10.0.1.0/24,0.0.0.0/0", "0.0.0.0/99"),
)


def _blocked() -> Incident:
    return silent(Incident().security_group(task_group())).changed(revoked(13))


@cache
def _incident() -> tuple[Plan, Reach]:
    """A sound plan, for a security group, and what it may write to."""
    snapshot = _blocked().snapshot()
    offered = offer(diagnose(snapshot), snapshot, approving(ACCOUNT), PREFERENCES)
    assert offered.reach is not None
    return offered.plans["sg-allow-lb-ingress"], offered.reach.model_copy(update={"roles": frozenset({ROLE})})


def _holding() -> Guard:
    call = Call.of("elbv2", "describe_target_groups", TargetGroupArns=[TG])
    return Guard(look=Look(call=call, path="TargetGroups[0].HealthCheckPath"), expected="/", text="it is so")


def _write(
    operation: str = "modify_target_group",
    parameters: dict[str, JsonValue] | None = None,
    resources: tuple[str, ...] = (TG,),
    service: str = "elbv2",
    **more: Any,
) -> Write:
    given: dict[str, JsonValue] = {"TargetGroupArn": TG, "HealthCheckPath": "/"} if parameters is None else parameters
    call = Call.of(service, operation, **given)
    return Write(**{"call": call, "resources": resources, "done_when": _holding(), **more})


def _refused(*writes: Write, undo: tuple[Write, ...] = (), **changes: Any) -> str | None:
    plan, reach = _incident()
    made = plan.model_copy(
        update={"writes": writes, "undo": plan.undo.model_copy(update={"writes": undo, "guards": ()}), **changes}
    )
    return refusal(made, reach)


def test_a_sound_plan_is_not_refused() -> None:
    plan, reach = _incident()
    assert refusal(plan, reach) is None
    assert _refused(_write()) is None
    update: dict[str, JsonValue] = {"cluster": "prod", "service": "checkout", "taskDefinition": task_definition_arn(6)}
    assert _refused(_write("update_service", update, (SERVICE,), "ecs")) is None
    assert Reach.model_validate_json(reach.model_dump_json()) == reach


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(STRANGERS), st.sampled_from(("resource", "resources", "also", "top", "deep", "tags", "undo")))
def test_nothing_outside_the_report_is_written_to_or_named(stranger: str, where: str) -> None:
    match where:
        case "resource":
            refused = _refused(_write(), resource=stranger)
        case "resources":
            refused = _refused(_write(resources=(TG, stranger)))
        case "also":
            grant = Grant(action="elasticloadbalancing:ModifyTargetGroup", resources=(stranger,))
            refused = _refused(_write(also=(grant,)))
        case "tags":
            refused = _refused(_write(), judged_by_tags_of=(stranger,))
        case "undo":
            refused = _refused(_write(), undo=(_write(resources=(stranger,)),))
        case "top":
            refused = _refused(_write(parameters={"TargetGroupArn": stranger})) if stranger[:4] == "arn:" else "skipped"
        case _:
            actions: JsonValue = [
                {"Type": "forward", "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": stranger}]}}
            ]
            given_: dict[str, JsonValue] = {"TargetGroupArn": TG, "Actions": actions}
            refused = _refused(_write(parameters=given_)) if stranger[:4] == "arn:" else "skipped"
    assert refused


def test_what_shares_the_load_balancer_may_be_named_and_not_written_to() -> None:
    _, reach = _incident()
    beside = reach.model_copy(update={"nameable": reach.nameable | {OTHER_TG}})
    plan = _incident()[0].model_copy(update={"narrower": ()})
    actions: JsonValue = [{"Type": "forward", "TargetGroupArn": OTHER_TG}]
    named = plan.model_copy(update={"writes": (_write("modify_rule", {"RuleArn": TG, "Actions": actions}),)})
    written = plan.model_copy(update={"writes": (_write(parameters={"TargetGroupArn": OTHER_TG}),)})
    undone = plan.undo.model_copy(update={"writes": ()})
    assert refusal(named.model_copy(update={"undo": undone}), beside) is None
    assert refusal(written.model_copy(update={"undo": undone}), beside)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(EVERYBODY), st.integers(0, 3), st.booleans())
def test_nothing_is_opened_to_everybody(everybody: str, depth: int, as_key: bool) -> None:
    value: JsonValue = {everybody: 1} if as_key else everybody
    for _ in range(depth):
        value = [{"Ranges": value}]
    plan, _ = _incident()
    (write,) = plan.writes
    call = write.call.model_copy(update={"parameters": {**write.call.parameters, "More": value}})
    assert _refused(write.model_copy(update={"call": call}))
    assert _refused(_write(), undo=(_write(parameters={"TargetGroupArn": TG, "More": value}),))


@cache
def _operations(service: str) -> tuple[str, ...]:
    described = Loader().load_service_model(service, "service-2")
    return tuple(sorted(xform_name(name) for name in described["operations"]))


@pytest.mark.parametrize("service", sorted(SERVICES))
def test_no_call_takes_anything_away(service: str) -> None:
    """Judged for every operation that AWS has: what is neither gentle nor known to delete nothing is refused."""
    rough = [
        operation
        for operation in _operations(service)
        if operation.split("_")[0] not in GENTLE and (service, operation) not in ENDS_WORK
    ]
    assert not [operation for operation in rough if not _refused(_write(operation, {}, (TG,), service))]
    assert not [one for one in rough if not _refused(_write(), undo=(_write(one, {}, (TG,), service),))]


@pytest.mark.parametrize(
    "service", ["iam", "sts", "s3", "kms", "organizations", "route53", "secretsmanager", "", "EC2"]
)
def test_other_services_are_not_written_to(service: str) -> None:
    assert _refused(_write("put_role_policy", {}, (TG,), service))


def _passing(*roles: str, service: str = "ecs-tasks.amazonaws.com", **more: Any) -> Write:
    grant = Grant(action="iam:PassRole", resources=roles, condition={"StringEquals": {"iam:PassedToService": service}})
    given: dict[str, JsonValue] = {"family": "checkout"}
    return _write("register_task_definition", given, (FAMILY,), "ecs", also=(grant,), **more)


def test_a_role_is_passed_on_only_if_the_tasks_have_it() -> None:
    assert _refused(_passing(ROLE)) is None
    assert _refused(_passing(ROLE, f"arn:aws:iam::{ACCOUNT}:role/admin"))
    assert _refused(_passing(f"arn:aws:iam::{ACCOUNT}:role/*"))
    assert _refused(_passing())
    assert _refused(_passing(ROLE, service="ec2.amazonaws.com"))
    bare = Grant(action="iam:PassRole", resources=(ROLE,))
    assert _refused(_passing(ROLE).model_copy(update={"also": (bare,)}))


@pytest.mark.parametrize("action", ["iam:CreateRole", "iam:*", "*", "ec2:*", "s3:PutBucketPolicy", "ecs:UpdateService"])
def test_nothing_else_is_wanted_besides(action: str) -> None:
    assert _refused(_write(also=(Grant(action=action, resources=(TG,)),)))


def test_tags_are_put_only_on_what_is_made() -> None:
    plan, _ = _incident()
    (write,) = plan.writes
    (tagging,) = write.also
    wider = tagging.model_copy(update={"resources": (f"arn:aws:ec2:{REGION}:{ACCOUNT}:security-group/*",)})
    always = tagging.model_copy(update={"condition": {}})
    for grant in (wider, always):
        assert _refused(write.model_copy(update={"also": (grant,)}))


def test_a_prepared_task_definition_stays_in_its_family_and_brings_no_other_role() -> None:
    _, reach = _incident()
    write = _passing(ROLE)
    live: dict[str, JsonValue] = {
        "family": "checkout",
        "taskRoleArn": ROLE,
        "containerDefinitions": [{"name": "web", "secrets": [{"valueFrom": "arn:aws:ssm:us-east-1:1:parameter/x"}]}],
    }
    assert refusal_of_prepared(write, live, reach) is None
    assert refusal_of_prepared(write, {**live, "family": "payments"}, reach)
    assert refusal_of_prepared(write, {**live, "executionRoleArn": f"arn:aws:iam::{ACCOUNT}:role/admin"}, reach)
    rule = _write("modify_rule", {}, (TG,))
    assert refusal_of_prepared(rule, {"Actions": [{"TargetGroupArn": TG}]}, reach) is None
    assert refusal_of_prepared(rule, {"Actions": [{"TargetGroupArn": STRANGERS[3]}]}, reach)
    assert refusal_of_prepared(rule, {"Conditions": [{"Values": ["0.0.0.0/0"]}]}, reach)


def test_what_parameters_are_made_of_is_judged_too() -> None:
    _, reach = _incident()
    made = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:targetgroup/checkout-tls/0123456789abcdef"
    rule = _write("modify_rule", {}, (TG,), prepared_by="group", arguments={"group": TG})
    assert _refused(rule) is None
    for stranger in (STRANGERS[0], STRANGERS[3], STRANGERS[10]):
        assert _refused(rule.model_copy(update={"arguments": {"group": TG, "to": stranger}}))
    assert _refused(rule.model_copy(update={"arguments": {"to": {FROM: "nobody"}}}))
    filled = rule.model_copy(update={"arguments": {"group": TG, "to": made}})
    assert refusal_of_prepared(filled, {"Actions": [{"TargetGroupArn": made}]}, reach) is None
    assert refusal_of_prepared(rule, {"Actions": [{"TargetGroupArn": made}]}, reach)


def test_roles_are_those_of_the_present_task_definition() -> None:
    present = definition(7, task_role_arn="checkout-task", execution_role_arn=f"arn:aws:iam::{ACCOUNT}:role/pull")
    earlier = definition(6, task_role_arn=f"arn:aws:iam::{ACCOUNT}:role/earlier")
    reach = reach_of(Incident().definitions(present, earlier, previous=6).snapshot())
    assert reach.roles == {"checkout-task", ROLE, f"arn:aws:iam::{ACCOUNT}:role/pull"}


def _rule(group: str = TASK_SG, protocol: str = "tcp") -> dict[str, JsonValue]:
    return {
        "GroupId": group,
        "IpPermissions": [{"IpProtocol": protocol, "UserIdGroupPairs": [{"GroupId": LB_SG}]}],
    }


def _opened(kept: str = "rule", **changes: Any) -> Write:
    look = Look(call=Call.of("ec2", "describe_security_group_rules"), path="x")
    group = f"arn:aws:ec2:{REGION}:{ACCOUNT}:security-group/{TASK_SG}"
    keeps = (Kept(name=kept, in_answer="SecurityGroupRules[0].SecurityGroupRuleId", look=look),)
    return _write("authorize_security_group_ingress", _rule(**changes), (group,), "ec2", keeps=keeps)


def _closed(rules: JsonValue, group: str = TASK_SG) -> Write:
    arn = f"arn:aws:ec2:{REGION}:{ACCOUNT}:security-group/{group}"
    given: dict[str, JsonValue] = {"GroupId": group, "SecurityGroupRuleIds": rules}
    return _write("revoke_security_group_ingress", given, (arn,), "ec2")


def test_only_the_rule_that_the_plan_added_is_removed() -> None:
    assert _refused(_opened(), undo=(_closed([{FROM: "rule"}]),)) is None
    assert _refused(_opened(), undo=(_closed(["sgr-0123456789abcdef0"]),))
    assert _refused(_opened(), undo=(_closed([{FROM: "rule"}, "sgr-0123456789abcdef0"]),))
    assert _refused(_opened(), undo=(_closed([{FROM: "rule"}], group=LB_SG),))
    assert _refused(_opened(), undo=(_closed([{FROM: "other"}]),))
    assert _refused(_opened(), undo=(_closed([]),))
    assert _refused(_closed([{FROM: "rule"}]))
    assert _refused(_opened(protocol="-1"))
    assert _refused(_opened(group="sg-0fff"))


def test_an_undo_takes_away_what_its_plan_was_given() -> None:
    plan, reach = _incident()
    (name,) = [kept.name for kept in plan.writes[0].keeps]
    undo = plan.model_copy(
        update={"writes": (_closed(["sgr-0123456789abcdef0"]),), "undo": plan.undo.model_copy(update={"writes": ()})}
    )
    assert refusal(undo, reach)
    assert refusal_of_undo(undo, plan, {name: "sgr-0123456789abcdef0"}, reach) is None
    assert refusal_of_undo(undo, plan, {name: "sgr-0fedcba9876543210"}, reach)
    assert refusal_of_undo(undo, plan, {"other": "sgr-0123456789abcdef0"}, reach)


@pytest.mark.parametrize(
    ("made", "taken", "same"),
    [
        (
            ("ec2", "create_network_acl_entry", {"NetworkAclId": "acl-01", "RuleNumber": 90, "Egress": False}),
            ("ec2", "delete_network_acl_entry", {"NetworkAclId": "acl-01", "RuleNumber": 90, "Egress": False}),
            "RuleNumber",
        ),
        (
            ("cloudwatch", "put_metric_alarm", {"AlarmName": "alb502-checkout-502"}),
            ("cloudwatch", "delete_alarms", {"AlarmNames": ["alb502-checkout-502"]}),
            "AlarmNames",
        ),
    ],
)
def test_what_was_made_under_a_name_is_taken_away_under_it(
    made: tuple[str, str, dict[str, Any]], taken: tuple[str, str, dict[str, Any]], same: str
) -> None:
    arn = f"arn:aws:ec2:{REGION}:{ACCOUNT}:network-acl/acl-01"
    if made[0] == "cloudwatch":
        arn = f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:alb502-checkout-502"
    first, last = _write(made[1], made[2], (arn,), made[0]), _write(taken[1], taken[2], (arn,), taken[0])
    assert _refused(first, undo=(last,)) is None
    assert _refused(last)
    others = {**taken[2], same: ["prod-payments"] if same == "AlarmNames" else 100}
    assert _refused(first, undo=(_write(taken[1], others, (arn,), taken[0]),))


def test_alarms_of_others_are_not_overwritten() -> None:
    arn = f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:prod-payments"
    assert _refused(_write("put_metric_alarm", {"AlarmName": "prod-payments"}, (arn,), "cloudwatch"))


def test_only_the_load_balancer_is_let_in_to_a_function() -> None:
    _, reach = _incident()
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:cart"
    plan = _incident()[0]
    wider = reach.model_copy(update={"writable": reach.writable | {arn, "cart"}})
    for principal, refused in (("elasticloadbalancing.amazonaws.com", False), ("*", True), ("999988887777", True)):
        given: dict[str, JsonValue] = {"FunctionName": arn, "StatementId": "alb502", "Principal": principal}
        given |= {"Action": "lambda:InvokeFunction", "SourceArn": TG}
        write = _write("add_permission", given, (arn,), "lambda")
        made = plan.model_copy(update={"writes": (write,), "undo": plan.undo.model_copy(update={"writes": ()})})
        assert bool(refusal(made, wider)) == refused


def test_logs_go_only_where_the_settings_say() -> None:
    def logging_to(bucket: str) -> Write:
        attributes: JsonValue = [{"Key": "access_logs.s3.bucket", "Value": bucket}]
        return _write("modify_load_balancer_attributes", {"LoadBalancerArn": TG, "Attributes": attributes})

    assert _refused(logging_to("shop-load-balancer-logs")) is None
    assert _refused(logging_to("somebody-elses-bucket"))


@pytest.mark.parametrize(
    "names",
    [
        {"cluster": "prod", "service": "payments"},
        {"cluster": "other", "service": "checkout"},
        {"cluster": "prod", "service": "checkout", "taskDefinition": "payments:3"},
    ],
)
def test_other_services_are_not_named(names: dict[str, JsonValue]) -> None:
    assert _refused(_write("update_service", names, (SERVICE,), "ecs"))


def test_what_only_reads_only_reads() -> None:
    call = Call.of("ec2", "delete_security_group", GroupId=TASK_SG)
    guard = Guard(look=Look(call=call, path="x"), expected=True, text="it is gone")
    assert _refused(_write(), guards=(guard,))
    assert _refused(_write(done_when=guard))
    assert _refused(_write(reads={"live": call}))
    secret = Call.of("secretsmanager", "get_secret_value", SecretId="x")
    assert _refused(_write(reads={"live": secret}))


def test_what_is_written_to_belongs_to_the_service_that_is_called() -> None:
    """Else the policy of the session would permit nothing, and the call of a person everything."""
    assert _refused(_write("put_account_setting", {"name": "containerInsights", "value": "enabled"}, (TG,), "ecs"))


def test_placeholders_lead_to_what_was_kept() -> None:
    assert _refused(_write(parameters={"TargetGroupArn": TG, "HealthCheckPath": {FROM: "nobody"}}))
    assert _refused(_write(parameters={"TargetGroupArn": TG, "HealthCheckPath": {FROM: "plan", "More": 1}}))
    assert _refused(_write(parameters={"TargetGroupArn": TG, "HealthCheckPath": {FROM: "plan"}})) is None


def test_a_plan_has_a_bounded_number_of_writes_and_narrower_forms() -> None:
    plan, _ = _incident()
    assert _refused(*[_write()] * MAX_WRITES) is None
    assert _refused(*[_write()] * (MAX_WRITES + 1))
    assert _refused()
    part = plan.model_copy(update={"writes": (_write(),), "undo": plan.undo.model_copy(update={"writes": ()})})
    assert _refused(_write(), narrower=(part,)) is None
    assert _refused(_write(), narrower=(plan.model_copy(update={"narrower": (plan,)}),))
    assert _refused(_write(), narrower=(plan,) * 50)
    assert _refused(_write(), narrower=(plan.model_copy(update={"fix": "another-fix"}),))
    assert _refused(_write(), narrower=(part.model_copy(update={"writes": (_write(resources=(STRANGERS[0],)),)}),))


def test_what_was_not_read_is_not_in_reach() -> None:
    blind = _blocked().denied(SecurityGroups, "ec2:DescribeSecurityGroups")
    plan, _ = _incident()
    assert refusal(plan, reach_of(_blocked().snapshot())) is None
    assert refusal(plan, reach_of(blind.snapshot()))
