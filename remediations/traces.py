"""What a fix leaves in the audit for a later diagnosis: which settings it changed, by which calls, of what."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from pydantic import JsonValue

from diagnostics.report import ReportTarget
from remediations.execute import Execution
from remediations.filling import UnknownNameError, filled_write
from remediations.plan import PLAN, Plan, Write

MAX_CHANGES: Final = 10
MAX_VALUE: Final = 120
MAX_PARAMETERS: Final = 4_000
"""Longer parameters, such as a whole task definition, are left out."""


def trace_of(plan: Plan, plan_id: str, target: ReportTarget, done: Execution) -> dict[str, JsonValue]:
    """Nothing in it is secret: a plan is made of what a report may show."""
    known = {**done.kept, PLAN: plan_id}
    about = [*target.load_balancers, *target.target_groups]
    about += [f"{target.cluster}/{target.service}"] if target.service else []
    about += [target.function] if target.function else []
    return {
        "status": done.status,
        "within_s": plan.success.within_s,
        "about": list(about),
        "changes": [
            {"setting": change.setting, "before": _shown(change.before), "after": _shown(change.after)}
            for change in plan.changes[:MAX_CHANGES]
        ],
        "calls": [_call(plan, plan.writes[index], known) for index in done.done if index < len(plan.writes)],
    }


def _call(plan: Plan, write: Write, known: Mapping[str, JsonValue]) -> JsonValue:
    way_back = next((back for back in plan.undo.writes if _is_same_setting(back, write)), None)
    return {
        "service": write.call.service,
        "operation": write.call.operation,
        "parameters": _parameters(write, known),
        "before": {} if way_back is None or plan.undo.kind != "exact" else _parameters(way_back, known),
        "resources": list(write.resources),
    }


def _parameters(write: Write, known: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """None of those that were made of a live answer: they hold more than a report may."""
    if write.prepared_by is not None:
        return {}
    try:
        parameters = filled_write(write, known).call.parameters
    except UnknownNameError:
        return {}
    return dict(parameters) if len(json.dumps(parameters)) <= MAX_PARAMETERS else {}


def _is_same_setting(back: Write, write: Write) -> bool:
    same_call = (back.call.service, back.call.operation) == (write.call.service, write.call.operation)
    return same_call and back.resources == write.resources


def _shown(value: JsonValue) -> str | None:
    if value is None:
        return None
    return (value if isinstance(value, str) else json.dumps(value))[:MAX_VALUE]
