"""Single lines of the application's log as evidence: quoted as data, and no more than what their signature says."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from diagnostics.causes.cause import Evidence, Facts, decisive, supporting
from diagnostics.facts import ApplicationLogs, LoggedRow, LogLine, LogSignature, Task, known
from diagnostics.printable import line as one_line
from diagnostics.rules.app_lines import MAX_QUOTED

SOURCE = "logs:FilterLogEvents"
"""All lines are one source, by whichever call they came: two lines do not confirm each other."""
BEFORE_ERRORS, AFTER_ERRORS = timedelta(minutes=5), timedelta(minutes=5)
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True)
class Heard:
    """A line in which a server says where it listens. `by_server`: in its own words, not in a sentence that somebody
    wrote into the program."""

    port: int | None
    address: str
    by_server: bool
    line: LogLine

    @property
    def is_loopback(self) -> bool:
        return self.address in LOOPBACK or self.address.startswith("127.")


def were_read(facts: Facts) -> bool:
    return isinstance(facts.maybe(ApplicationLogs), ApplicationLogs)


def read_in_full(facts: Facts) -> bool:
    logs = known(facts.maybe(ApplicationLogs))
    return logs is not None and logs.share_read >= 1 and not logs.gaps and logs.lines_read > 0


def written(
    facts: Facts, *signatures: LogSignature, since: datetime | None = None, until: datetime | None = None
) -> tuple[LogLine, ...]:
    """The kept lines of these signatures, around this time."""
    logs = known(facts.maybe(ApplicationLogs))
    return tuple(
        line
        for line in (logs.of(*signatures) if logs else ())
        if (since is None or line.at >= since - BEFORE_ERRORS) and (until is None or line.at <= until + AFTER_ERRORS)
    )


def number(facts: Facts, *signatures: LogSignature) -> int:
    """How many lines of these signatures were read, the kept ones at least."""
    logs = known(facts.maybe(ApplicationLogs))
    return max(logs.count(*signatures), len(tuple(logs.of(*signatures)))) if logs else 0


def quoted(line: LogLine) -> str:
    return f'"{one_line(line.text, MAX_QUOTED)}"'


def record(line: LogLine, text: str, *, decides: bool = True, value: int | str | None = None) -> Evidence:
    """``container web wrote that it listens on 3000: "…"``"""
    kind = decisive if decides else supporting
    return kind(f"{who(line)} {text}: {quoted(line)}", SOURCE, at=line.at, value=value)


def who(line: LogLine) -> str:
    container = f"container {line.container}" if line.container else "the application"
    return f"{container} of task {line.task[:8]}" if line.task else container


def listening(facts: Facts, container: str, tasks: Sequence[Task]) -> tuple[Heard, ...]:
    """Where this container of these tasks says that it listens; without tasks, of any."""
    ids = {task.id for task in tasks}
    found = []
    for line in written(facts, "listening"):
        port = line.details.get("port", "")
        if line.container not in (None, container) or (ids and line.task is not None and line.task not in ids):
            continue
        if line.runtime != "php-fpm":
            by_server = line.details.get("said_by") == "server"
            found.append(Heard(int(port) if port.isdigit() else None, line.details.get("address", ""), by_server, line))
    return tuple(found)


def loopback_only(heard: Sequence[Heard], port: int | None) -> Heard | None:
    """The line that says that the server listens on the loopback address and nowhere else. Frameworks that listen on
    all addresses name the loopback one too, among the others."""
    if any(one.address and not one.is_loopback for one in heard):
        return None
    return next((one for one in heard if one.is_loopback and one.port in (None, port)), None)


def heard_elsewhere(heard: Sequence[Heard], port: int | None) -> Heard | None:
    """A line that names another port than this, where none names this one; the server's own word comes first."""
    named = [one for one in heard if one.port is not None]
    if port is None or any(one.port == port for one in named):
        return None
    return min(named, key=lambda one: not one.by_server, default=None)


def answered_all_the_same(facts: Facts, rows: Iterable[LoggedRow]) -> tuple[LogLine, ...]:
    """Lines in which the application says that it answered these requests well, which the load balancer failed."""
    return tuple(line for line in traced(facts, rows) if line.details.get("status", "")[:1] in {"2", "3"})


def traced(facts: Facts, rows: Iterable[LoggedRow]) -> tuple[LogLine, ...]:
    """Every kept line that names one of these requests."""
    logs = known(facts.maybe(ApplicationLogs))
    return tuple(logs.traced(frozenset(row.trace_id for row in rows if row.trace_id))) if logs else ()


def never_heard_of(facts: Facts, rows: Collection[LoggedRow]) -> int:
    """How many of these requests were looked for and stand nowhere in a log that names others."""
    logs = known(facts.maybe(ApplicationLogs))
    return len({row.trace_id for row in rows if row.trace_id} & set(logs.untraced())) if logs else 0
