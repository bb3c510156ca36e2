"""Errors that a proxy inside of the target answered, because what stands behind it failed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from diagnostics.causes.cause import Evidence, Facts, decisive
from diagnostics.facts import AccessLogs, ApplicationLogs, Fact, LogLine, LogSignature, Metrics
from diagnostics.rules.app_lines import LINE_USES
from diagnostics.rules.observations import NOISE_ERRORS
from diagnostics.rules.row_clusters import RowCluster
from diagnostics.rules.row_evidence import ROW_USES, clusters
from diagnostics.rules.written import number, written

PROXIED_USES: tuple[type[Fact], ...] = (Metrics, *ROW_USES, *LINE_USES)
"""What a cause declares that asks here."""
MOST = 0.8
FEW = 0.1
FAILS: tuple[LogSignature, ...] = ("upstream-refused", "upstream-closed", "upstream-none", "header-too-large")
WAITS: tuple[LogSignature, ...] = ("upstream-timeout",)
"""What a proxy writes when it answers 502 or 503, and when it answers 504."""
_ANSWERS = ((frozenset({502, 503}), FAILS), (frozenset({504}), WAITS))
_WORDS: dict[LogSignature, str] = {
    "upstream-refused": "could not connect to what stands behind it",
    "upstream-closed": "saw what stands behind it close the connection before an answer",
    "upstream-timeout": "waited too long for what stands behind it",
    "upstream-none": "had nobody behind it to send to",
    "header-too-large": "got larger headers from what stands behind it than its buffers take",
}


@dataclass(frozen=True, slots=True)
class Proxied:
    """`rows` have a status that the proxy answers; `affects`: the target group where they, and those of the proxy's
    other failures, are nearly all of its 5xx, else only the targets, so that the rest of the errors keeps its own
    cause."""

    lines: tuple[LogLine, ...]
    rows: tuple[RowCluster, ...]
    count: int
    affects: frozenset[str]

    @property
    def upstream(self) -> str | None:
        return next((line.details["upstream"] for line in self.lines if line.details.get("upstream")), None)

    @property
    def proxy(self) -> str:
        return next((line.runtime for line in self.lines if line.runtime), "the proxy")

    def words(self) -> str:
        signature = self.lines[0].signature
        return _WORDS.get(signature, "could not use what stands behind it") if signature else ""


def proxied(facts: Facts, statuses: frozenset[int], *signatures: LogSignature) -> Proxied | None:
    """None unless targets answered with errors and a proxy wrote of its upstream around the same time, often enough
    to explain a part of them."""
    if not facts.observed.saw("target_5xx"):
        return None
    own = [one for one in clusters(facts, "answered") if one.symptom == "target_5xx"]
    rows = tuple(one for one in own if one.target_status in statuses)
    if own and not rows:
        return None
    first = min((one.first for one in rows), default=facts.observed.onset)
    last = max((one.last for one in rows), default=facts.observed.last_seen)
    lines = tuple(line for line in written(facts, *signatures, since=first, until=last) if _is_of_upstream(line))
    errors = sum(one.count for one in rows) or facts.observed.counts.target_5xx or 0
    if not lines or not _wrote_enough(facts, signatures, errors):
        return None
    lines = tuple(sorted(lines, key=lambda line: line.signature != _commonest(facts, signatures)))
    nearly_all = not own or sum(one.count for one in _told_of(facts, own)) >= MOST * sum(one.count for one in own)
    groups = frozenset(facts.subject.target_groups) or frozenset(facts.subject.load_balancers)
    targets = frozenset[str]().union(*(one.targets for one in rows))
    return Proxied(lines, rows, number(facts, *signatures), groups if nearly_all else targets)


def _is_of_upstream(line: LogLine) -> bool:
    """Headers can be too large on either side; those of a request end in an error of the caller's."""
    return line.signature != "header-too-large" or line.details.get("side") == "upstream"


def _told_of(facts: Facts, own: list[RowCluster]) -> list[RowCluster]:
    """The rows whose status a proxy gives for what it wrote of its upstream."""
    told: list[RowCluster] = []
    for statuses, signatures in _ANSWERS:
        rows = [one for one in own if one.target_status in statuses]
        if _wrote_enough(facts, signatures, sum(one.count for one in rows)):
            told.extend(rows)
    return told


def _wrote_enough(facts: Facts, signatures: Sequence[LogSignature], errors: int) -> bool:
    """Often enough to explain a part of so many errors."""
    count = number(facts, *signatures)
    return count >= NOISE_ERRORS and not (_whole(facts) and count < FEW * errors)


def _whole(facts: Facts) -> bool:
    """Where the log was read in full, few lines beside many errors tell of something else."""
    logs, rows = facts.maybe(ApplicationLogs), facts.maybe(AccessLogs)
    return isinstance(logs, ApplicationLogs) and logs.share_read >= 1 and isinstance(rows, AccessLogs)


def _commonest(facts: Facts, signatures: tuple[LogSignature, ...]) -> LogSignature:
    return max(signatures, key=lambda signature: number(facts, signature))


def counted(facts: Facts) -> tuple[Evidence, ...]:
    """The counter that says that the targets answered so."""
    errors, metrics = facts.observed.counts.target_5xx, facts.maybe(Metrics)
    if not errors or not isinstance(metrics, Metrics):
        return ()
    return (decisive(f"{errors:,} answers of 5xx came from the targets", "cloudwatch:GetMetricData", value=errors),)
