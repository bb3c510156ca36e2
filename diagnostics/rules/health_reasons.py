"""What the load balancer says about a failed health check, taken apart.

A target answers with a code outside the matcher, does not answer in time, or the connection itself fails. ECS repeats
the same words in its service events, which survive the target when it is replaced.
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages-list.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Literal

from diagnostics.facts import Frozen, ServiceEvent, Target

Kind = Literal["answer", "timeout", "connection"]

HIGHEST_CODE = 599
MAX_TEXT = 1000
"""So much of a description or matcher is looked at."""
MAX_NAMED = 3

_BY_REASON: dict[str, Kind] = {
    "Target.ResponseCodeMismatch": "answer",
    "Target.Timeout": "timeout",
    "Target.FailedHealthChecks": "connection",
}
_CODE_LIST = re.compile(r"with these codes:\s*\[([^\]]*)\]")
_RANGE = re.compile(r"\s*(\d{1,3})(?:\s*-\s*(\d{1,3}))?\s*\Z")
_UNHEALTHY = "is unhealthy in (target-group "
_EVENT = re.compile(
    r"(?:\(task (?P<task>[0-9a-zA-Z-]{1,64})\) |\(instance (?P<instance>[\w-]{1,64})\) )?"
    r"(?:\(port (?P<port>\d{1,5})\) )?is unhealthy in \(target-group (?P<group>[^)\s]{1,512})\) "
    r"due to \(reason (?P<reason>[^)]{1,300})\)"
)


class SickTargets(Frozen):
    """Targets of one target group that fail their health check in the same way.

    `codes` are the answers that were not accepted, empty unless `kind` is ``answer``.
    """

    kind: Kind
    codes: frozenset[int] = frozenset()
    targets: tuple[Target, ...] = ()

    @property
    def keys(self) -> frozenset[str]:
        return frozenset(target.key for target in self.targets)


class HealthReport(Frozen):
    """One service event in which ECS calls a target unhealthy."""

    at: datetime
    group_arn: str
    kind: Kind
    codes: frozenset[int] = frozenset()
    task_id: str | None = None
    instance_id: str | None = None
    port: int | None = None
    text: str = ""


def answered_codes(description: str | None) -> frozenset[int]:
    """The codes in ``Health checks failed with these codes: [404, 500-503]``; empty when it names none."""
    found = _CODE_LIST.search((description or "")[:MAX_TEXT])
    return _codes(found.group(1)) if found else frozenset()


def accepted_codes(matcher: str | None) -> frozenset[int]:
    """The codes that a matcher such as ``200-299,302`` accepts; pieces that are not codes are left out."""
    return _codes((matcher or "")[:MAX_TEXT])


def kind_of(reason: str | None) -> Kind | None:
    """None for reasons that say nothing about the target's answer, such as the load balancer's own faults."""
    return _BY_REASON.get(reason or "")


def kind_of_text(text: str) -> Kind | None:
    """The same of a description or of the reason in a service event."""
    if _CODE_LIST.search(text[:MAX_TEXT]):
        return "answer"
    if "Request timed out" in text:
        return "timeout"
    return "connection" if "Health checks failed" in text else None


def by_reason(targets: Iterable[Target]) -> tuple[SickTargets, ...]:
    """The unhealthy ones in groups that share kind and codes, the largest first."""
    buckets: dict[tuple[Kind, frozenset[int]], list[Target]] = {}
    for target in targets:
        kind = kind_of(target.reason)
        if target.state == "unhealthy" and kind:
            codes = answered_codes(target.description) if kind == "answer" else frozenset()
            buckets.setdefault((kind, codes), []).append(target)
    sick = (SickTargets(kind=kind, codes=codes, targets=tuple(found)) for (kind, codes), found in buckets.items())
    return tuple(sorted(sick, key=lambda one: (-len(one.targets), one.kind, sorted(one.codes))))


def reports_of(events: Iterable[ServiceEvent], since: datetime) -> tuple[HealthReport, ...]:
    """What ECS reported about unhealthy targets since then, in the order of the events."""
    return tuple(report for event in events if event.at >= since and (report := _report(event)))


def codes_in_words(codes: Iterable[int]) -> str:
    """``404 and 500``, neighbours as a range: ``500-503``; ``a code that was not named`` for none."""
    runs: list[tuple[int, int]] = []
    for code in sorted(codes):
        if runs and runs[-1][1] == code - 1:
            runs[-1] = (runs[-1][0], code)
        else:
            runs.append((code, code))
    words = [f"{low}" if low == high else f"{low}-{high}" for low, high in runs]
    return " and ".join(words) or "a code that was not named"


def named(keys: Sequence[str]) -> str:
    """A few targets: ``10.0.1.21:8080, 10.0.1.22:8080 and 2 more``."""
    more = len(keys) - MAX_NAMED
    return ", ".join(keys[:MAX_NAMED]) + (f" and {more} more" if more > 0 else "")


def _codes(text: str) -> frozenset[int]:
    codes: set[int] = set()
    for piece in text.split(","):
        found = _RANGE.match(piece)
        if found:
            low = int(found.group(1))
            high = int(found.group(2) or low)
            codes.update(range(low, min(high, HIGHEST_CODE) + 1))
    return frozenset(codes)


def _report(event: ServiceEvent) -> HealthReport | None:
    if _UNHEALTHY not in event.message:  # most events say something else, and looking for the pattern takes longer
        return None
    found = _EVENT.search(event.message[:MAX_TEXT])
    kind = kind_of_text(found["reason"]) if found else None
    if found is None or kind is None:
        return None
    return HealthReport(
        at=event.at,
        group_arn=found["group"],
        kind=kind,
        codes=answered_codes(found["reason"]),
        task_id=found["task"],
        instance_id=found["instance"],
        port=int(found["port"]) if found["port"] else None,
        text=event.message[:MAX_TEXT],
    )
