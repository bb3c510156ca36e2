"""Give leaving targets the time to finish their requests."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.facts import TargetGroupAttributes
from diagnostics.report import SettingChange
from diagnostics.rules.lost_at_stop import LOST_USES, longest_request, lost_at_stops
from diagnostics.rules.routing import short_name
from remediations.fix import Case, fix
from remediations.plan import Plan, Success, Undo
from remediations.steps import target_groups

KEY = "deregistration_delay.timeout_seconds"
SPARE = 1.2
LEAST_S, MOST_S = 20, 3600
"""Nodes of the load balancer need up to 15 s to learn that a target leaves."""
EFFECT_S = 10


@fix(
    id="deregistration-delay-raise",
    title="Give leaving targets the time to finish their requests",
    risk="low",
    causes=("deregistration-delay-too-short",),
    calls=("elasticloadbalancing:ModifyTargetGroupAttributes",),
    needs=(TargetGroupAttributes,),
    uses=LOST_USES,
    docs=("https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-target-group-attributes.html",),
)
def deregistration_delay_raise(case: Case) -> Iterator[Plan]:
    """Raises the deregistration delay to a fifth more than the longest request that was seen, and to 20 s at least.

    Each replacement of a task takes that much longer, since ECS waits for it: deployments and roll-backs do too. It
    counts for targets that begin to leave afterwards. The undo sets the former value again.
    """
    for arn in case.cause.resources:
        known = arn in case.facts[TargetGroupAttributes].by_arn and case.cause.band != "possible"
        longest_s = _longest(case, arn) if known else None
        now_s = case.facts[TargetGroupAttributes].deregistration_delay_s(arn)
        wanted_s = min(max(round((longest_s or 0.0) * SPARE) + 1, LEAST_S), MOST_S)
        if longest_s is not None and wanted_s > now_s:
            yield _plan(arn, now_s, wanted_s, longest_s)


def _longest(case: Case, arn: str) -> float | None:
    """Of the requests that were answered, and of those that a stop cut off."""
    answered = longest_request(case.facts)
    cut_off = [
        row.elapsed_s or 0.0
        for lost in lost_at_stops(case.facts, "scheduler", "deregistered")
        for row in lost.broken_off
        if row.target_group == arn
    ]
    return max([*([] if answered is None else [answered]), *cut_off], default=None)


def _plan(arn: str, now_s: int, wanted_s: int, longest_s: float) -> Plan:
    name = short_name(arn)
    as_read, raised = (
        target_groups.attribute(arn, KEY, str(value), f"the deregistration delay of {name} is {value} s")
        for value in (now_s, wanted_s)
    )
    return Plan(
        fix="deregistration-delay-raise",
        title=f"Deregistration delay of target group {name}: {now_s} s → {wanted_s} s",
        risk="low",
        resource=arn,
        changes=(SettingChange(resource=arn, setting=KEY, before=str(now_s), after=str(wanted_s)),),
        guards=(as_read,),
        writes=(target_groups.set_attribute(arn, KEY, str(wanted_s), raised),),
        success=Success(text=f"targets of {name} are given {wanted_s} s to leave", within_s=EFFECT_S, guards=(raised,)),
        undo=Undo(
            kind="exact",
            text=f"sets it to {now_s} s again",
            writes=(target_groups.set_attribute(arn, KEY, str(now_s), as_read),),
            guards=(raised,),
        ),
        touches=f"every target that leaves {name} from then on",
        warnings=(
            f"requests took up to {longest_s:.0f} s; replacing a task takes up to {wanted_s - now_s} s longer than now",
        ),
        eta_s=EFFECT_S,
    )
