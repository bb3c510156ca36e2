"""Give the health path the time that it takes."""

from __future__ import annotations

import math
from collections.abc import Iterator

from diagnostics.causes.cause import Facts
from diagnostics.rules.app_lines import LINE_USES, health_requests
from diagnostics.rules.health_answers import explanation
from diagnostics.rules.health_case import CASE_NEEDS, CASE_USES, CHECKS_DOC, HealthCase, health_cases
from diagnostics.rules.proven_check import PROVEN_CHECK_USES, former
from remediations.fix import Case, fix
from remediations.plan import Plan
from remediations.steps import health_checks
from remediations.steps.colours import colours
from remediations.steps.health_checks import Value

SPARE = 1.5
MAX_TIMEOUT_S = 120
STEP_S = 5


@fix(
    id="health-check-timeout",
    title="Give the health check's path the time that it takes",
    risk="low",
    causes=("health-check-timeout-too-short",),
    calls=("elasticloadbalancing:ModifyTargetGroup",),
    needs=CASE_NEEDS,
    uses=(*CASE_USES, *PROVEN_CHECK_USES, *LINE_USES),
    docs=(CHECKS_DOC,),
)
def health_check_timeout(case: Case) -> Iterator[Plan]:
    """Raises HealthCheckTimeoutSeconds to what it was before the change that brought the trouble, or to half as much
    again as the application's log shows the health path to take; the interval with it, as it has to be longer.

    A target that hangs is noticed later by as much. It mends nothing: a health path that waits for something else
    should answer for its process alone. The undo sets the former values again.
    """
    for item in health_cases(case.facts):
        if item.group.arn not in case.cause.resources or item.mended or explanation(item) != "timeout":
            continue
        found = _wanted(item, case.facts) if case.cause.band != "possible" else None
        if found is None:
            continue
        timeout_s, why = found
        check = item.group.health_check
        values: dict[str, Value] = {"timeout_s": timeout_s}
        if check.interval_s <= timeout_s:
            values["interval_s"] = timeout_s + STEP_S
        both = colours(case.facts, item.group, "timeout_s", "interval_s")  # one has to stay below the other
        every_s = values.get("interval_s", check.interval_s)
        later = f"a target that hangs is given up after {check.unhealthy_threshold} checks {every_s} s apart"
        yield health_checks.plan(
            both,
            values,
            fix="health-check-timeout",
            change=f"time-out {check.timeout_s} s → {timeout_s} s",
            risk="low",
            warnings=(why, later),
            replaces_tasks=bool(item.killed),
        )


def _wanted(item: HealthCase, facts: Facts) -> tuple[int, str] | None:
    now, change = item.group.health_check.timeout_s, item.changed("healthCheckTimeoutSeconds")
    before = str(former(item, "healthCheckTimeoutSeconds") or "")
    if change is not None and before.isdigit() and now < int(before) <= MAX_TIMEOUT_S:
        why = f"the time-out was {before} s until {change.at:%H:%M} UTC, and targets were healthy with it"
        return int(before), why
    took = max(_answered_after(item, facts), default=0.0)
    wanted = math.ceil(took * SPARE / STEP_S) * STEP_S
    if took < now or not now < wanted <= MAX_TIMEOUT_S:
        return None
    return wanted, f"the application's log: its health path answered well, up to {took:.1f} s late"


def _answered_after(item: HealthCase, facts: Facts) -> Iterator[float]:
    """How long the health path took in seconds, where it answered well."""
    for line in health_requests(facts, item.group.health_check.path or "/"):
        text = line.details.get("seconds", "")
        if line.details.get("status", "").startswith("2") and text.replace(".", "", 1).isdigit():
            yield float(text)
