"""A task's boot time is where the count of healthy targets rises after its start."""

from diagnostics.causes.cause import Facts
from diagnostics.facts import Metrics, RunningTasks, TargetGroups, TargetHealth
from diagnostics.rules.boot_time import boots_before
from diagnostics.rules.observations import observe
from tests.incidents.building import LB_DIMENSION, TG, TG_DIMENSION, Incident, minutes_of, task


def seconds(incident: Incident) -> list[int]:
    snapshot = incident.snapshot()
    needs = (Metrics, RunningTasks, TargetGroups, TargetHealth)
    facts = Facts(snapshot, observe(snapshot), needs, ())
    return [boot.seconds for boot in boots_before(facts, facts[TargetGroups].items[0])]


def counting(*values: tuple[int, float, float]) -> Incident:
    """Healthy targets as (count, from, until) minutes ago; one task started an hour ago."""
    points = tuple(point for count, since, until in values for point in minutes_of(count, since, until))
    incident = Incident().running(task(1, "10.0.1.21", started=60))
    return incident.metric("HealthyHostCount", points, "Maximum", LoadBalancer=LB_DIMENSION, TargetGroup=TG_DIMENSION)


def test_the_count_rises_when_the_task_is_ready() -> None:
    assert seconds(counting((3, 180, 57), (4, 57, 0))) == [180]


def test_another_target_may_leave_before() -> None:
    assert seconds(counting((4, 180, 58), (3, 58, 55), (4, 55, 0))) == [300]


def test_without_a_rise_nothing_is_known() -> None:
    assert seconds(counting((4, 180, 0))) == []


def test_a_task_older_than_the_metrics_tells_nothing() -> None:
    assert seconds(counting((3, 50, 40), (4, 40, 0))) == []


def test_a_task_that_is_not_healthy_tells_nothing() -> None:
    incident = counting((3, 180, 57), (4, 57, 0))
    targets = incident.known(TargetHealth).by_group[TG]
    assert seconds(incident.targets(target.model_copy(update={"state": "initial"}) for target in targets)) == []
