"""Looking whether a fix has worked. Each look is short; when the next one comes is for the queue."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from pydantic import JsonValue

from diagnostics.facts.fact import Gap
from remediations.approval import Progress
from remediations.plan import Call, Guard, Plan, Quiet
from remediations.reading import Reads, see

MINUTE_S: Final = 60
PUBLISHED_AFTER_S: Final = 90
"""CloudWatch has a minute of a load balancer's metrics so long after it is over, as a rule. A minute that it does not
have yet looks like one without errors."""

LEAST_PAUSE_S: Final = 5.0
MOST_PAUSE_S: Final = 30.0
LOOKS_PER_PLAN: Final = 20
GRACE_S: Final = 30.0
"""A fix is given so much more than the time that it needs at most: reading takes time, too."""

CLOSES_AFTER_S: Final = 900


def check(plan: Plan, reads: Reads, since: datetime, now: datetime, before: Progress | None = None) -> Progress:
    """What holds now of what shows that the plan worked. `since`: when it was carried out."""
    success = plan.success
    seen = [(guard.text, see(reads, guard).holds) for guard in success.guards]
    silent = _silent(success.quiet, reads, since, now)
    both = [*seen, *((_text_of(quiet), is_so) for quiet, is_so in zip(success.quiet, silent, strict=True))]
    missing = tuple(text for text, holds in both if not holds)
    since_before = before.held_since if before is not None else None
    return Progress(
        at=now,
        holding=tuple(text for text, holds in both if holds),
        missing=missing,
        failing=_failing(success.fails, reads),
        held_since=None if missing else since_before or _held_since(plan, since, now),
    )


def stayed_quiet(plan: Plan, reads: Reads, since: datetime, now: datetime) -> tuple[bool | None, tuple[str, ...]]:
    """Whether all that showed success is so still and no error has come since; None where that could not be read. And
    what is no longer so."""
    seen = [see(reads, guard) for guard in plan.success.guards]
    missing = tuple(one.guard.text for one in seen if one.gap is None and not one.holds)
    if missing:
        return False, missing
    end = _minute(now - timedelta(seconds=PUBLISHED_AFTER_S))
    sums = errors_between(plan.success.quiet, reads, since, end) if plan.success.quiet and since < end else []
    if isinstance(sums, Gap) or any(one.gap is not None for one in seen):
        return None, ()
    return not any(sums), ()


def gives_up_at(plan: Plan, since: datetime) -> datetime:
    """When it has taken too long. Quiet is seen only when it has lasted."""
    quiet_s = max((quiet.for_s + PUBLISHED_AFTER_S + MINUTE_S for quiet in plan.success.quiet), default=0)
    return since + timedelta(seconds=plan.success.within_s + GRACE_S + quiet_s)


def shows_recovery(plan: Plan) -> bool:
    """Whether targets that are healthy or errors that stopped are among what shows that it worked. A setting that is as
    it should be is no recovery."""
    looks = (guard.look.call.operation for guard in plan.success.guards)
    return bool(plan.success.quiet) or "describe_target_health" in looks


def next_look_s(plan: Plan) -> float:
    return min(MOST_PAUSE_S, max(LEAST_PAUSE_S, plan.success.within_s / LOOKS_PER_PLAN))


def errors_between(quiets: Sequence[Quiet], reads: Reads, start: datetime, end: datetime) -> list[float] | Gap:
    """The sums of the metrics over whole minutes; an error metric without data points is zero."""
    queries: JsonValue = [_query(index, quiet) for index, quiet in enumerate(quiets)]
    parameters: dict[str, JsonValue] = {
        "MetricDataQueries": queries,
        "StartTime": start.isoformat(),
        "EndTime": end.isoformat(),
    }
    answer = reads.read(Call(service="cloudwatch", operation="get_metric_data", parameters=parameters))
    if isinstance(answer, Gap):
        return answer
    sums = [0.0] * len(quiets)
    for result in answer.get("MetricDataResults", ()):
        sums[int(str(result["Id"])[1:])] += sum(result.get("Values", ()))
    return sums


def _silent(quiets: Sequence[Quiet], reads: Reads, since: datetime, now: datetime) -> list[bool]:
    """Whether each has been at zero for its time, in minutes that began after the fix and that CloudWatch has."""
    if not quiets:
        return []
    found = []
    for quiet in quiets:
        end = _minute(now - timedelta(seconds=PUBLISHED_AFTER_S))
        start = end - timedelta(seconds=max(MINUTE_S, math.ceil(quiet.for_s / MINUTE_S) * MINUTE_S))
        if start < since:
            found.append(False)
            continue
        sums = errors_between([quiet], reads, start, end)
        found.append(not isinstance(sums, Gap) and sums[0] == 0)
    return found


def _held_since(plan: Plan, since: datetime, now: datetime) -> datetime:
    """Quiet is noticed late: it began before it had lasted."""
    late_s = max((quiet.for_s for quiet in plan.success.quiet), default=0)
    return max(since, now - timedelta(seconds=late_s))


def _failing(fails: Sequence[Guard], reads: Reads) -> str | None:
    return next((guard.text for guard in fails if see(reads, guard).holds), None)


def _query(index: int, quiet: Quiet) -> JsonValue:
    dimensions: JsonValue = [{"Name": name, "Value": value} for name, value in sorted(quiet.dimensions.items())]
    metric: JsonValue = {"Namespace": quiet.namespace, "MetricName": quiet.metric, "Dimensions": dimensions}
    return {"Id": f"q{index}", "MetricStat": {"Metric": metric, "Period": MINUTE_S, "Stat": "Sum"}}


def _text_of(quiet: Quiet) -> str:
    return f"{quiet.metric} is at zero for {quiet.for_s} s"


def _minute(moment: datetime) -> datetime:
    return datetime.fromtimestamp(math.floor(moment.timestamp() / MINUTE_S) * MINUTE_S, UTC)
