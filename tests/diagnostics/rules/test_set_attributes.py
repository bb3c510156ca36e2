"""What an attribute was before, as far as somebody changed it."""

from __future__ import annotations

import pytest

from diagnostics.causes.cause import Facts
from diagnostics.facts import Changes
from diagnostics.rules.observations import Observations
from diagnostics.rules.set_attributes import former_attribute
from tests.incidents.building import LB, Incident, ago, change

IDLE = "idle_timeout.timeout_seconds"


@pytest.mark.parametrize(
    ("set_to", "before"),
    [(("300", "60"), "300"), (("60", "60"), None), (("60",), None), (("60", "300"), None)],
    ids=["another value", "the same value twice", "nothing before", "not the present value"],
)
def test_the_value_before_the_last_change(set_to: tuple[str, ...], before: str | None) -> None:
    changes = [
        change(
            "ModifyLoadBalancerAttributes",
            minutes_ago=60 - number,
            resources=(LB,),
            request={"attributes": [{"key": IDLE, "value": value}]},
        ).model_copy(update={"id": str(number)})
        for number, value in enumerate(set_to)
    ]
    snapshot = Incident().changed(*changes).snapshot()
    facts = Facts(snapshot, Observations(), (Changes,), ())
    found = former_attribute(facts, LB, IDLE, "60", ago(10))
    assert (found.value if found else None) == before
