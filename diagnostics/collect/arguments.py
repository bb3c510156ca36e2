"""What a collector is started with, and what keeps it from starting."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from diagnostics.collect.collector import CollectorSpec, Later, Parameter
from diagnostics.collect.unread import passed_on
from diagnostics.facts.fact import Fact, Gap, NotApplicable, Unread
from diagnostics.snapshot import Outcome

Outcomes = Mapping[type[Fact], Outcome]


def blocked(spec: CollectorSpec, outcomes: Outcomes) -> Unread | None:
    """The outcome of a collector that cannot begin, because a fact that it needs is not there."""
    for parameter in spec.parameters:
        if parameter.need != "known" or parameter.fact is None:
            continue
        outcome = outcomes[parameter.fact]
        if isinstance(outcome, Gap):
            return passed_on(outcome, parameter.fact)
        if isinstance(outcome, NotApplicable):
            return outcome
    return None


def arguments(spec: CollectorSpec, outcomes: Outcomes, plain: Mapping[str, Any]) -> dict[str, Any]:
    """By the names of its parameters; `plain` are those that are no facts, by `Need`."""
    return {parameter.name: _argument(parameter, outcomes, plain) for parameter in spec.parameters}


def _argument(parameter: Parameter, outcomes: Outcomes, plain: Mapping[str, Any]) -> Any:
    if parameter.fact is None:
        return plain[parameter.need]
    return Later(parameter.fact) if parameter.need == "later" else outcomes[parameter.fact]
