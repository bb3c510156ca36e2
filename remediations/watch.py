"""Looking whether a fix has worked. Each look is short; when the next one comes is for the queue."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from diagnostics.facts.fact import Gap
from remediations import counting
from remediations.approval import Progress
from remediations.counting import MINUTE_S
from remediations.plan import Guard, Plan, Quiet
from remediations.reading import Reads, see

PUBLISHED_AFTER_S: Final = 90
"""CloudWatch has a minute of a load balancer's metrics so long after it is over, as a rule. A minute that it does not
have yet looks like one without errors."""

LEAST_PAUSE_S: Final = 5.0
MOST_PAUSE_S: Final = 30.0
LOOKS_PER_PLAN: Final = 20
GRACE_S: Final = 30.0
"""A fix is given so much more than the time that it needs at most: reading takes time, too."""

CLOSES_AFTER_S: Final = 900
COMPLETE: Final = "Complete"


def check(plan: Plan, reads: Reads, since: datetime, now: datetime) -> Progress:
    """What holds now of what shows that the plan worked. `since`: when it was carried out."""
    success = plan.success
    seen = [(guard.text, see(reads, guard).holds) for guard in success.guards]
    seen += [(_text_of(quiet), _is_silent(quiet, reads, since, now)) for quiet in success.quiet]
    missing = tuple(text for text, holds in seen if not holds)
    return Progress(
        at=now,
        holding=tuple(text for text, holds in seen if holds),
        missing=missing,
        failing=_failing(success.fails, reads),
        held_since=None if missing else _held_since(plan, since, now),
    )


def stayed_quiet(plan: Plan, reads: Reads, since: datetime, now: datetime) -> tuple[bool | None, tuple[str, ...]]:
    """Whether all that showed success is so still and no error has come since; None where that could not be read. And
    what is no longer so. The first minutes are those that CloudWatch did not have yet when success was seen."""
    seen = [see(reads, guard) for guard in plan.success.guards]
    missing = tuple(one.guard.text for one in seen if one.gap is None and not one.holds)
    if missing:
        return False, missing
    end = _minute(now - timedelta(seconds=PUBLISHED_AFTER_S))
    start = _minute(since - timedelta(seconds=PUBLISHED_AFTER_S))
    sums = errors_between(plan.success.quiet, reads, start, end) if plan.success.quiet and start < end else []
    if isinstance(sums, Gap) or any(one.gap is not None for one in seen):
        return None, ()
    return not any(sums), ()


def gives_up_at(plan: Plan, since: datetime) -> datetime:
    """When it has taken too long. Quiet is seen only when it has lasted."""
    quiet_s = max((quiet.for_s + PUBLISHED_AFTER_S + MINUTE_S for quiet in plan.success.quiet), default=0)
    return since + timedelta(seconds=plan.success.within_s + GRACE_S + quiet_s)


def shows_recovery(plan: Plan) -> bool:
    """Whether targets that are healthy or errors that stopped are among what shows that it worked. A setting that is as
    it should be is no recovery, nor is what was so before."""
    looks = (guard.look.call.operation for guard in plan.success.guards if guard not in plan.guards)
    return bool(plan.success.quiet) or "describe_target_health" in looks


def next_look_s(plan: Plan) -> float:
    return min(MOST_PAUSE_S, max(LEAST_PAUSE_S, plan.success.within_s / LOOKS_PER_PLAN))


def errors_between(quiets: Sequence[Quiet], reads: Reads, start: datetime, end: datetime) -> list[float] | Gap:
    """The sums of the metrics over whole minutes; an error metric without data points is zero. What CloudWatch did not
    work out to the end is not known."""
    call = counting.sums(quiets, start, end)
    answer = reads.read(call)
    if isinstance(answer, Gap):
        return answer
    results = answer.get("MetricDataResults", ())
    found: defaultdict[str, float] = defaultdict(float)
    for result in results:
        found[result["Id"]] += sum(result.get("Values", ()))
    if len(found) < len(quiets) or any(result.get("StatusCode", COMPLETE) != COMPLETE for result in results):
        return Gap(action=call.action, resource="*", error="SeriesNotAnswered")
    return [found[f"q{index}"] for index in range(len(quiets))]


def _is_silent(quiet: Quiet, reads: Reads, since: datetime, now: datetime) -> bool:
    """Whether it has been at zero for its time, in minutes that began after the fix and that CloudWatch has."""
    end = _minute(now - timedelta(seconds=PUBLISHED_AFTER_S))
    start = end - timedelta(seconds=max(MINUTE_S, math.ceil(quiet.for_s / MINUTE_S) * MINUTE_S))
    return start >= since and errors_between([quiet], reads, start, end) == [0]


def _held_since(plan: Plan, since: datetime, now: datetime) -> datetime:
    """Quiet is noticed late: it began before it had lasted."""
    late_s = max((quiet.for_s for quiet in plan.success.quiet), default=0)
    return max(since, now - timedelta(seconds=late_s))


def _failing(fails: Sequence[Guard], reads: Reads) -> str | None:
    return next((guard.text for guard in fails if see(reads, guard).holds), None)


def _text_of(quiet: Quiet) -> str:
    return f"{quiet.metric} is at zero for {quiet.for_s} s"


def _minute(moment: datetime) -> datetime:
    return datetime.fromtimestamp(math.floor(moment.timestamp() / MINUTE_S) * MINUTE_S, UTC)
