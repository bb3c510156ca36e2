"""When deployments of the service went on, from what ECS shows now and from its history."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from diagnostics.facts import EcsService, Frozen, Point, Read, ServiceHistory

BEGINS_EARLY = timedelta(minutes=1)
"""Metrics are aligned to minutes: the minute in which it began belongs to it."""
LASTS_AT_MOST = timedelta(minutes=30)
AFTERWARDS = timedelta(minutes=2)
SAME = timedelta(minutes=2)


class DeploymentSpan(Frozen):
    """`end`: when it was over, or the latest moment at which its effects are believed."""

    name: str
    begin: datetime
    end: datetime
    ongoing: bool = False

    def holds(self, at: datetime) -> bool:
        return self.begin - BEGINS_EARLY <= at <= self.end


def deployment_spans(
    service: EcsService, history: Read[ServiceHistory], since: datetime, now: datetime
) -> tuple[DeploymentSpan, ...]:
    """Deployments that went on after `since`, oldest first, each once."""
    found = [*_present(service, now), *(_past(history, now) if isinstance(history, ServiceHistory) else ())]
    spans: list[DeploymentSpan] = []
    for span in sorted(found, key=lambda span: span.begin):
        if span.end >= since and not any(abs(span.begin - known.begin) <= SAME for known in spans):
            spans.append(span)
    return tuple(spans)


def share_within(points: Iterable[Point], spans: Iterable[DeploymentSpan]) -> float:
    """The part of what was counted that falls into one of the spans, 0-1."""
    counted, known = [point for point in points if point.value > 0], tuple(spans)
    total = sum(point.value for point in counted)
    inside = sum(point.value for point in counted if any(span.holds(point.at) for span in known))
    return inside / total if total else 0.0


def _present(service: EcsService, now: datetime) -> Iterator[DeploymentSpan]:
    for deployment in service.deployments:
        if deployment.created_at == service.created_at:
            continue
        ongoing = deployment.status == "PRIMARY" and deployment.rollout_state == "IN_PROGRESS"
        end = now if ongoing else min(deployment.created_at + LASTS_AT_MOST, now)
        yield DeploymentSpan(
            name=f"deployment of {deployment.task_definition.rsplit('/', 1)[-1]}",
            begin=deployment.created_at,
            end=end,
            ongoing=ongoing,
        )


def _past(history: ServiceHistory, now: datetime) -> Iterator[DeploymentSpan]:
    for deployment in history.deployments:
        begin = deployment.started_at or deployment.created_at
        if begin is None:
            continue
        end = deployment.finished_at + AFTERWARDS if deployment.finished_at else begin + LASTS_AT_MOST
        target = history.revision(deployment.target_revision_arn)
        what = target.task_definition.rsplit("/", 1)[-1] if target else deployment.arn.rsplit("/", 1)[-1]
        yield DeploymentSpan(name=f"deployment of {what}", begin=begin, end=min(end, now))
