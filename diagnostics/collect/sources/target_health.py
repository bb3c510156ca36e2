"""The health of the subject's targets, always read anew: one call for each target group, none of which has pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from diagnostics.aws_access import Pages
from diagnostics.collect.answers import distinct, gaps_of, nothing_read
from diagnostics.collect.collector import Later, Read, Reads, collector
from diagnostics.collect.sources.target_groups import NO_SUCH_GROUP, awaited_own_groups, own_groups
from diagnostics.facts import Listeners, NotApplicable, SiblingHealth, Target, TargetGroups, TargetHealth, Unread
from diagnostics.redaction import redact_prose
from diagnostics.rules.routing import weighted_with
from diagnostics.snapshot import Subject

MAX_SIBLINGS = 10


@collector(cached=False)
def target_health(subject: Subject, groups: Later[TargetGroups]) -> Reads[TargetHealth]:
    """https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeTargetHealth.html"""
    own = yield from awaited_own_groups(subject, groups)
    if isinstance(own, Unread):
        return own
    answers = yield [_read(arn) for arn in own]
    failed = nothing_read(answers)
    missing = tuple(arn for arn, answer in zip(own, answers, strict=True) if answer.missing)
    return failed or TargetHealth(by_group=_by_group(own, answers), missing=missing, gaps=gaps_of(answers))


@collector(cached=False)
def sibling_health(subject: Subject, listeners: Listeners, groups: TargetGroups | Unread) -> Reads[SiblingHealth]:
    """Where requests go instead, when no rule sends any to the subject's own target groups, and who gets a share of
    them, when a rule divides them by weight."""
    own = own_groups(subject, groups)
    if isinstance(own, Unread):
        return own
    used = [arn for balancer in subject.load_balancers for arn in listeners.target_groups_of(balancer)]
    asked_instead = () if set(own) & set(used) else used
    candidates = (*weighted_with(listeners, own), *asked_instead)
    siblings = distinct(arn for arn in candidates if arn not in own)[:MAX_SIBLINGS]
    if not siblings:
        return NotApplicable(reason="requests go to its own target groups, or to none")
    answers = yield [_read(arn) for arn in siblings]
    failed = nothing_read(answers)
    return failed or SiblingHealth(by_group=_by_group(siblings, answers), gaps=gaps_of(answers))


def _read(arn: str) -> Read:
    return Read(
        "elbv2",
        "describe_target_health",
        "TargetHealthDescriptions",
        {"TargetGroupArn": arn},
        resource=arn,
        missing=NO_SUCH_GROUP,
    )


def _by_group(arns: Sequence[str], answers: Sequence[Pages]) -> dict[str, tuple[Target, ...]]:
    return {
        arn: tuple(map(_target, answer.items))
        for arn, answer in zip(arns, answers, strict=True)
        if not answer.failed and not answer.missing
    }


def _target(raw: Mapping[str, Any]) -> Target:
    target, health = raw["Target"], raw["TargetHealth"]
    description = health.get("Description")
    return Target(
        id=target["Id"],
        port=target.get("Port"),
        zone=target.get("AvailabilityZone"),
        state=health["State"],
        reason=health.get("Reason"),
        description=None if description is None else redact_prose(description),
        health_check_port=raw.get("HealthCheckPort"),
        override_state=raw.get("AdministrativeOverride", {}).get("State"),
    )
