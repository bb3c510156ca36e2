"""Attributes and zones of a load balancer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from pydantic import JsonValue

from remediations.plan import Call, Guard, Look, Write
from remediations.steps import paths

HOUR_S = 3600


def name_of(arn: str) -> str:
    return arn.split("/")[-2]


def attributes(arn: str, values: Mapping[str, str], text: str = "") -> Guard:
    """These attributes, whose values are text throughout, have these values."""
    call = Call.of("elbv2", "describe_load_balancer_attributes", LoadBalancerArn=arn)
    each = ", ".join(f"Attributes[?Key == {paths.quoted(key)}].Value | [0]" for key in values)
    words = text or f"{name_of(arn)} has {', '.join(f'{key} {value}' for key, value in values.items())}"
    return Guard(look=Look(call=call, path=f"[{each}]"), expected=[*values.values()], text=words)


def set_attributes(arn: str, values: Mapping[str, str], done_when: Guard) -> Write:
    """Attributes that are not named keep their values.
    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_ModifyLoadBalancerAttributes.html"""
    given: list[JsonValue] = [{"Key": key, "Value": value} for key, value in values.items()]
    call = Call.of("elbv2", "modify_load_balancer_attributes", LoadBalancerArn=arn, Attributes=given)
    return Write(call=call, resources=(arn,), done_when=done_when)


def never_slower_than(arn: str, limit_s: float, now: datetime, days: int) -> Guard:
    """No answer of any target behind it took as long, as far back as so many days; there were answers."""
    dimension: JsonValue = [{"Name": "LoadBalancer", "Value": arn.split(":loadbalancer/", 1)[-1]}]
    metric: JsonValue = {
        "Namespace": "AWS/ApplicationELB",
        "MetricName": "TargetResponseTime",
        "Dimensions": dimension,
    }
    query: JsonValue = {"Id": "slowest", "MetricStat": {"Metric": metric, "Period": HOUR_S, "Stat": "Maximum"}}
    values = "MetricDataResults[0].Values"
    return Guard(
        look=Look(
            call=Call.of(
                "cloudwatch",
                "get_metric_data",
                MetricDataQueries=[query],
                StartTime=(now - timedelta(days=days)).isoformat(),
                EndTime=now.isoformat(),
            ),
            path=f"length({values} || `[]`) > `0` && max({values}) < {paths.number(limit_s)}",
        ),
        expected=True,
        text=f"no answer behind {name_of(arn)} took {limit_s:g} s or more in the last {days} days",
    )


def in_subnets(arn: str, subnets: Iterable[str]) -> Guard:
    """Its nodes are in these subnets and no others."""
    call = Call.of("elbv2", "describe_load_balancers", LoadBalancerArns=[arn])
    wanted = sorted(subnets)
    return Guard(
        look=Look(call=call, path="sort(LoadBalancers[0].AvailabilityZones[].SubnetId)"),
        expected=[*wanted],
        text=f"{name_of(arn)} is in the subnets {', '.join(wanted)}",
    )


def set_subnets(arn: str, subnets: Iterable[str]) -> Write:
    """The list is replaced in full.
    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_SetSubnets.html"""
    wanted = [*subnets]
    call = Call.of("elbv2", "set_subnets", LoadBalancerArn=arn, Subnets=[*wanted])
    return Write(call=call, resources=(arn,), done_when=in_subnets(arn, wanted))


def has_room(subnet_id: str, addresses: int) -> Guard:
    call = Call.of("ec2", "describe_subnets", SubnetIds=[subnet_id])
    path = paths.no_less("Subnets[0].AvailableIpAddressCount", addresses)
    text = f"{subnet_id} has at least {addresses} free addresses"
    return Guard(look=Look(call=call, path=path), expected=True, text=text)
