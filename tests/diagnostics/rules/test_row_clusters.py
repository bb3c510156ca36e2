"""Rows are parted into the stories they tell, and their numbers scaled to all rows."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnostics.facts import AccessLogs
from diagnostics.rules.observations import observe
from diagnostics.rules.row_clusters import RowCluster, clusters_of, spread
from diagnostics.rules.target_ends import target_ends
from tests.incidents.building import OTHER_TG, TG, Incident, change, stopped_task
from tests.incidents.on_hosts import bound, lost_task, on_hosts
from tests.incidents.rows import ALL_TARGETS, Rows, answered, closed, connect_timeouts, gave_up, logged, refused, slow
from tests.incidents.stopping import leaving, lost_at

EXPORT = ("GET shop.example.com/export/:id",)
LEAVING = "10.0.1.60:8080"


def clusters(*kinds: Rows, ends: bool = False, **traffic: object) -> tuple[RowCluster, ...]:
    incident = logged(Incident(), *kinds, **traffic)  # type: ignore[arg-type]
    crash = stopped_task(9, minutes_ago=20, exit_code=1, ip="10.0.1.60", ran_minutes=300)
    stopped = incident.stopped(crash).snapshot() if ends else incident.snapshot()
    facts = {name: fact for name, fact in stopped.facts.items() if name in {"stopped_tasks", "changes"}}
    logs = incident.known(AccessLogs)
    return clusters_of(logs, (TG,), target_ends(facts["stopped_tasks"], facts["changes"]))


def populations(found: tuple[RowCluster, ...]) -> dict[str, int]:
    return {cluster.population: cluster.count for cluster in found}


def test_resets_and_killed_workers_are_two_populations() -> None:
    found = clusters(closed(120, (0.001, 0.03)), closed(40, (30.0, 30.4), since=49))
    assert populations(found) == {"rest": 120, "constant": 40}
    killed = next(cluster for cluster in found if cluster.population == "constant")
    assert killed.target_s is not None
    assert 30.0 <= killed.target_s.middle <= 30.4


def test_a_route_that_always_fails_is_parted_from_a_trickle() -> None:
    found = clusters(closed(80, (0.02, 0.05), routes=EXPORT), closed(100, (0.001, 0.02), since=49), always=EXPORT)
    assert populations(found) == {"route": 80, "rest": 100}


def test_a_route_that_is_all_of_the_traffic_stands_out_from_nothing() -> None:
    found = clusters(closed(80, (0.02, 0.05), routes=EXPORT), always=EXPORT, per_minute=0)
    assert populations(found) == {"rest": 80}


def test_a_busy_route_has_most_of_the_rows_and_is_no_population() -> None:
    found = clusters(closed(100, (0.001, 0.02), routes=EXPORT), route_share={EXPORT[0]: 0.9})
    assert populations(found) == {"rest": 100}


def test_one_of_four_targets_that_fails_far_more_often() -> None:
    found = clusters(closed(60, (0.1, 0.2), targets=ALL_TARGETS[:1]), closed(12, (0.1, 0.2), since=49))
    assert populations(found) == {"target": 63, "rest": 9}


def test_a_target_with_most_of_the_traffic_may_have_most_of_the_errors() -> None:
    found = clusters(
        closed(90, (0.1, 0.2), targets=ALL_TARGETS[:1]),
        closed(10, (0.1, 0.2), targets=ALL_TARGETS[1:], since=49),
        target_share={ALL_TARGETS[0]: 0.85, **dict.fromkeys(ALL_TARGETS[1:], 0.05)},
    )
    assert populations(found) == {"rest": 100}


def test_rows_at_the_end_of_a_target_belong_to_it() -> None:
    found = clusters(
        closed(30, (0.1, 2.0), since=20.8, until=19.9, targets=(LEAVING,)), closed(100, (0.001, 0.02)), ends=True
    )
    assert populations(found) == {"at-end-of-target": 30, "rest": 100}
    assert {len(cluster.ended) for cluster in found} == {0, 1}


def test_a_released_address_gets_connection_time_outs_for_three_minutes() -> None:
    found = clusters(
        connect_timeouts(20, since=19.5, until=17.5, targets=(LEAVING,)),
        connect_timeouts(5, since=12, until=11, targets=(LEAVING,)),
        ends=True,
    )
    assert populations(found)["at-end-of-target"] == 20
    assert sum(cluster.count for cluster in found) == 25


def test_rows_of_another_target_in_the_same_second_are_not_of_the_stop() -> None:
    found = clusters(closed(30, (0.1, 2.0), since=20.8, until=19.9), ends=True)
    assert "at-end-of-target" not in populations(found)


def test_other_target_groups_are_left_out() -> None:
    assert clusters(closed(30, 0.01, group=OTHER_TG)) == ()


def test_counts_are_scaled_from_the_sample() -> None:
    (found,) = clusters(slow(1000), sample=50)
    assert (found.count, len(found.rows)) == (1000, 50)


def test_a_kind_without_a_sample_is_still_counted() -> None:
    incident = logged(Incident(), refused(40))
    logs = incident.known(AccessLogs).model_copy(update={"sample": ()})
    (found,) = clusters_of(logs, (TG,))
    assert (found.count, found.rows, found.population) == (40, (), "whole")


def test_callers_with_a_timer_are_constant() -> None:
    found = clusters(gave_up(50, (10.0, 10.2)), gave_up(30, (0.1, 1.0), since=49))
    assert populations(found) == {"constant": 50, "rest": 30}


def test_the_symptom_is_the_one_of_the_side_that_made_the_error() -> None:
    found = clusters(answered(10, 503), closed(10, 1.0))
    assert {cluster.symptom for cluster in found} == {"target_5xx", "elb_502"}


@pytest.mark.parametrize("values", [[], [None], [-1.0, None]])
def test_no_measured_time_has_no_spread(values: list[float | None]) -> None:
    assert spread(values) is None


@settings(max_examples=60, deadline=None)
@given(
    numbers=st.lists(
        st.tuples(st.integers(1, 40), st.floats(0, 70), st.sampled_from(["closed", "slow", "refused", "gave_up"])),
        min_size=1,
        max_size=6,
    ),
    sample=st.one_of(st.none(), st.integers(1, 30)),
)
def test_every_row_is_in_one_cluster_and_keys_are_unique(
    numbers: list[tuple[int, float, str]], sample: int | None
) -> None:
    make: dict[str, Callable[[int, float], Rows]] = {
        "closed": lambda n, s: closed(n, (s, s + 1)),
        "slow": lambda n, _: slow(n),
        "refused": lambda n, _: refused(n),
        "gave_up": gave_up,
    }
    rows = [make[kind](number, at) for number, at, kind in numbers]
    found = clusters(*rows, sample=sample)
    total = sum(number for number, _, _ in numbers)
    assert len({cluster.key for cluster in found}) == len(found)
    assert sum(len(cluster.rows) for cluster in found) <= total
    assert abs(sum(cluster.count for cluster in found) - total) <= 2 * len(found)


def ended(incident: Incident, *kinds: Rows) -> tuple[RowCluster, ...]:
    observed = observe(logged(incident, *kinds).snapshot())
    assert observed.clusters is not None
    return observed.clusters


def test_a_person_s_stop_and_a_scale_in_are_two_stories() -> None:
    incident = Incident().stopped(leaving(8, by="UserInitiated", ip="10.0.1.61"), leaving(9))
    found = ended(incident, lost_at(count=30), lost_at(count=20, targets=("10.0.1.61:8080",)))
    assert {cluster.end_kind: cluster.count for cluster in found} == {"scheduler": 30, "person": 20}


def test_what_fails_everywhere_is_not_the_end_of_one_target() -> None:
    targets = (*ALL_TARGETS, LEAVING)
    found = ended(Incident().stopped(leaving(took_s=300)), closed(300, (0.001, 0.02), since=59, targets=targets))
    assert {cluster.end_kind for cluster in found} == {None}


def test_requests_before_a_person_s_order_are_not_lost_by_it() -> None:
    before = closed(60, (0.1, 4.0), since=21.2, until=20.3, targets=(LEAVING,))
    assert {c.end_kind for c in ended(Incident().stopped(leaving(by="UserInitiated")), before)} == {None}


def test_a_deregistered_target_ends_when_its_delay_is_over() -> None:
    request = {"targetGroupArn": TG, "targets": [{"id": "10.0.1.60", "port": 8080}]}
    taken = change("DeregisterTargets", minutes_ago=30, resources=(TG,), request=request)
    late = lost_at(25.5, count=20, after_s=(280.0, 310.0))
    (cluster,) = ended(Incident().changed(taken), late)
    assert cluster.end_kind == "deregistered"
    by_ecs = taken.model_copy(update={"by_service": "ecs.amazonaws.com"})
    assert ended(Incident().changed(by_ecs), late)[0].end_kind == "scheduler"


def test_the_end_of_a_task_is_not_that_of_the_same_port_on_another_host() -> None:
    incident = on_hosts({"i-0a": (32801,), "i-0b": (32801,)})
    incident.stopped(lost_task(50, "i-0b", stop_code="EssentialContainerExited", containers=bound(32801)))

    def ended(place: str) -> set[str]:
        logged(incident, closed(30, (0.1, 2.0), since=20.8, until=19.9, targets=(place,)))
        return {cluster.population for cluster in observe(incident.snapshot()).clusters or ()}

    assert ended("10.0.1.5:32801") == {"target"}
    assert ended("10.0.2.5:32801") == {"at-end-of-target"}
