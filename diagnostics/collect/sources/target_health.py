"""The health of the subject's targets, always read anew: one call for each target group, none of which has pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from diagnostics.collect.answers import gaps_of, nothing_read
from diagnostics.collect.collector import Later, Read, Reads, collector
from diagnostics.collect.sources.target_groups import awaited_own_groups
from diagnostics.facts import Gap, NotApplicable, Target, TargetGroups, TargetHealth
from diagnostics.redaction import redact_prose
from diagnostics.snapshot import Subject


@collector(cached=False)
def target_health(subject: Subject, groups: Later[TargetGroups]) -> Reads[TargetHealth]:
    """https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeTargetHealth.html"""
    own = yield from awaited_own_groups(subject, groups)
    if isinstance(own, Gap | NotApplicable):
        return own
    answers = yield [
        Read("elbv2", "describe_target_health", "TargetHealthDescriptions", {"TargetGroupArn": arn}, resource=arn)
        for arn in own
    ]
    failed = nothing_read(answers)
    if failed:
        return failed
    by_group = {
        arn: tuple(map(_target, answer.items)) for arn, answer in zip(own, answers, strict=True) if not answer.failed
    }
    return TargetHealth(by_group=by_group, gaps=gaps_of(answers))


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
