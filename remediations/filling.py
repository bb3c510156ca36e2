"""Putting in what is known only when a plan is carried out: ids that AWS gave, the plan's own id."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import JsonValue

from remediations.plan import FROM, Call, Guard, Kept, Look, Plan, Write


class UnknownNameError(LookupError):
    """A value refers to something that was never kept."""


def filled(value: JsonValue, known: Mapping[str, JsonValue]) -> JsonValue:
    """The value with every ``{"$from": name}`` replaced. Raises `UnknownNameError`."""
    if isinstance(value, dict):
        if set(value) == {FROM}:
            name = str(value[FROM])
            if known.get(name) is None:
                raise UnknownNameError(name)
            return known[name]
        return {key: filled(inner, known) for key, inner in value.items()}
    if isinstance(value, list):
        return [filled(inner, known) for inner in value]
    return value


def filled_call(call: Call, known: Mapping[str, JsonValue]) -> Call:
    parameters = {key: filled(value, known) for key, value in call.parameters.items()}
    return call.model_copy(update={"parameters": parameters})


def filled_guard(guard: Guard, known: Mapping[str, JsonValue]) -> Guard:
    return guard.model_copy(
        update={"look": _look(guard.look, known), "expected": filled(guard.expected, known)},
    )


def filled_write(write: Write, known: Mapping[str, JsonValue]) -> Write:
    """The write with all that can be known before it. Raises `UnknownNameError`."""
    call = filled_call(write.call, known)
    return write.model_copy(
        update={
            "call": call,
            "resources": tuple(_named(arn, call) for arn in write.resources),
            "done_when": filled_guard(write.done_when, known),
            "keeps": tuple(_kept(kept, known) for kept in write.keeps),
            "reads": {name: filled_call(call, known) for name, call in write.reads.items()},
            "arguments": {key: filled(value, known) for key, value in write.arguments.items()},
        }
    )


def as_done(plan: Plan, kept: Mapping[str, JsonValue]) -> Plan:
    """The plan with what AWS gave in what shows its success. A guard about something that is not known stays as it is,
    and never holds."""
    guards = tuple(_if_known(guard, kept) for guard in plan.success.guards)
    return plan.model_copy(update={"success": plan.success.model_copy(update={"guards": guards})})


def _if_known(guard: Guard, kept: Mapping[str, JsonValue]) -> Guard:
    try:
        return filled_guard(guard, kept)
    except UnknownNameError:
        return guard


def _named(arn: str, call: Call) -> str:
    """What stood for a thing that had no name yet is its ARN, once the call gives that."""
    values = (value for value in call.parameters.values() if isinstance(value, str))
    return next((value for value in values if arn.endswith("/*") and value.startswith(arn[:-1])), arn)


def _kept(kept: Kept, known: Mapping[str, JsonValue]) -> Kept:
    return kept.model_copy(update={"look": _look(kept.look, known)})


def _look(look: Look, known: Mapping[str, JsonValue]) -> Look:
    return look.model_copy(update={"call": filled_call(look.call, known)})
