"""Whose requests are counted, and how often."""

from typing import Any

import pytest

from diagnostics.causes.cause import Facts
from diagnostics.rules.load import LOAD_USES, Load, load_of
from diagnostics.rules.observations import observe
from tests.incidents.building import LB_DIMENSION, NOW, OTHER_TG, Incident, ago, minutes_of
from tests.incidents.loading import USUAL, load

WHOLE = {"kind": "load-balancer", "cluster": None, "service": None, "target_groups": ()}
OTHER_GROUP = OTHER_TG.rsplit(":", 1)[-1]
AS_FAR_BACK_AS_MINUTES_GO = 180
"""So that only the day and the week before say what is usual."""


def told(incident: Incident, since: float, **asked: Any) -> Load | None:
    incident.subject = incident.subject.model_copy(update=asked)
    snapshot = incident.snapshot()
    return load_of(Facts(snapshot, observe(snapshot), (), LOAD_USES), ago(since), NOW)


@pytest.mark.parametrize("asked", [WHOLE, {}], ids=["a whole load balancer", "one service"])
def test_what_a_load_balancer_and_its_groups_count_is_the_same_request(asked: dict[str, Any]) -> None:
    found = told(load(Incident(), USUAL, AS_FAR_BACK_AS_MINUTES_GO), AS_FAR_BACK_AS_MINUTES_GO, **asked)

    assert found is not None
    assert (found.now, found.usual) == (USUAL, USUAL)
    assert not found.is_several_times


def test_all_groups_of_a_whole_load_balancer_are_its_load() -> None:
    incident = load(Incident(), 4 * USUAL, 20)
    incident.metric("RequestCount", minutes_of(USUAL, 180), LoadBalancer=LB_DIMENSION, TargetGroup=OTHER_GROUP)
    found = told(incident, 20, **WHOLE)

    assert found is not None
    assert (found.now, found.usual) == (5 * USUAL, 2 * USUAL)


def test_the_load_of_one_service_is_that_of_its_own_groups() -> None:
    incident = load(Incident(), 4 * USUAL, 20)
    incident.metric("RequestCount", minutes_of(9 * USUAL, 180), LoadBalancer=LB_DIMENSION, TargetGroup=OTHER_GROUP)
    found = told(incident, 20)

    assert found is not None
    assert (found.now, found.usual) == (4 * USUAL, USUAL)


def test_a_load_balancer_whose_groups_could_not_be_read_is_counted_as_a_whole() -> None:
    incident = Incident()
    incident._series = {name: one for name, one in incident._series.items() if "TargetGroup" not in dict(name[2])}
    incident.metric(
        "RequestCount", (*minutes_of(USUAL, 180, 20), *minutes_of(3 * USUAL, 20)), LoadBalancer=LB_DIMENSION
    )
    found = told(incident, 20, **WHOLE)

    assert found is not None
    assert (found.now, found.usual) == (3 * USUAL, USUAL)


def test_a_group_of_which_nobody_read_what_is_usual_makes_no_load_rise() -> None:
    """Flat for as long as the minutes go back; what was usual was read of one of two groups."""
    incident = load(Incident(), USUAL, AS_FAR_BACK_AS_MINUTES_GO)
    flat = minutes_of(2 * USUAL, AS_FAR_BACK_AS_MINUTES_GO)
    incident.metric("RequestCount", flat, LoadBalancer=LB_DIMENSION, TargetGroup=OTHER_GROUP)

    assert told(incident, AS_FAR_BACK_AS_MINUTES_GO, **WHOLE) is None


def test_a_load_balancer_as_a_whole_is_not_compared_with_its_groups_of_yesterday() -> None:
    incident = load(Incident(), USUAL, AS_FAR_BACK_AS_MINUTES_GO)
    incident._series = {name: one for name, one in incident._series.items() if "TargetGroup" not in dict(name[2])}
    incident.metric("RequestCount", minutes_of(3 * USUAL, AS_FAR_BACK_AS_MINUTES_GO), LoadBalancer=LB_DIMENSION)

    assert told(incident, AS_FAR_BACK_AS_MINUTES_GO, **WHOLE) is None
