"""Elastic Load Balancing v2 where moto lacks fidelity: attributes, order, paging, routing, validation, targets.

DescribeTargetHealth is not here: health follows from the simulated network and containers.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from moto.ec2.models import ec2_backends
from moto.elbv2.models import elbv2_backends
from moto.s3.models import s3_backends

from demo.aws.elbv2_rules import (
    APPLICATION_ATTRIBUTES,
    LAMBDA_TARGET_GROUP_ATTRIBUTES,
    NETWORK_ATTRIBUTES,
    TARGET_GROUP_ATTRIBUTES,
    Attribute,
    HealthCheck,
    check_attributes,
    check_health_check,
    check_target_group_mix,
    effective,
)
from demo.aws.layer import AwsError, AwsLayer, Call
from demo.aws.nodes import remove_nodes, sync_nodes
from demo.aws.targets import TargetRegistry, delay_s_of

DEFAULT_PAGE = 400


def install(layer: AwsLayer, registry: TargetRegistry) -> None:
    """Register the corrected operations; targets go to `registry`."""
    _install_load_balancers(layer)
    _install_target_groups(layer, registry)
    _install_targets(layer, registry)
    _install_routing(layer)
    _install_nodes(layer)


def load_balancer_attributes(lb: Any) -> dict[str, str]:
    """All attributes of a moto load balancer, defaults included."""
    values = effective(_known_load_balancer_attributes(lb), lb.attrs)
    if lb.scheme == "internal" and "ipv6.deny_all_igw_traffic" not in lb.attrs:
        values["ipv6.deny_all_igw_traffic"] = "true"
    return values


def target_group_attributes(tg: Any) -> dict[str, str]:
    """All attributes of a moto target group, defaults included."""
    return effective(_known_target_group_attributes(tg), tg.attributes)


def load_balancers_by_target_group(account: str, region: str) -> dict[str, tuple[str, ...]]:
    """Which load balancers route to each target group right now, read from listeners and rules."""
    found: dict[str, dict[str, None]] = {}
    for lb in elbv2_backends[account][region].load_balancers.values():
        for listener in lb.listeners.values():
            for rule in listener.rules.values():
                for tg_arn, _ in forwarded_to(rule):
                    found.setdefault(tg_arn, {})[lb.arn] = None
    return {tg_arn: tuple(arns) for tg_arn, arns in found.items()}


def forwarded_to(rule: Any) -> Iterator[tuple[str, int]]:
    """The target groups that a rule of moto's sends requests to, each with its weight."""
    for action in rule.actions:
        groups = (action.data.get("ForwardConfig") or {}).get("TargetGroups") or []
        if groups:
            yield from ((group["TargetGroupArn"], int(group.get("Weight", 1))) for group in groups)
        elif action.data.get("TargetGroupArn"):
            yield action.data["TargetGroupArn"], 1


def _install_load_balancers(layer: AwsLayer) -> None:
    @layer.op("elbv2", "CreateLoadBalancer")
    def create_load_balancer(call: Call) -> dict[str, Any]:
        named = [*call.params.get("Subnets", ()), *(one["SubnetId"] for one in call.params.get("SubnetMappings", ()))]
        if call.params.get("Type", "application") == "application":
            subnets = [ec2_backends[call.account][call.region].get_subnet(subnet_id) for subnet_id in named]
            if len({subnet.availability_zone for subnet in subnets}) < 2:
                message = "At least two subnets in two different Availability Zones must be specified"
                raise AwsError("ValidationError", message)
        return layer.original(call)

    @layer.op("elbv2", "DescribeLoadBalancerAttributes")
    def describe_attributes(call: Call) -> dict[str, Any]:
        return _as_attributes(load_balancer_attributes(_load_balancer(call)))

    @layer.op("elbv2", "ModifyLoadBalancerAttributes")
    def modify_attributes(call: Call) -> dict[str, Any]:
        lb, changes = _load_balancer(call), _changes(call)
        check_attributes(_known_load_balancer_attributes(lb), list(changes.items()))
        _check_log_buckets(load_balancer_attributes(lb) | changes, changes)
        lb.attrs.update(changes)
        return _as_attributes(load_balancer_attributes(lb))


def _install_target_groups(layer: AwsLayer, registry: TargetRegistry) -> None:
    @layer.op("elbv2", "DescribeTargetGroups")
    def describe_target_groups(call: Call) -> dict[str, Any]:
        routed = load_balancers_by_target_group(call.account, call.region)
        for arn, tg in elbv2_backends[call.account][call.region].target_groups.items():
            tg.load_balancer_arns = list(routed.get(arn, ()))
        try:
            groups = layer.original(call).get("TargetGroups", [])
        except AwsError as error:
            if error.code != "TargetGroupNotFound" or not call.params.get("LoadBalancerArn"):
                raise
            groups = []  # AWS lists nothing for a load balancer that routes nowhere
        for group in groups:
            group.setdefault("LoadBalancerArns", [])
        return _paged(call, "TargetGroups", groups)

    @layer.op("elbv2", "DeleteTargetGroup")
    def delete_target_group(call: Call) -> dict[str, Any]:
        answer = layer.original(call)
        registry.forget(str(call.params["TargetGroupArn"]))
        return answer

    @layer.op("elbv2", "CreateTargetGroup")
    def create_target_group(call: Call) -> dict[str, Any]:
        check_health_check(_health_check_after(None, call.params))
        return layer.original(call)

    @layer.op("elbv2", "ModifyTargetGroup")
    def modify_target_group(call: Call) -> dict[str, Any]:
        tg = _target_group(call)
        check_health_check(_health_check_after(tg, call.params))
        if call.params.get("HealthCheckEnabled") is False and tg.target_type != "lambda":
            message = f"Health check enabled must be true for target groups with target type '{tg.target_type}'"
            raise AwsError("InvalidConfigurationRequest", message)
        return layer.original(call)

    @layer.op("elbv2", "DescribeTargetGroupAttributes")
    def describe_attributes(call: Call) -> dict[str, Any]:
        return _as_attributes(target_group_attributes(_target_group(call)))

    @layer.op("elbv2", "ModifyTargetGroupAttributes")
    def modify_attributes(call: Call) -> dict[str, Any]:
        tg, changes = _target_group(call), _changes(call)
        check_attributes(_known_target_group_attributes(tg), list(changes.items()))
        check_target_group_mix(target_group_attributes(tg) | changes)
        tg.attributes.update(changes)
        return _as_attributes(target_group_attributes(tg))


def _install_targets(layer: AwsLayer, registry: TargetRegistry) -> None:
    @layer.op("elbv2", "RegisterTargets")
    def register_targets(call: Call) -> dict[str, Any]:
        tg = _target_group(call)
        checked = [(one["Id"], _port(tg, one), _zone(call, tg, one)) for one in call.params["Targets"]]
        for target_id, port, zone in checked:
            try:
                registry.register(tg.arn, target_id, port, zone)
            except ValueError as too_many:
                raise AwsError("TooManyTargets", str(too_many)) from too_many
        return {}

    @layer.op("elbv2", "DeregisterTargets")
    def deregister_targets(call: Call) -> dict[str, Any]:
        tg = _target_group(call)
        delay_s = delay_s_of(target_group_attributes(tg)) if tg.target_type != "lambda" else 0.0
        for one in call.params["Targets"]:
            registry.deregister(tg.arn, one["Id"], _port(tg, one), delay_s)
        return {}


def _install_routing(layer: AwsLayer) -> None:
    @layer.op("elbv2", "DescribeListeners")
    def describe_listeners(call: Call) -> dict[str, Any]:
        listeners = layer.original(call).get("Listeners", [])
        for listener in listeners:
            if listener.get("Protocol") not in ("HTTPS", "TLS"):
                listener.pop("SslPolicy", None)
            if "Certificates" in listener:
                listener["Certificates"] = listener["Certificates"][:1]
        return _paged(call, "Listeners", listeners)

    @layer.op("elbv2", "DescribeRules")
    def describe_rules(call: Call) -> dict[str, Any]:
        backend = elbv2_backends[call.account][call.region]
        listener_arn, rule_arns = call.params.get("ListenerArn"), call.params.get("RuleArns")
        if listener_arn and not backend.describe_listeners(None, [listener_arn]):
            raise AwsError("ListenerNotFound", f"Listener '{listener_arn}' not found")
        rules = backend.describe_rules(listener_arn, rule_arns)
        return _paged(call, "Rules", sorted(rules, key=_priority))


def _install_nodes(layer: AwsLayer) -> None:
    @layer.op("ec2", "DescribeNetworkInterfaces")
    def describe_network_interfaces(call: Call) -> dict[str, Any]:
        for lb in elbv2_backends[call.account][call.region].load_balancers.values():
            sync_nodes(lb)
        return layer.original(call)

    @layer.op("elbv2", "DeleteLoadBalancer")
    def delete_load_balancer(call: Call) -> dict[str, Any]:
        arn = str(call.params["LoadBalancerArn"])
        lb = elbv2_backends[call.account][call.region].load_balancers.get(arn)
        answer = layer.original(call)
        if lb is not None:
            remove_nodes(lb)
        return answer


def _known_load_balancer_attributes(lb: Any) -> Mapping[str, Attribute]:
    return APPLICATION_ATTRIBUTES if lb.type == "application" else NETWORK_ATTRIBUTES


def _known_target_group_attributes(tg: Any) -> Mapping[str, Attribute]:
    return LAMBDA_TARGET_GROUP_ATTRIBUTES if tg.target_type == "lambda" else TARGET_GROUP_ATTRIBUTES


def _load_balancer(call: Call) -> Any:
    arn = str(call.params["LoadBalancerArn"])
    lb = elbv2_backends[call.account][call.region].load_balancers.get(arn)
    if lb is None:
        raise AwsError("LoadBalancerNotFound", f"Load balancer '{arn}' not found")
    return lb


def _target_group(call: Call) -> Any:
    arn = str(call.params["TargetGroupArn"])
    tg = elbv2_backends[call.account][call.region].target_groups.get(arn)
    if tg is None:
        raise AwsError("TargetGroupNotFound", f"Target groups '{arn}' not found")
    return tg


def _changes(call: Call) -> dict[str, str]:
    return {str(one["Key"]): str(one.get("Value", "")) for one in call.params["Attributes"]}


def _as_attributes(values: Mapping[str, str]) -> dict[str, Any]:
    return {"Attributes": [{"Key": key, "Value": value} for key, value in values.items()]}


def _check_log_buckets(values: Mapping[str, str], changes: Mapping[str, str]) -> None:
    for kind in ("access_logs", "connection_logs", "health_check_logs"):
        touched = any(key.startswith(f"{kind}.s3.") for key in changes)
        bucket = values.get(f"{kind}.s3.bucket", "")
        exists = any(bucket in backends["aws"].buckets for backends in list(s3_backends.values()))
        if touched and values.get(f"{kind}.s3.enabled") == "true" and not exists:
            message = f"Access Denied for bucket: {bucket}. Please check S3bucket permission"
            raise AwsError("InvalidConfigurationRequest", message)


def _health_check_after(tg: Any, params: Mapping[str, Any]) -> HealthCheck:
    def setting(parameter: str, attribute: str) -> Any:
        return params.get(parameter, getattr(tg, attribute, None))

    def number(parameter: str, attribute: str) -> int | None:
        value = setting(parameter, attribute)
        return None if value is None else int(value)

    return HealthCheck(
        interval_s=number("HealthCheckIntervalSeconds", "health_check_interval_seconds"),
        timeout_s=number("HealthCheckTimeoutSeconds", "health_check_timeout_seconds"),
        healthy_threshold=number("HealthyThresholdCount", "healthy_threshold_count"),
        unhealthy_threshold=number("UnhealthyThresholdCount", "unhealthy_threshold_count"),
        path=params.get("HealthCheckPath"),
        port=params.get("HealthCheckPort"),
        http_codes=params.get("Matcher", {}).get("HttpCode"),
    )


def _port(tg: Any, target: Mapping[str, Any]) -> int | None:
    if tg.target_type == "lambda":
        return None
    return int(target.get("Port") or tg.port)


def _zone(call: Call, tg: Any, target: Mapping[str, Any]) -> str | None:
    """The target's zone. Raises AwsError InvalidTarget for what cannot be a target of this group."""
    ec2 = ec2_backends[call.account][call.region]
    target_id = str(target["Id"])
    if tg.target_type == "instance":
        instance = ec2.get_instance_by_id(target_id)
        if instance is None or instance.state != "running":
            raise AwsError("InvalidTarget", f"The following targets are not in a running state: '{target_id}'")
        return str(ec2.get_subnet(str(instance.subnet_id)).availability_zone)
    if tg.target_type != "ip":
        return None
    try:
        address = ipaddress.ip_address(target_id)
    except ValueError as invalid:
        raise AwsError("ValidationError", f"The IP address '{target_id}' is not valid") from invalid
    subnets = [subnet for subnet in ec2.describe_subnets() if subnet.vpc_id == tg.vpc_id]
    home = next((one for one in subnets if address in ipaddress.ip_network(one.cidr_block)), None)
    if home is None and target.get("AvailabilityZone") != "all":
        message = f"The IP address '{target_id}' is not within a range for the VPC '{tg.vpc_id}'; use the zone 'all'"
        raise AwsError("ValidationError", message)
    return str(target.get("AvailabilityZone") or (home.availability_zone if home else "all"))


def _priority(rule: Any) -> float:
    priority = str(rule.priority)
    return float(priority) if priority.isdigit() else float("inf")


def _paged(call: Call, name: str, items: Sequence[Any]) -> dict[str, Any]:
    """One page; its marker is a position, as callers only hand it back."""
    size = int(call.params.get("PageSize") or DEFAULT_PAGE)
    marker = str(call.params.get("Marker") or "0")
    if not marker.isdigit() or not 1 <= size <= DEFAULT_PAGE:
        raise AwsError("ValidationError", "The marker or the page size is not valid")
    end = int(marker) + size
    page: dict[str, Any] = {name: items[int(marker) : end]}
    if end < len(items):
        page["NextMarker"] = str(end)
    return page
