"""What the calls of fixes are given, and nothing besides: some calls can set much more than any fix does, such as what
runs there, where requests are sent, or who gets a shell. Pure.

A call that is not listed here is never made.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import ip_network
from types import MappingProxyType
from typing import Final

from pydantic import JsonValue

from remediations.plan import Call, Write
from remediations.reach import Reach

_RULE: Final = ("GroupId", "IpPermissions", "TagSpecifications")
_REVOKED: Final = ("GroupId", "SecurityGroupRuleIds")
_CHECK: Final = (
    "HealthCheckIntervalSeconds",
    "HealthCheckPath",
    "HealthCheckPort",
    "HealthCheckProtocol",
    "HealthCheckTimeoutSeconds",
    "HealthyThresholdCount",
    "Matcher",
    "UnhealthyThresholdCount",
)
_ENTRY: Final = ("NetworkAclId", "RuleNumber", "Egress")
_ALARM: Final = (
    *("AlarmName", "AlarmDescription", "AlarmActions", "Namespace", "MetricName", "Dimensions", "Statistic"),
    *("ExtendedStatistic", "Period", "EvaluationPeriods", "DatapointsToAlarm", "Threshold", "ComparisonOperator"),
    *("TreatMissingData", "EvaluateLowSampleCountPercentile", "Tags"),
)
_SERVICE: Final = (
    *("cluster", "service", "taskDefinition", "desiredCount", "deploymentConfiguration", "forceNewDeployment"),
    *("healthCheckGracePeriodSeconds", "loadBalancers"),
)
_SCALING: Final = ("ServiceNamespace", "ResourceId", "ScalableDimension", "MinCapacity", "MaxCapacity")
_PERMISSION: Final = ("Action", "Principal", "SourceArn", "SourceAccount")
_STATEMENT: Final = ("FunctionName", "Qualifier", "StatementId")
_LOGS: Final = ("access", "connection", "health_check")

ONLY_SETS: Final[Mapping[tuple[str, str], frozenset[str]]] = MappingProxyType(
    {
        call: frozenset(names)
        for call, names in {
            ("application-autoscaling", "register_scalable_target"): _SCALING,
            ("cloudwatch", "delete_alarms"): ("AlarmNames",),
            ("cloudwatch", "put_metric_alarm"): _ALARM,
            ("codedeploy", "stop_deployment"): ("deploymentId", "autoRollbackEnabled"),
            ("ec2", "authorize_security_group_egress"): _RULE,
            ("ec2", "authorize_security_group_ingress"): _RULE,
            ("ec2", "create_network_acl_entry"): (*_ENTRY, "Protocol", "RuleAction", "CidrBlock", "PortRange"),
            ("ec2", "delete_network_acl_entry"): _ENTRY,
            ("ec2", "revoke_security_group_egress"): _REVOKED,
            ("ec2", "revoke_security_group_ingress"): _REVOKED,
            ("ecs", "register_task_definition"): ("family",),
            ("ecs", "stop_service_deployment"): ("serviceDeploymentArn", "stopType"),
            ("ecs", "stop_task"): ("cluster", "task", "reason"),
            ("ecs", "update_cluster_settings"): ("cluster", "settings"),
            ("ecs", "update_service"): _SERVICE,
            ("elbv2", "create_rule"): ("ListenerArn", "Priority", "Conditions", "Actions", "Tags"),
            ("elbv2", "create_target_group"): (
                *("Name", "Protocol", "ProtocolVersion", "Port", "VpcId", "TargetType", "Tags"),
                *_CHECK,
            ),
            ("elbv2", "delete_rule"): ("RuleArn",),
            ("elbv2", "delete_target_group"): ("TargetGroupArn",),
            ("elbv2", "deregister_targets"): ("TargetGroupArn", "Targets"),
            ("elbv2", "modify_listener"): ("ListenerArn", "DefaultActions"),
            ("elbv2", "modify_load_balancer_attributes"): ("LoadBalancerArn", "Attributes"),
            ("elbv2", "modify_rule"): ("RuleArn", "Actions"),
            ("elbv2", "modify_target_group"): ("TargetGroupArn", *_CHECK),
            ("elbv2", "modify_target_group_attributes"): ("TargetGroupArn", "Attributes"),
            ("elbv2", "register_targets"): ("TargetGroupArn", "Targets"),
            ("elbv2", "set_rule_priorities"): ("RulePriorities",),
            ("elbv2", "set_subnets"): ("LoadBalancerArn", "Subnets"),
            ("lambda", "add_permission"): (*_STATEMENT, *_PERMISSION),
            ("lambda", "delete_function_concurrency"): ("FunctionName",),
            ("lambda", "publish_version"): ("FunctionName", "CodeSha256", "Description"),
            ("lambda", "put_function_concurrency"): ("FunctionName", "ReservedConcurrentExecutions"),
            ("lambda", "remove_permission"): _STATEMENT,
            ("lambda", "update_alias"): ("FunctionName", "Name", "FunctionVersion"),
            ("lambda", "update_function_configuration"): ("FunctionName", "MemorySize", "Timeout", "RevisionId"),
        }.items()
    }
)
"""All that each call is ever given. A new revision is made of the live one; a plan says its family alone."""

_TCP: Final = frozenset({"tcp", "6"})
_PERMITS: Final = frozenset(
    {"IpProtocol", "FromPort", "ToPort", "UserIdGroupPairs", "IpRanges", "Ipv6Ranges"},
)
_PAIR: Final = frozenset({"GroupId", "Description"})
_RANGES: Final = frozenset({"CidrIp", "CidrIpv6", "CidrBlock", "Ipv6CidrBlock"})
_BALANCER_KEYS: Final = frozenset(
    {
        "idle_timeout.timeout_seconds",
        *(f"{kind}_logs.s3.{key}" for kind in _LOGS for key in ("enabled", "bucket", "prefix")),
    }
)
_GROUP_KEYS: Final = frozenset({"deregistration_delay.timeout_seconds", "lambda.multi_value_headers.enabled"})
"""Of a target group that exists; a new one takes over more of the group that it replaces."""
_ACTIONS: Final = ("Actions", "DefaultActions")
_INSIGHTS: Final = ("disabled", "enabled", "enhanced")
_WRITTEN_BY_ARN: Final = frozenset(
    {"LoadBalancerArn", "ListenerArn", "RuleArn", "TargetGroupArn", "serviceDeploymentArn", "task"}
)
_WRITTEN_BY_ID: Final[Mapping[str, str]] = MappingProxyType(
    {
        "AlarmName": ":alarm:{}",
        "GroupId": ":security-group/{}",
        "NetworkAclId": ":network-acl/{}",
        "family": ":task-definition/{}:*",
    }
)
"""How the ARN ends of what a parameter names."""


def objections_to_parameters(call: Call, reach: Reach, *, prepared: bool) -> Iterator[str]:
    """`prepared`: made of a live answer, of which what stands there already is kept."""
    may = ONLY_SETS.get((call.service, call.operation))
    if may is None:
        yield f"{call.action} is nothing that a fix does"
        return
    more = sorted(set(call.parameters) - may)
    if more:
        yield f"it sets {', '.join(more)} with {call.action}"
    if call.operation == "modify_load_balancer_attributes":
        yield from _objections_to_attributes(call, reach)
    if call.operation == "modify_target_group_attributes" and isinstance(call.parameters.get("TargetGroupArn"), str):
        strange = {_key(one) for one in _listed(call.parameters.get("Attributes"))} - _GROUP_KEYS
        if strange:
            yield f"it sets {', '.join(sorted(strange))} of a target group"
    if call.operation in ("register_targets", "deregister_targets"):
        yield from _objections_to_targets(call, reach)
    if call.operation == "update_cluster_settings":
        yield from _objections_to_settings(call)
    if call.service == "ec2":
        yield from _objections_to_opening(call)
    for name in _ACTIONS if not prepared else ():
        kinds = [one.get("Type") if isinstance(one, dict) else one for one in _listed(call.parameters.get(name))]
        if name in call.parameters and kinds != ["forward"]:
            yield "it does something else with requests than to forward them"


def objections_to_aim(write: Write, call: Call) -> Iterator[str]:
    """What a call writes to is what its write names: by that IAM judges it, tags forbid it, and executions wait for
    each other."""
    named = write.resources
    for name, value in call.parameters.items():
        if not isinstance(value, str):
            continue
        if name in _WRITTEN_BY_ARN and not any(arn == value or arn.endswith(f"/{value}") for arn in named):
            yield f"{name} {value} is not what it says that it writes to"
        end = _WRITTEN_BY_ID.get(name, "").format(value)
        if not any(arn.endswith(end) for arn in named):
            yield f"{name} {value} is not what it says that it writes to"
    for value in _deeper(call):
        if not any(value == arn or arn.endswith(f":alarm:{value}") for arn in named):
            yield f"{value} is not what it says that it writes to"
    if call.operation == "update_service" and not any(_is_service(arn, call) for arn in named):
        yield "the service is not what it says that it writes to"
    if call.operation == "update_cluster_settings" and not any(_is_cluster(arn, call) for arn in named):
        yield "the cluster is not what it says that it writes to"
    if "FunctionName" in call.parameters and not any(_is_function(arn, call) for arn in named):
        yield "the function is not what it says that it writes to"
    alias = call.parameters.get("Name" if call.operation == "update_alias" else "Qualifier")
    if call.service == "lambda" and alias is not None and not any(arn.endswith(f":{alias}") for arn in named):
        yield f"{alias} is not what it says that it writes to"
    if call.operation == "create_target_group" and not any(_is_new_group(arn, call) for arn in named):
        yield "the new target group is not what it says that it writes to"


def _objections_to_attributes(call: Call, reach: Reach) -> Iterator[str]:
    for one in _listed(call.parameters.get("Attributes")):
        key = _key(one)
        if key not in _BALANCER_KEYS:
            yield f"it sets {key} of a load balancer"
        elif isinstance(one, dict) and key.endswith(".bucket") and one.get("Value") != reach.bucket:
            yield f"it writes logs to {one.get('Value')}, which the settings do not name"


def _objections_to_settings(call: Call) -> Iterator[str]:
    """Of a cluster: Container Insights and nothing else."""
    for one in _listed(call.parameters.get("settings")):
        given = one if isinstance(one, dict) else {"a setting": one}
        if set(given) != {"name", "value"} or given["name"] != "containerInsights" or given["value"] not in _INSIGHTS:
            yield f"it sets {given.get('name')} of a cluster to {given.get('value')}"


def _objections_to_targets(call: Call, reach: Reach) -> Iterator[str]:
    for one in _listed(call.parameters.get("Targets")):
        target = one.get("Id") if isinstance(one, dict) else one
        if target not in reach.nameable | reach.writable:
            yield f"target {target} is not what the report is about"


def _objections_to_opening(call: Call) -> Iterator[str]:
    """One protocol, of a group that is named by its id or of an address range."""
    for name, value in _members(dict(call.parameters)):
        if name in ("IpProtocol", "Protocol") and value not in _TCP:
            yield "it opens every protocol" if str(value) == "-1" else f"it opens protocol {value}"
        if name == "RuleAction" and value != "allow":
            yield f"it adds an entry that does not allow: {value}"
        if name in _RANGES and not _is_range(value):
            yield f"{value!r} is no address range"
    for permission in _listed(call.parameters.get("IpPermissions")):
        given = permission if isinstance(permission, dict) else {"a permission": permission}
        more = set(given) - _PERMITS
        for pair in _listed(given.get("UserIdGroupPairs")):
            more |= set(pair) - _PAIR if isinstance(pair, dict) else {"a group"}
        if more or given.get("IpProtocol") not in _TCP:
            yield f"it admits by {', '.join(sorted(more)) or 'no protocol'}"


def _key(attribute: JsonValue) -> str:
    return str(attribute.get("Key")) if isinstance(attribute, dict) else str(attribute)


def _is_range(value: JsonValue) -> bool:
    try:
        ip_network(str(value), strict=False)
    except ValueError:
        return False
    return "/" in str(value)


def _deeper(call: Call) -> Iterator[str]:
    for one in _listed(call.parameters.get("RulePriorities")):
        yield str(one.get("RuleArn")) if isinstance(one, dict) else str(one)
    for name in _listed(call.parameters.get("AlarmNames")):
        yield str(name)


def _is_service(arn: str, call: Call) -> bool:
    """The ARN of an old service does not name its cluster."""
    names = arn.partition(":service/")[2].split("/")
    cluster = str(call.parameters.get("cluster", "")).rsplit("/", 1)[-1]
    wanted = str(call.parameters.get("service", "")).rsplit("/", 1)[-1]
    return names[-1] == wanted and (len(names) == 1 or cluster == names[0])


def _is_cluster(arn: str, call: Call) -> bool:
    return arn.partition(":cluster/")[2] == str(call.parameters.get("cluster", "")).rsplit("/", 1)[-1]


def _is_function(arn: str, call: Call) -> bool:
    name = str(call.parameters["FunctionName"])
    wanted = name.partition(":function:")[2] or name
    return arn.partition(":function:")[2].split(":")[0] == wanted.split(":")[0]


def _is_new_group(arn: str, call: Call) -> bool:
    return arn.endswith(f":targetgroup/{call.parameters.get('Name')}/*")


def _members(value: JsonValue) -> Iterator[tuple[str, JsonValue]]:
    """Every member within it, by name."""
    if isinstance(value, dict):
        yield from value.items()
        for inner in value.values():
            yield from _members(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _members(inner)


def _listed(value: JsonValue) -> list[JsonValue]:
    return value if isinstance(value, list) else [] if value is None else [value]
