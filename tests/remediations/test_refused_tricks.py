"""Plans that somebody wrote by hand, into the store or into a file, to get past what is never done."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import JsonValue

from diagnostics.aws_access.actions import iam_action
from remediations.catalogue import catalogue
from remediations.parameters import ONLY_SETS
from remediations.plan import FROM, PLAN, Call, Grant, Kept, Look, Write
from remediations.policy import undeclared
from remediations.reach import Reach
from remediations.refusals import INVOKER, refusal, refusal_of_prepared
from tests.remediations.cloud import ACCOUNT, ARN, REGION, SERVICE_ARN, path_is, plan

GROUP = f"arn:aws:ec2:{REGION}:{ACCOUNT}:security-group/sg-0c2d"
OTHER_GROUP = GROUP.replace("sg-0c2d", "sg-0a1b")
OTHER_TG = ARN.replace("checkout", "payments")
ACL = f"arn:aws:ec2:{REGION}:{ACCOUNT}:network-acl/acl-01"
BALANCER = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:loadbalancer/app/shop/50dc6c495c0c9188"
LISTENER = BALANCER.replace(":loadbalancer/", ":listener/") + "/f2f7dc8efc522ab2"
RULE = LISTENER.replace(":listener/", ":listener-rule/") + "/9683b2d02a6cabee"
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:cart"
OF = {"ecs": SERVICE_ARN, "lambda": FUNCTION, "elbv2": BALANCER}
FAMILY = f"arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/checkout:*"
OWN = Reach(
    partition="aws",
    region=REGION,
    account=ACCOUNT,
    writable=frozenset(
        {
            *(ARN, OTHER_TG, SERVICE_ARN, GROUP, OTHER_GROUP, ACL, BALANCER, LISTENER, RULE, FUNCTION),
            *("prod", "checkout", "cart", "payments", "sg-0c2d", "sg-0a1b", "acl-01"),
            f"{FUNCTION}s",
        }
    ),
    nameable=frozenset({"10.0.1.7", "vpc-01"}),
    families=frozenset({"checkout"}),
    networks=frozenset({"10.0.1.0/24"}),
    bucket="shop-load-balancer-logs",
)


def write(service: str, operation: str, given: dict[str, Any], *resources: str, **more: Any) -> Write:
    call = Call.of(service, operation, **given)
    return Write(**{"call": call, "resources": resources, "done_when": path_is("/x"), **more})


def refused(*writes: Write, undo: tuple[Write, ...] = ()) -> str | None:
    back = plan().undo.model_copy(update={"writes": undo, "guards": ()})
    return refusal(plan(writes=writes, guards=(), undo=back), OWN)


def opening(permission: dict[str, Any], **more: Any) -> Write:
    given = {"GroupId": "sg-0c2d", "IpPermissions": [permission]}
    return write("ec2", "authorize_security_group_ingress", given, GROUP, **more)


def admitting(**changes: Any) -> dict[str, Any]:
    pair = {"GroupId": "sg-0a1b", "Description": "load balancer"}
    return {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "UserIdGroupPairs": [pair], **changes}


def kept(in_answer: str, name: str = "rule") -> Kept:
    look = Look(call=Call.of("ec2", "describe_security_group_rules"), path="x")
    return Kept(name=name, in_answer=in_answer, look=look)


RULE_ID = "SecurityGroupRules[0].SecurityGroupRuleId"


def closing(rule: JsonValue) -> Write:
    given: dict[str, Any] = {"GroupId": "sg-0c2d", "SecurityGroupRuleIds": [rule]}
    return write("ec2", "revoke_security_group_ingress", given, GROUP)


def test_what_is_filled_in_later_is_what_aws_gave_and_nothing_that_a_plan_says() -> None:
    """Else a path that is a literal is an address range, or somebody else's rule, that nobody was shown."""
    assert refused(opening(admitting(), keeps=(kept(RULE_ID),)), undo=(closing({FROM: "rule"}),)) is None
    for path in ("'0.0.0.0/0'", '`"0.0.0.0/0"`', f"{RULE_ID} && 'sgr-0fff'", "SecurityGroupRules[1].GroupId"):
        first = opening(admitting(), keeps=(kept(path),))
        ranges = admitting(IpRanges=[{"CidrIp": {FROM: "rule"}}], UserIdGroupPairs=[])
        assert refused(first, opening(ranges)) is not None
        assert refused(first, undo=(closing({FROM: "rule"}),)) is not None


def test_a_name_has_one_meaning() -> None:
    first = opening(admitting(), keeps=(kept(RULE_ID),))
    assert refused(first, opening(admitting(), keeps=(kept("'sgr-0fff'"),)), undo=(closing({FROM: "rule"}),))
    mine = write("elbv2", "modify_target_group", {"TargetGroupArn": ARN}, ARN, keeps=(kept("'sgr-0fff'", PLAN),))
    assert refused(mine, first, undo=(closing({FROM: "rule"}),))


@pytest.mark.parametrize(
    "permission",
    [
        admitting(IpProtocol="50"),
        admitting(IpProtocol="all"),
        admitting(IpProtocol=-1),
        admitting(IpProtocol="udp"),
        admitting(UserIdGroupPairs=[{"GroupName": "payments"}]),
        admitting(UserIdGroupPairs=[{"GroupId": "sg-0a1b", "UserId": "999988887777"}]),
        admitting(PrefixListIds=[{"PrefixListId": "pl-0"}]),
        admitting(IpRanges=[{"CidrIp": "0/0"}]),
        admitting(IpRanges=[{"CidrIp": "anywhere"}]),
        admitting(Ipv6Ranges=[{"CidrIpv6": "::"}]),
    ],
)
def test_a_group_admits_tcp_of_a_known_group(permission: dict[str, Any]) -> None:
    assert refused(opening(permission)) is not None
    assert refused(opening(admitting())) is None


@pytest.mark.parametrize(
    "changed", [{"Protocol": "-1"}, {"Protocol": "17"}, {"RuleAction": "deny"}, {"CidrBlock": "0/0"}]
)
def test_a_network_acl_gets_no_other_entry_than_one_that_allows_tcp(changed: dict[str, Any]) -> None:
    given = {
        "NetworkAclId": "acl-01",
        "RuleNumber": 90,
        "Egress": False,
        "Protocol": "6",
        "RuleAction": "allow",
        "CidrBlock": "10.0.1.0/24",
        "PortRange": {"From": 80, "To": 80},
    }
    assert refused(write("ec2", "create_network_acl_entry", given, ACL)) is None
    assert refused(write("ec2", "create_network_acl_entry", given | changed, ACL)) is not None


@pytest.mark.parametrize(
    ("service", "operation", "given", "resource"),
    [
        ("elbv2", "modify_listener", {"ListenerArn": LISTENER, "Certificates": []}, LISTENER),
        ("elbv2", "modify_listener", {"ListenerArn": LISTENER, "SslPolicy": "ELBSecurityPolicy-2016-08"}, LISTENER),
        ("elbv2", "set_subnets", {"LoadBalancerArn": BALANCER, "IpAddressType": "dualstack"}, BALANCER),
        ("elbv2", "set_security_groups", {"LoadBalancerArn": BALANCER, "SecurityGroups": ["sg-0a1b"]}, BALANCER),
        ("elbv2", "add_tags", {"ResourceArns": [ARN], "Tags": []}, ARN),
        ("ec2", "modify_vpc_attribute", {"VpcId": "vpc-01"}, GROUP),
        ("ec2", "authorize_security_group_ingress", {"GroupId": "sg-0c2d", "CidrIp": "10.0.1.0/24"}, GROUP),
        ("lambda", "update_function_code", {"FunctionName": "cart", "ImageUri": "evil/image"}, FUNCTION),
        ("lambda", "update_alias", {"FunctionName": "cart", "Name": "live", "RoutingConfig": {}}, FUNCTION),
        ("lambda", "add_permission", {"FunctionName": "cart", "PrincipalOrgID": "o-1"}, FUNCTION),
        (
            "ecs",
            "register_task_definition",
            {"family": "checkout", "containerDefinitions": [{"name": "web", "image": "evil/image"}]},
            FAMILY,
        ),
    ],
)
def test_nothing_is_called_or_set_that_no_fix_calls_or_sets(
    service: str, operation: str, given: dict[str, Any], resource: str
) -> None:
    assert refused(write(service, operation, given, resource)) is not None


@pytest.mark.parametrize(
    "action",
    [
        {"Type": "redirect", "RedirectConfig": {"Host": "evil.example", "StatusCode": "HTTP_302"}},
        {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200"}},
        {"Type": "authenticate-oidc", "AuthenticateOidcConfig": {"Issuer": "https://evil.example"}},
        {"TargetGroupArn": ARN},
        "forward",
    ],
)
def test_requests_are_forwarded_and_sent_nowhere_else(action: JsonValue) -> None:
    forward = {"Type": "forward", "TargetGroupArn": ARN}
    for given, name, resource in (
        ({"RuleArn": RULE}, "Actions", RULE),
        ({"ListenerArn": LISTENER}, "DefaultActions", LISTENER),
        ({"ListenerArn": LISTENER, "Priority": 3, "Conditions": []}, "Actions", LISTENER),
    ):
        operation = "modify_rule" if "RuleArn" in given else "create_rule" if "Priority" in given else "modify_listener"
        assert refused(write("elbv2", operation, {**given, name: [forward]}, resource)) is None
        assert refused(write("elbv2", operation, {**given, name: [action, forward]}, resource)) is not None


def test_what_a_rule_did_before_it_forwards_is_kept() -> None:
    """That comes of the live rule, and is not in the plan."""
    rule = write("elbv2", "modify_rule", {"RuleArn": RULE}, RULE, prepared_by="group")
    sent: dict[str, JsonValue] = {
        "RuleArn": RULE,
        "Actions": [{"Type": "authenticate-oidc"}, {"Type": "forward", "TargetGroupArn": ARN}],
    }
    assert refusal_of_prepared(rule, sent, OWN) is None
    assert refusal_of_prepared(rule, {**sent, "RuleArn": RULE.replace("9683", "0000")}, OWN) is not None


def test_no_address_is_registered_that_the_report_does_not_know() -> None:
    for address, is_fine in (("10.0.1.7", True), ("10.0.9.9", False), ("i-0fff", False)):
        for operation in ("register_targets", "deregister_targets"):
            given = {"TargetGroupArn": ARN, "Targets": [{"Id": address, "Port": 80}]}
            assert (refused(write("elbv2", operation, given, ARN)) is None) == is_fine


def test_every_kind_of_log_goes_only_where_the_settings_say() -> None:
    for name in ("access", "connection", "health_check"):
        first = {"Key": "access_logs.s3.bucket", "Value": "shop-load-balancer-logs"}
        given = {"LoadBalancerArn": BALANCER, "Attributes": [first, {"Key": f"{name}_logs.s3.bucket", "Value": "evil"}]}
        assert "evil" in str(refused(write("elbv2", "modify_load_balancer_attributes", given, BALANCER)))


@pytest.mark.parametrize(
    ("service", "operation", "given", "named"),
    [
        ("elbv2", "modify_target_group", {"TargetGroupArn": OTHER_TG}, ARN),
        ("elbv2", "set_rule_priorities", {"RulePriorities": [{"RuleArn": RULE, "Priority": 1}]}, LISTENER),
        ("elbv2", "modify_rule", {"RuleArn": RULE}, LISTENER),
        ("ec2", "authorize_security_group_ingress", {"GroupId": "sg-0a1b", "IpPermissions": []}, GROUP),
        ("ec2", "delete_network_acl_entry", {"NetworkAclId": "acl-01", "RuleNumber": 1, "Egress": True}, GROUP),
        ("ecs", "update_service", {"cluster": "prod", "service": "payments"}, SERVICE_ARN),
        ("ecs", "update_service", {"cluster": "checkout", "service": "checkout"}, SERVICE_ARN),
        ("lambda", "put_function_concurrency", {"FunctionName": "cart"}, f"{FUNCTION}s"),
        ("ecs", "register_task_definition", {"family": "checkout"}, SERVICE_ARN),
        (
            "cloudwatch",
            "put_metric_alarm",
            {"AlarmName": "alb502-a"},
            f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:alb502-b",
        ),
    ],
)
def test_what_is_written_to_is_what_is_judged_by_its_tags(
    service: str, operation: str, given: dict[str, Any], named: str
) -> None:
    """A person's own identity may do more than what is named to IAM."""
    one = write(service, operation, given, named)
    first = write("cloudwatch", operation, {"AlarmName": "alb502-b"}, named) if service == "cloudwatch" else one
    back = write("ec2", "create_network_acl_entry", {**given}, ACL)
    assert "is not what" in str(refused(first, one) if operation[:6] != "delete" else refused(back, undo=(one,)))


@pytest.mark.parametrize(
    "given",
    [
        {"HealthCheckPath": "/healthz\u200b"},
        {"HealthCheckPath": "/\u202ezhtlaeh"},
        {"HealthCheckPath": "/a\nb"},
        {"Matcher": {"HttpCode": "200\u00a0"}},
        {"Matcher": {"HttpCode\u200b": "200"}},
        {"HealthCheckPath": "ARN:aws:elasticloadbalancing:us-east-1:1:targetgroup/x/1"},
        {"HealthCheckPath": f" {OTHER_TG.replace(ACCOUNT, '999988887777')}"},
    ],
)
def test_what_is_sent_is_what_can_be_seen(given: dict[str, Any]) -> None:
    assert refused(write("elbv2", "modify_target_group", {"TargetGroupArn": ARN, **given}, ARN)) is not None
    assert refused(write("elbv2", "modify_target_group", {"TargetGroupArn": ARN, "HealthCheckPath": "/é"}, ARN)) is None
    rule = write("elbv2", "modify_rule", {"RuleArn": RULE}, RULE, prepared_by="group", arguments={"path": given})
    assert refused(rule) is not None
    assert refused(rule.model_copy(update={"arguments": {"path": "/é"}})) is None


@pytest.mark.parametrize(
    ("operation", "given"),
    [
        ("update_alias", {"FunctionName": "cart", "Name": "beta", "FunctionVersion": "7"}),
        ("remove_permission", {"FunctionName": "cart", "StatementId": "x", "Qualifier": "beta"}),
    ],
)
def test_another_alias_is_not_moved_or_opened(operation: str, given: dict[str, Any]) -> None:
    named = (FUNCTION, f"{FUNCTION}:live")
    known = OWN.model_copy(update={"writable": OWN.writable | {f"{FUNCTION}:live"}})
    first = {**given, "Action": "lambda:InvokeFunction", "Principal": INVOKER, "SourceArn": ARN}

    def found(one: dict[str, Any], *resources: str) -> str | None:
        added = {"add_permission": {**first, **one}}
        writes = [write("lambda", name, more, *resources) for name, more in added.items()]
        last = write("lambda", operation, one, *resources)
        made = plan(writes=(last,) if operation == "update_alias" else (*writes, last), guards=())
        return refusal(made.model_copy(update={"undo": made.undo.model_copy(update={"writes": ()})}), known)

    live = {name: "live" if value == "beta" else value for name, value in given.items()}
    assert found(live, *named) is None
    assert found(given, *named) is not None
    assert found(given, *named, f"{FUNCTION}:beta") is not None


def test_a_function_is_opened_for_the_account_of_the_report_alone() -> None:
    given = {"FunctionName": "cart", "StatementId": "x", "Principal": INVOKER, "Action": "lambda:InvokeFunction"}
    given |= {"SourceArn": ARN, "SourceAccount": ACCOUNT}
    assert refused(write("lambda", "add_permission", given, FUNCTION)) is None
    assert refused(write("lambda", "add_permission", given | {"SourceAccount": "999988887777"}, FUNCTION)) is not None


@pytest.mark.parametrize("key", ["load_balancing.cross_zone.enabled", "stickiness.enabled", "target_health_state.x"])
def test_an_existing_target_group_keeps_how_it_shares_requests(key: str) -> None:
    """That is an operator's decision, whoever proposes it."""
    given = {"TargetGroupArn": ARN, "Attributes": [{"Key": key, "Value": "true"}]}
    assert refused(write("elbv2", "modify_target_group_attributes", given, ARN)) is not None
    fine = {**given, "Attributes": [{"Key": "deregistration_delay.timeout_seconds", "Value": "60"}]}
    assert refused(write("elbv2", "modify_target_group_attributes", fine, ARN)) is None


def test_only_what_the_fix_itself_prepares_is_prepared() -> None:
    sound = write("elbv2", "modify_rule", {"RuleArn": RULE}, RULE, prepared_by="weight")
    none = plan().undo.model_copy(update={"writes": ()})
    assert undeclared(plan(fix="rule-weight-zero", writes=(sound,), undo=none)) is None
    for name in ("prepare_revision", " weight", ""):
        strange = sound.model_copy(update={"prepared_by": name})
        assert "prepares" in str(undeclared(plan(fix="rule-weight-zero", writes=(strange,), undo=none)))
        undo = none.model_copy(update={"writes": (strange,)})
        assert "prepares" in str(undeclared(plan(fix="rule-weight-zero", writes=(sound,), undo=undo)))


def test_what_may_be_called_is_what_fixes_call_and_nothing_else() -> None:
    beside = {"cloudwatch:TagResource", "ec2:CreateTags", "ecs:DescribeServices", "ecs:TagResource", "iam:PassRole"}
    called = {action for spec in catalogue().values() for action in spec.calls}
    beside |= {"elasticloadbalancing:AddTags"}
    assert {iam_action(*call) for call in ONLY_SETS} | beside == called


@pytest.mark.parametrize("where", ["writes", "undo", "also"])
def test_a_narrower_form_writes_to_no_more_than_the_whole(where: str) -> None:
    own = write("elbv2", "modify_target_group", {"TargetGroupArn": ARN, "HealthCheckPath": "/x"}, ARN)
    other = write("elbv2", "modify_target_group", {"TargetGroupArn": OTHER_TG, "HealthCheckPath": "/x"}, OTHER_TG)
    grant = Grant(action="elasticloadbalancing:ModifyTargetGroup", resources=(ARN, OTHER_TG))
    none = plan().undo.model_copy(update={"writes": (), "guards": ()})
    whole = plan(writes=(own,), guards=(), undo=none)
    wider: dict[str, dict[str, Any]] = {
        "writes": {"writes": (other,)},
        "undo": {"undo": none.model_copy(update={"writes": (other,)})},
        "also": {"writes": (own.model_copy(update={"also": (grant,)}),)},
    }
    assert refusal(whole.model_copy(update={"narrower": (whole,)}), OWN) is None
    one = whole.model_copy(update=wider[where])
    assert refusal(one, OWN) is None, "by itself it is sound"
    assert "narrower" in str(refusal(whole.model_copy(update={"narrower": (one,)}), OWN))


@pytest.mark.parametrize(
    ("service", "operation", "given"),
    [
        ("ecs", "update_service", {"service": "checkout", "enableExecuteCommand": True}),
        ("ecs", "update_service", {"service": "checkout", "networkConfiguration": {}}),
        ("lambda", "update_function_configuration", {"FunctionName": "cart", "Handler": "evil.main"}),
        ("lambda", "update_function_configuration", {"FunctionName": "cart", "Environment": {"Variables": {}}}),
        ("elbv2", "modify_load_balancer_attributes", {"Attributes": [{"Key": "deletion_protection.enabled"}]}),
        ("elbv2", "modify_load_balancer_attributes", {"Attributes": [{"Key": "waf.fail_open.enabled"}]}),
    ],
)
def test_a_call_sets_only_what_fixes_set(service: str, operation: str, given: dict[str, Any]) -> None:
    assert "it sets" in str(refused(write(service, operation, given, OF[service])))
    assert "it sets" in str(refusal_of_prepared(write(service, operation, {}, OF[service]), given, OWN))


@pytest.mark.parametrize(
    ("service", "operation", "given"),
    [
        ("ecs", "update_service", {"cluster": "prod", "service": "checkout", "desiredCount": 3}),
        ("lambda", "update_function_configuration", {"FunctionName": "cart", "Timeout": 30}),
        ("elbv2", "modify_load_balancer_attributes", {"Attributes": [{"Key": "idle_timeout.timeout_seconds"}]}),
    ],
)
def test_and_that_it_sets(service: str, operation: str, given: dict[str, Any]) -> None:
    assert refused(write(service, operation, given, OF[service])) is None


def test_a_function_is_opened_to_invocations_for_an_own_target_group_alone() -> None:
    given: dict[str, Any] = {
        "FunctionName": "cart",
        "Principal": INVOKER,
        "Action": "lambda:InvokeFunction",
        "SourceArn": ARN,
    }
    changed: tuple[dict[str, Any], ...] = (
        {"Action": "lambda:*"},
        {"SourceArn": f"{ARN}0"},
        {"SourceArn": None},
        {"Principal": "*"},
    )
    for more in changed:
        assert refused(write("lambda", "add_permission", given | more, FUNCTION)) is not None
    assert refused(write("lambda", "add_permission", given, FUNCTION)) is None
