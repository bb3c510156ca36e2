"""Give a target more time before it is given up."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.facts import TargetGroup, TargetGroups
from diagnostics.rules.health_case import CASE_NEEDS, CASE_USES, CHECKS_DOC
from diagnostics.rules.proven_check import PROVEN_CHECK_USES
from remediations.fix import Case, fix
from remediations.plan import Plan
from remediations.steps import health_checks
from remediations.steps.colours import colours
from remediations.steps.health_checks import Edit, Value

INTERVAL_S = 15
LASTING_S = 300
"""Targets that come and go are all healthy now and then."""
FAILURES = 3
"""Together three quarters of a minute, which outlasts a pause of seconds; AWS's own default is a whole minute."""


@fix(
    id="health-check-thresholds",
    title="Give a target more time before it is given up",
    risk="low",
    causes=("health-check-thresholds-too-aggressive",),
    calls=("elasticloadbalancing:ModifyTargetGroup",),
    needs=CASE_NEEDS,
    uses=(*CASE_USES, *PROVEN_CHECK_USES),
    docs=(CHECKS_DOC,),
)
def health_check_thresholds(case: Case) -> Iterator[Plan]:
    """Raises UnhealthyThresholdCount to 3 and HealthCheckIntervalSeconds to 15 where they are lower, so that a pause of
    seconds takes no target out. A target that really hangs gets requests for that much longer. A narrower choice
    raises the count alone. The undo sets the former values again.
    """
    for arn in case.cause.resources:
        group = case.facts[TargetGroups].of(arn)
        if group is not None and case.cause.band != "possible":
            yield from _plans(case, group)


def _plans(case: Case, group: TargetGroup) -> Iterator[Plan]:
    check = group.health_check
    values: dict[str, Value] = {}
    if check.unhealthy_threshold < FAILURES:
        values["unhealthy_threshold"] = FAILURES
    if check.interval_s < INTERVAL_S:
        values["interval_s"] = INTERVAL_S
    if not values:
        return
    whole = _plan(case, group, values)
    first: dict[str, Value] = {"unhealthy_threshold": FAILURES}
    fewer = "unhealthy_threshold" in values and len(values) > 1
    alone = (_plan(case, group, first, "only the number of failures"),) if fewer else ()
    yield whole.model_copy(update={"narrower": (*whole.narrower, *alone)})


def _plan(case: Case, group: TargetGroup, values: dict[str, Value], label: str = "") -> Plan:
    after = Edit(group, values).after
    return health_checks.plan(
        colours(case.facts, group, *values),
        values,
        fix="health-check-thresholds",
        change=f"give a target up after {after.detection_s} s, not {group.health_check.detection_s} s",
        risk="low",
        warnings=(f"a target that hangs gets requests for up to {after.detection_s} s",),
        lasting_s=LASTING_S,
        label=label,
    )
