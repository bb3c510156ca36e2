"""The subject's load balancers and their attributes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from diagnostics.collect.answers import attributes_of, batches, gaps_of, items_of, nothing_read
from diagnostics.collect.collector import Read, Reads, collector
from diagnostics.facts import Gap, LoadBalancer, LoadBalancerAttributes, LoadBalancers, NotApplicable, ZoneMapping
from diagnostics.snapshot import Subject

MAX_LOAD_BALANCERS = 5
ARNS_PER_CALL = 20
NO_LOAD_BALANCER = NotApplicable(reason="no load balancer belongs to it")


@collector(cached=True)
def load_balancers(subject: Subject) -> Reads[LoadBalancers]:
    """https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeLoadBalancers.html"""
    arns = subject.load_balancers[:MAX_LOAD_BALANCERS]
    if not arns:
        return subject.unread("elasticloadbalancing") or NO_LOAD_BALANCER
    answers = yield [
        Read("elbv2", "describe_load_balancers", "LoadBalancers", {"LoadBalancerArns": some}, resource=some[0])
        for some in batches(arns, ARNS_PER_CALL)
    ]
    if failed := nothing_read(answers):
        return failed
    return LoadBalancers(items=tuple(map(_load_balancer, items_of(answers))), gaps=gaps_of(answers) + too_many(subject))


@collector(cached=True)
def load_balancer_attributes(subject: Subject) -> Reads[LoadBalancerAttributes]:
    """https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeLoadBalancerAttributes.html"""
    arns = subject.load_balancers[:MAX_LOAD_BALANCERS]
    if not arns:
        return subject.unread("elasticloadbalancing") or NO_LOAD_BALANCER
    answers = yield [
        Read("elbv2", "describe_load_balancer_attributes", "Attributes", {"LoadBalancerArn": arn}, resource=arn)
        for arn in arns
    ]
    if failed := nothing_read(answers):
        return failed
    by_arn = {arn: attributes_of(answer.items) for arn, answer in zip(arns, answers, strict=True) if not answer.failed}
    return LoadBalancerAttributes(by_arn=by_arn, gaps=gaps_of(answers))


def too_many(subject: Subject) -> tuple[Gap, ...]:
    """The gap that says that not every load balancer was looked at."""
    left = subject.load_balancers[MAX_LOAD_BALANCERS:]
    if not left:
        return ()
    message = f"only {MAX_LOAD_BALANCERS} load balancers are read, {len(left)} are left out"
    action = "elasticloadbalancing:DescribeLoadBalancers"
    return (Gap(action=action, resource=left[0], error="TooManyLoadBalancers", kind="not-read", message=message),)


def _load_balancer(raw: Mapping[str, Any]) -> LoadBalancer:
    state = raw.get("State", {})
    return LoadBalancer(
        arn=raw["LoadBalancerArn"],
        name=raw["LoadBalancerName"],
        dns_name=raw.get("DNSName", ""),
        scheme=raw.get("Scheme", ""),
        type=raw["Type"],
        state=state.get("Code", ""),
        state_reason=state.get("Reason", ""),
        vpc_id=raw["VpcId"],
        security_groups=tuple(raw.get("SecurityGroups", ())),
        zones=tuple(
            ZoneMapping(zone=zone["ZoneName"], subnet_id=zone["SubnetId"]) for zone in raw["AvailabilityZones"]
        ),
        ip_address_type=raw.get("IpAddressType", "ipv4"),
        created_at=raw.get("CreatedTime"),
    )
