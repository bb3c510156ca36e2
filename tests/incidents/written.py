"""What the containers of an incident wrote, in real lines that are recognised as they would be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from diagnostics.app_logs.tally import LogTally, Origin
from diagnostics.facts import ApplicationLogs, StoppedTasks
from tests.incidents.building import NOW, TARGETS, Incident, ago, task

GROUP = "/ecs/checkout"
TASKS = tuple(task(number, ip).id for number, ip in enumerate(TARGETS, 1))


@dataclass(frozen=True)
class Said:
    """The same line `count` times, evenly from `since` to `until` minutes ago. Without `tasks`: of the four that run.

    ``{n}`` in the text is the number of the line.
    """

    text: str
    count: int = 1
    since: float = 30
    until: float = 5
    tasks: Sequence[str] = TASKS
    container: str = "web"


def said(
    incident: Incident,
    *what: Said,
    share_read: float = 1.0,
    traces_asked: Sequence[str] = (),
    lines_of_others: int = 2_000,
) -> Incident:
    """The log of the last hour: these lines, and many that mean nothing."""
    stopped = incident.facts.get(StoppedTasks)
    ended = {one.id for one in stopped.items} if isinstance(stopped, StoppedTasks) else set()
    tally = LogTally()
    for one in what:
        for number in range(one.count):
            at = ago(one.since - (one.since - one.until) * number / max(one.count, 1))
            owner = one.tasks[number % len(one.tasks)] if one.tasks else None
            stream = f"app/{one.container}/{owner}"
            origin = Origin(GROUP, stream, one.container, owner, ended=owner in ended)
            tally.add(at + timedelta(milliseconds=number), one.text.replace("{n}", str(number)), origin)
    return incident.replace(
        ApplicationLogs(
            source="filter",
            covered_from=ago(60),
            covered_to=NOW,
            log_groups=(GROUP,),
            lines_read=tally.lines_read + lines_of_others,
            share_read=share_read,
            counts=tally.counts(),
            lines=tally.lines(traces_asked),
            traces_asked=tuple(traces_asked),
            lines_with_trace=tally.with_trace,
        )
    )
