"""What the application wrote while the trouble lasted, counted by what the lines mean, as evidence.

Lines are other people's text: they are quoted as data, short, and decide nothing beyond their signature.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Final

from diagnostics.causes.cause import Evidence, Facts, decisive, supporting
from diagnostics.facts import ApplicationLogs, Fact, Frozen, LogLine, LogSignature, SignatureCount, known
from diagnostics.printable import line

LINE_USES: tuple[type[Fact], ...] = (ApplicationLogs,)
"""What a cause declares to ask here."""
WAITING: Final[tuple[LogSignature, ...]] = ("pool-exhausted", "dependency-slow", "dependency-unreachable")
"""Lines that name something behind the application."""
ENOUGH = 3
MANY = 50
EARLY = timedelta(minutes=5)
LATE = timedelta(minutes=2)
MAX_QUOTED = 160
_SOURCE: Final = "logs:FilterLogEvents"
"""However a line was read: two ways to one log are not two records."""
_WORDS: Final[dict[LogSignature, str]] = {
    "pool-exhausted": "waited for a connection of a pool in vain",
    "dependency-slow": "waited too long for something behind the application",
    "dependency-unreachable": "could not reach something behind the application",
    "upstream-timeout": "waited too long for an upstream",
    "memory-pause": "stood still to free memory",
    "no-threads": "had no free thread to go on with",
    "out-of-memory": "ran out of memory",
    "worker-killed": "lost a worker process",
    "too-many-connections": "could not take more connections",
}


class Lines(Frozen):
    """Lines of some signatures. `in_step`: they began with the trouble; else they had been written before as well."""

    count: int
    tasks: frozenset[str]
    first: datetime
    last: datetime
    source: str
    signature: LogSignature
    quote: str = ""
    in_step: bool = True

    @property
    def enough(self) -> bool:
        return self.count >= ENOUGH

    @property
    def tells(self) -> bool:
        """More than the few that an application writes on any day."""
        return self.enough and (self.in_step or self.count >= MANY)

    @property
    def words(self) -> str:
        """``214 log lines from 03:10 UTC on: the application waited for a connection of a pool in vain``"""
        did = _WORDS.get(self.signature, f"wrote of {self.signature}")
        quoted = f" ({self.quote})" if self.quote else ""
        return f"{self.count:,} log lines since {self.first:%H:%M} UTC: the application {did}{quoted}"

    def record(self, *, decides: bool = True) -> Evidence:
        record_of = decisive if decides and self.enough and self.in_step else supporting
        return record_of(self.words, self.source, at=self.first, value=self.count)


def lines_of(facts: Facts, start: datetime, end: datetime, *signatures: LogSignature) -> Lines | None:
    """The lines of these signatures in the time of the trouble; None where there are none or logs were not read."""
    logs = facts.maybe(ApplicationLogs)
    if not isinstance(logs, ApplicationLogs):
        return None
    counted = [
        one
        for one in logs.counts
        if one.signature in signatures and one.last_at >= start - EARLY and one.first_at <= end + LATE
    ]
    if not counted:
        return None
    first = min(one.first_at for one in counted)
    return Lines(
        count=sum(one.count for one in counted),
        tasks=frozenset(one.task for one in counted if one.task),
        first=first,
        last=max(one.last_at for one in counted),
        source=_SOURCE,
        signature=_commonest(counted),
        quote=_quote(logs, _commonest(counted)),
        in_step=first >= start - EARLY,
    )


def health_requests(facts: Facts, path: str) -> tuple[LogLine, ...]:
    """The kept lines about requests for this path."""
    logs = known(facts.maybe(ApplicationLogs))
    requests = logs.of("request") if logs else ()
    return tuple(one for one in requests if one.details.get("path", "").split("?")[0] == path)


def _commonest(counted: list[SignatureCount]) -> LogSignature:
    totals: Counter[LogSignature] = Counter()
    for one in counted:
        totals[one.signature] += one.count
    return totals.most_common(1)[0][0]


def _quote(logs: ApplicationLogs, signature: LogSignature) -> str:
    found = next(logs.of(signature), None)
    return f'"{line(found.text, MAX_QUOTED)}"' if found else ""
