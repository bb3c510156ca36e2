"""Target groups: the subject's own first, then those that share its load balancers."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from typing import Any

from diagnostics.aws_access import Pages
from diagnostics.collect.answers import attributes_of, batches, gaps_of, items_of, nothing_read
from diagnostics.collect.collector import Later, Read, Reads, Step, collector
from diagnostics.collect.sources.load_balancers import ARNS_PER_CALL, MAX_LOAD_BALANCERS
from diagnostics.facts import HealthCheck, NotApplicable, TargetGroup, TargetGroupAttributes, TargetGroups, Unread
from diagnostics.snapshot import Subject

MAX_OWN_GROUPS = 30
PAGE_SIZE = 400
MAX_PAGES = 2
NO_TARGET_GROUP = NotApplicable(reason="no target group belongs to it")
NO_SUCH_GROUP = ("TargetGroupNotFound", "TargetGroupNotFoundException")
"""It was deleted, and something still names it."""


@collector(cached=True)
def target_groups(subject: Subject) -> Reads[TargetGroups]:
    """https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeTargetGroups.html"""
    own = subject.target_groups[:MAX_OWN_GROUPS]
    reads = [
        Read(
            "elbv2",
            "describe_target_groups",
            "TargetGroups",
            {"TargetGroupArns": some},
            resource=some[0],
            missing=NO_SUCH_GROUP,
        )
        for some in batches(own, ARNS_PER_CALL)
    ]
    reads += [
        Read(
            "elbv2",
            "describe_target_groups",
            "TargetGroups",
            {"LoadBalancerArn": arn, "PageSize": PAGE_SIZE},
            resource=arn,
            max_pages=MAX_PAGES,
        )
        for arn in subject.load_balancers[:MAX_LOAD_BALANCERS]
    ]
    if not reads:
        return NO_TARGET_GROUP
    answers = yield reads
    if failed := nothing_read(answers):
        return failed
    found = {group.arn: group for group in map(_target_group, items_of(answers))}
    ordered = [found[arn] for arn in own if arn in found] + [group for arn, group in found.items() if arn not in own]
    return TargetGroups(items=tuple(ordered), gaps=gaps_of(answers))


@collector(cached=True)
def target_group_attributes(subject: Subject, groups: Later[TargetGroups]) -> Reads[TargetGroupAttributes]:
    """https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeTargetGroupAttributes.html"""
    own = yield from awaited_own_groups(subject, groups)
    if isinstance(own, Unread):
        return own
    answers = yield [
        Read(
            "elbv2",
            "describe_target_group_attributes",
            "Attributes",
            {"TargetGroupArn": arn},
            resource=arn,
            missing=NO_SUCH_GROUP,
        )
        for arn in own
    ]
    if failed := nothing_read(answers):
        return failed
    by_arn = {
        arn: attributes_of(answer.items)
        for arn, answer in zip(own, answers, strict=True)
        if not answer.failed and not answer.missing
    }
    return TargetGroupAttributes(by_arn=by_arn, gaps=gaps_of(answers))


def awaited_own_groups(
    subject: Subject, groups: Later[TargetGroups]
) -> Generator[Step, Sequence[Pages], tuple[str, ...] | Unread]:
    """Like `own_groups`, waiting only where the subject itself does not say."""
    if _is_whole_load_balancer(subject):
        yield groups
        return own_groups(subject, groups.outcome)
    return own_groups(subject, NO_TARGET_GROUP)


def own_groups(subject: Subject, groups: TargetGroups | Unread) -> tuple[str, ...] | Unread:
    """The subject's target groups; a question about a whole load balancer is about all of its groups."""
    if not _is_whole_load_balancer(subject):
        return subject.target_groups[:MAX_OWN_GROUPS] or NO_TARGET_GROUP
    if isinstance(groups, Unread):
        return groups
    return tuple(group.arn for group in groups.items)[:MAX_OWN_GROUPS] or NO_TARGET_GROUP


def _is_whole_load_balancer(subject: Subject) -> bool:
    return subject.kind == "load-balancer" and not subject.target_groups


def _target_group(raw: Mapping[str, Any]) -> TargetGroup:
    matcher = raw.get("Matcher", {})
    return TargetGroup(
        arn=raw["TargetGroupArn"],
        name=raw["TargetGroupName"],
        target_type=raw.get("TargetType", "instance"),
        protocol=raw.get("Protocol"),
        protocol_version=raw.get("ProtocolVersion"),
        port=raw.get("Port"),
        vpc_id=raw.get("VpcId"),
        health_check=HealthCheck(
            enabled=raw.get("HealthCheckEnabled", True),
            protocol=raw.get("HealthCheckProtocol", "HTTP"),
            port=raw.get("HealthCheckPort", "traffic-port"),
            path=raw.get("HealthCheckPath"),
            interval_s=raw["HealthCheckIntervalSeconds"],
            timeout_s=raw["HealthCheckTimeoutSeconds"],
            healthy_threshold=raw["HealthyThresholdCount"],
            unhealthy_threshold=raw["UnhealthyThresholdCount"],
            matcher=matcher.get("HttpCode"),
            grpc_matcher=matcher.get("GrpcCode"),
        ),
        load_balancer_arns=tuple(dict.fromkeys(raw.get("LoadBalancerArns", ()))),
        control_port=raw.get("TargetControlPort"),
    )
