"""Whether a service lacks tasks, now or when the errors were there, so that a refused start may be to blame."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from diagnostics.causes.cause import Facts
from diagnostics.facts import EcsService, ServiceEvent, StoppedTasks, Task
from diagnostics.rules import start_failures, task_stops
from diagnostics.rules.host_ends import BY_A_PERSON

RECENT = timedelta(hours=1)
AROUND = timedelta(minutes=5)


def said_lately(facts: Facts, words: Sequence[str]) -> tuple[ServiceEvent, ...]:
    """Service events of the last hour with one of these words, newest first."""
    return start_failures.events_with(facts.maybe(EcsService), words, facts.now - RECENT)


def failed_lately(facts: Facts, words: Sequence[str]) -> tuple[Task, ...]:
    """Tasks that stopped in the window with one of these words in their reasons."""
    stopped = facts.maybe(StoppedTasks)
    found = task_stops.failed_starts(stopped, facts.window.start, words) if isinstance(stopped, StoppedTasks) else ()
    return tuple(task for task in found if task.stop_code != BY_A_PERSON)


def lacks_tasks(facts: Facts, failed: Sequence[Task], events: Sequence[ServiceEvent]) -> bool:
    """True where tasks failed, while fewer run than wanted, and where it was so when requests found nobody.

    Also where the service could not be read: then nothing says that the failure was overcome.
    """
    service = facts.maybe(EcsService)
    if failed or not isinstance(service, EcsService) or is_short(service):
        return True
    observed = facts.observed
    times = [event.at for event in events]
    if not observed.saw("elb_503", "no-targets") or observed.onset is None or not times:
        return False
    return _overlap(min(times), max(times), observed.onset, observed.last_seen or facts.now)


def is_short(service: EcsService) -> bool:
    return service.running < service.desired or any(d.running < d.desired for d in service.deployments)


def _overlap(first: datetime, last: datetime, begin: datetime, end: datetime) -> bool:
    return first - AROUND <= end and begin <= last + AROUND
