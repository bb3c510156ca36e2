"""How a call looks in a CloudTrail record: its name, its parameters in lower camel case, its resources."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from demo.aws.layer import Call
from demo.aws.wire import service_model

MAX_RESOURCES = 50

_SOURCE = {"elbv2": "elasticloadbalancing", "elb": "elasticloadbalancing", "cloudwatch": "monitoring"}

# CloudTrail keeps the API date in the names of Lambda's older operations.
# https://docs.aws.amazon.com/lambda/latest/dg/logging-using-cloudtrail.html
_LAMBDA_NAME = {
    "AddPermission": "AddPermission20150331v2",
    "CreateFunction": "CreateFunction20150331",
    "DeleteFunction": "DeleteFunction20150331",
    "DeleteFunctionConcurrency": "DeleteFunctionConcurrency20171031",
    "PublishVersion": "PublishVersion20150331",
    "PutFunctionConcurrency": "PutFunctionConcurrency20171031",
    "RemovePermission": "RemovePermission20150331v2",
    "UpdateAlias": "UpdateAlias20150331",
    "UpdateFunctionCode": "UpdateFunctionCode20150331v2",
    "UpdateFunctionConfiguration": "UpdateFunctionConfiguration20150331v2",
}

_RESOURCE_TYPE = {
    "alarmName": "AWS::CloudWatch::Alarm",
    "autoScalingGroupName": "AWS::AutoScaling::AutoScalingGroup",
    "cluster": "AWS::ECS::Cluster",
    "functionName": "AWS::Lambda::Function",
    "groupId": "AWS::EC2::SecurityGroup",
    "instanceId": "AWS::EC2::Instance",
    "listenerArn": "AWS::ElasticLoadBalancingV2::Listener",
    "loadBalancerArn": "AWS::ElasticLoadBalancingV2::LoadBalancer",
    "networkAclId": "AWS::EC2::NetworkAcl",
    "networkInterfaceId": "AWS::EC2::NetworkInterface",
    "roleName": "AWS::IAM::Role",
    "routeTableId": "AWS::EC2::RouteTable",
    "ruleArn": "AWS::ElasticLoadBalancingV2::ListenerRule",
    "service": "AWS::ECS::Service",
    "subnetId": "AWS::EC2::Subnet",
    "targetGroupArn": "AWS::ElasticLoadBalancingV2::TargetGroup",
    "task": "AWS::ECS::Task",
    "taskDefinition": "AWS::ECS::TaskDefinition",
    "vpcId": "AWS::EC2::VPC",
}


def event_source(call: Call) -> str:
    """Such as `elasticloadbalancing.amazonaws.com`."""
    return f"{_SOURCE.get(call.service, call.service)}.amazonaws.com"


def event_name(call: Call) -> str:
    """The operation's name, with the API date that Lambda's have."""
    return _LAMBDA_NAME.get(call.operation, call.operation) if call.service == "lambda" else call.operation


def request_parameters(call: Call) -> dict[str, Any]:
    """The parameters as CloudTrail writes them: lower camel case, and for EC2 its XML names with lists as `items`."""
    shape = service_model(call.service).operation_model(call.operation).input_shape
    rendered = _structure(shape, call.params, call.service == "ec2") if shape is not None else {}
    if call.service == "elbv2":
        rendered["apiVersion"] = "2015-12-01"
    return rendered


def response_elements(call: Call, answer: Mapping[str, Any]) -> dict[str, Any]:
    """The answer as CloudTrail writes it."""
    shape = service_model(call.service).operation_model(call.operation).output_shape
    return _structure(shape, answer, call.service == "ec2") if shape is not None else {}


def resources_of(call: Call) -> tuple[tuple[str, str], ...]:
    """(type, name) of every resource that the parameters name, in their order."""
    found = dict.fromkeys(_named_resources(request_parameters(call)))
    return tuple(found)[:MAX_RESOURCES]


def _named_resources(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _named_resources(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from _named_resources(inner, name)
    elif isinstance(value, str) and name in _RESOURCE_TYPE:
        yield _RESOURCE_TYPE[name], value


def _structure(shape: Any, values: Mapping[str, Any], as_ec2: bool) -> dict[str, Any]:
    rendered: dict[str, Any] = {}
    for name, value in values.items():
        member = shape.members.get(name)
        if member is None or value is None:
            continue
        label = member.serialization.get("name", name) if as_ec2 else name
        rendered[_lower_camel(label)] = _render(member, value, as_ec2)
    return rendered


def _render(shape: Any, value: Any, as_ec2: bool) -> Any:
    kinds: Mapping[str, Callable[[], Any]] = {
        "structure": lambda: _structure(shape, value, as_ec2),
        "list": lambda: _list([_render(shape.member, one, as_ec2) for one in value], as_ec2),
        "map": lambda: {str(key): _render(shape.value, one, as_ec2) for key, one in value.items()},
    }
    if shape.type_name in kinds:
        return kinds[shape.type_name]()
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def _list(items: list[Any], as_ec2: bool) -> Any:
    return {"items": items} if as_ec2 else items


def _lower_camel(name: str) -> str:
    return name[:1].lower() + name[1:]
