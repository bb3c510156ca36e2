"""What IAM is asked when a call comes in: the actions, the resources they touch, and the condition context.

Which operations have resource-level permissions, and their ARN forms:
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from moto.elbv2.models import elbv2_backends

from demo.aws.call import passed_roles
from demo.aws.layer import Call
from demo.aws.scalable import scalable_target_arn

_EC2_RESOURCES = {
    "GroupId": "security-group",
    "InstanceId": "instance",
    "NetworkAclId": "network-acl",
    "NetworkInterfaceId": "network-interface",
    "RouteTableId": "route-table",
}
_ELB_RESOURCES = ("RuleArn", "ListenerArn", "TargetGroupArn", "LoadBalancerArn")
_NEW = "new"
"""Stands for the id of something that the call makes."""
_ECS_LISTS = ("ListClusters", "ListServices", "ListTaskDefinitions", "ListTasks", "DescribeTaskDefinition")


@dataclass(frozen=True, slots=True)
class Permission:
    """One action on one resource (`*` where IAM knows no resource), with the condition keys of the request."""

    action: str
    resource: str
    context: dict[str, str] = field(default_factory=dict)


def permissions_needed(call: Call) -> tuple[Permission, ...]:
    """Every permission without which the call is denied."""
    context = _context(call)
    own = [Permission(call.iam_action, resource, context) for resource in _resources(call) or ["*"]]
    tagging = [action for action in call.iam_actions[1:] if action != "iam:PassRole"]
    created = {**context, **{f"{action.split(':')[0]}:CreateAction": call.operation for action in tagging}}
    added = [Permission(action, resource, created) for action in tagging for resource in _tagged(call) or ["*"]]
    to_tasks = {**context, "iam:PassedToService": "ecs-tasks.amazonaws.com"}
    roles = passed_roles(call) if call.operation == "RegisterTaskDefinition" else ()
    return (*own, *added, *(Permission("iam:PassRole", role, to_tasks) for role in roles))


def _tagged(call: Call) -> list[str]:
    """What a call makes and puts tags on at once; its id is not known yet."""
    match call.operation:
        case "RegisterTaskDefinition":
            return list(_ecs(call))
        case "CreateTargetGroup":
            return list(_elbv2(call))
        case "PutMetricAlarm":
            return _resources(call)
        case "CreateRule":
            return [f"{call.params['ListenerArn'].replace(':listener/', ':listener-rule/')}/{_NEW}"]
    return [_arn(call, "ec2", f"{one['ResourceType']}/{_NEW}") for one in call.params.get("TagSpecifications", ())]


def _context(call: Call) -> dict[str, str]:
    context = {"aws:RequestedRegion": call.region, "aws:PrincipalAccount": call.account}
    if call.service == "ec2":
        context["ec2:Region"] = call.region
    if call.service == "elbv2" and not call.read_only:
        context |= _tags(call)
    if call.service == "s3" and call.operation.startswith("ListObjects"):
        context["s3:prefix"] = str(call.params.get("prefix", ""))
    if call.service == "lambda" and call.params.get("Principal"):
        context["lambda:Principal"] = str(call.params["Principal"])
    if call.service == "ecs" and call.operation not in ("ListClusters", "RegisterTaskDefinition"):
        context["ecs:cluster"] = _ecs_arn(call, "cluster", _cluster(call))
    return context


def _tags(call: Call) -> dict[str, str]:
    """Those that the request gives, and those of the target group or the rule that it changes."""
    given = {f"aws:RequestTag/{one['Key']}": str(one.get("Value", "")) for one in call.params.get("Tags", ())}
    arn = str(call.params.get("TargetGroupArn") or call.params.get("RuleArn") or "")
    own = elbv2_backends[call.account][call.region].describe_tags([arn])[arn] if arn else {}
    return given | {f"aws:ResourceTag/{key}": str(value) for key, value in own.items()}


def _resources(call: Call) -> list[str]:
    match call.service:
        case "ec2" if not call.read_only:
            return list(_ec2(call))
        case "elbv2" if not call.read_only:
            return list(_elbv2(call))
        case "ecs" if call.operation not in _ECS_LISTS:
            return list(_ecs(call))
        case "lambda" if "FunctionName" in call.params:
            return [_lambda_arn(call)]
        case "s3" if call.params.get("Bucket"):
            key = call.params.get("Key")
            return [f"arn:aws:s3:::{call.params['Bucket']}" + (f"/{key}" if key else "")]
        case "logs":
            return list(_log_groups(call))
        case "cloudwatch" if call.operation in ("PutMetricAlarm", "DeleteAlarms"):
            names = call.params.get("AlarmNames") or [call.params.get("AlarmName", "")]
            return [_arn(call, "cloudwatch", f"alarm:{name}") for name in names]
        case "application-autoscaling" if call.params.get("ResourceId") and not call.read_only:
            return [scalable_target_arn(call.account, call.region, str(call.params["ResourceId"]))]
        case "application-autoscaling" if call.operation == "ListTagsForResource":
            return [str(call.params["ResourceARN"])]
        case "sts" if call.operation == "AssumeRole":
            return [str(call.params.get("RoleArn", "*"))]
    return []


def _ec2(call: Call) -> Iterator[str]:
    for name, kind in _EC2_RESOURCES.items():
        if call.params.get(name):
            yield _arn(call, "ec2", f"{kind}/{call.params[name]}")
    if call.operation.startswith("AuthorizeSecurityGroup"):
        yield from (arn for arn in _tagged(call) if ":security-group-rule/" in arn)


def _elbv2(call: Call) -> Iterator[str]:
    named = [str(call.params[name]) for name in _ELB_RESOURCES if call.params.get(name)]
    if call.operation == "CreateTargetGroup":
        yield _arn(call, "elasticloadbalancing", f"targetgroup/{call.params.get('Name', '')}/{_NEW}")
    yield from named[:1]  # an operation is authorised on the resource that it changes, not on those it mentions
    yield from (str(one["RuleArn"]) for one in call.params.get("RulePriorities", ()))
    yield from (str(arn) for arn in call.params.get("ResourceArns", ()))


def _ecs(call: Call) -> Iterator[str]:
    if call.operation == "DescribeClusters":
        yield from (_ecs_arn(call, "cluster", _short(name)) for name in call.params.get("clusters") or ["default"])
    elif call.operation == "UpdateClusterSettings":
        yield _ecs_arn(call, "cluster", _cluster(call))
    elif call.operation == "RegisterTaskDefinition":
        yield _arn(call, "ecs", f"task-definition/{call.params.get('family', '')}:*")
    elif "serviceDeploymentArn" in call.params:
        yield str(call.params["serviceDeploymentArn"])
    else:
        yield from (str(arn) for arn in call.params.get("serviceDeploymentArns", ()))
        yield from (str(arn) for arn in call.params.get("serviceRevisionArns", ()))
        services = [*call.params.get("services", ()), call.params.get("service"), call.params.get("serviceName")]
        tasks = [*call.params.get("tasks", ()), call.params.get("task")]
        for kind, names in (("service", services), ("task", tasks)):
            for name in filter(None, names):
                yield _ecs_arn(call, kind, f"{_cluster(call)}/{_short(str(name))}")


def _lambda_arn(call: Call) -> str:
    name = str(call.params["FunctionName"])
    return name if name.startswith("arn:") else _arn(call, "lambda", f"function:{name}")


def _log_groups(call: Call) -> Iterator[str]:
    """By name or by ARN; one who asks for a stream is judged by that."""
    stream = f"log-stream:{call.params['logStreamName']}" if call.operation == "GetLogEvents" else "*"
    names = [call.params.get("logGroupName"), *call.params.get("logGroupNames", ())]
    given = [call.params.get("logGroupIdentifier"), *call.params.get("logGroupIdentifiers", ())]
    for name in filter(None, [*names, *given]):
        own = str(name).removesuffix(":*")
        yield f"{own if own.startswith('arn:') else _arn(call, 'logs', f'log-group:{own}')}:{stream}"


def _cluster(call: Call) -> str:
    return _short(str(call.params.get("cluster") or "default"))


def _short(name_or_arn: str) -> str:
    return name_or_arn.rsplit("/", 1)[-1]


def _ecs_arn(call: Call, kind: str, name: str) -> str:
    return _arn(call, "ecs", f"{kind}/{name}")


def _arn(call: Call, service: str, resource: str) -> str:
    return f"arn:aws:{service}:{call.region}:{call.account}:{resource}"
