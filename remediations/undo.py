"""The way back: a plan of its own, made of the recorded state before and of the ids that AWS gave."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from pydantic import JsonValue

from remediations.execute import Execution
from remediations.filling import UnknownNameError, filled_guard, filled_write
from remediations.plan import FROM, PLAN, Plan, Success, Undo, Write

SETTLES_S = 60
"""The least time in which an undo is expected to show."""

FINAL = Undo(kind="none", text="diagnose again: what the undo ends in is where the fix began")


def undo_of(plan: Plan, plan_id: str, execution: Execution) -> Plan | None:
    """What takes back what was done of the plan; None when there is nothing, or no way back.

    After a plan that ended in the middle only that part is taken back, and only what was done must still be so.
    To be carried out with ``undoes=True``: what is as it was already is left alone.
    """
    begun = execution.done or tuple(step.index for step in execution.steps if step.state == "lost")
    if plan.undo.kind == "none" or not begun:
        return None
    known = {**execution.kept, PLAN: plan_id}
    writes = tuple(_possible([write for write in plan.undo.writes if not _is_for_others(write, plan, begun)], known))
    checked = plan.undo.guards if execution.status == "done" else tuple(plan.writes[i].done_when for i in begun)
    try:
        guards = tuple(filled_guard(guard, known) for guard in checked)
    except UnknownNameError:  # what would show that nobody else has changed it is not known
        return None
    if not writes:
        return None
    return Plan(
        fix=plan.fix,
        title=f"Undo: {plan.title}",
        risk=plan.risk,
        resource=plan.resource,
        changes=tuple(
            change.model_copy(update={"before": change.after, "after": change.before}) for change in plan.changes
        ),
        guards=guards,
        writes=writes,
        success=Success(
            text="it is as it was before",
            within_s=max(SETTLES_S, plan.success.within_s if plan.undo.kind == "compensating" else 0),
            guards=tuple(write.done_when for write in writes),
        ),
        undo=FINAL,
        touches=plan.touches,
        eta_s=SETTLES_S if plan.undo.kind == "exact" else max(SETTLES_S, plan.eta_s),
        judged_by_tags_of=plan.judged_by_tags_of,
    )


def _is_for_others(back: Write, plan: Plan, begun: Collection[int]) -> bool:
    """Whether it sets back, or takes away, only what was never set or made: if that differs from before, somebody else
    has changed it."""
    same = [index for index, write in enumerate(plan.writes) if set(write.resources) == set(back.resources)]
    alike = [index for index in same if plan.writes[index].call.action == back.call.action] or same
    return bool(alike) and not any(index in begun for index in alike)


def _possible(writes: Iterable[Write], known: Mapping[str, JsonValue]) -> Iterator[Write]:
    """A write that refers to something that was never made has nothing to take back.

    What an earlier write of the undo itself keeps is filled in when it is carried out.
    """
    listed = tuple(writes)
    own = {kept.name for write in listed for kept in write.keeps}
    for write in listed:
        try:
            yield filled_write(write, {**known, **{name: {FROM: name} for name in own}})
        except UnknownNameError:
            continue
