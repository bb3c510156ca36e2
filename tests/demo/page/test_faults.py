"""Each way to break the service breaks it, shows that it does, and is mended again."""

from __future__ import annotations

import pytest

from demo.clock import ManualClock
from demo.page.alarms import Alarms
from demo.page.faults import all_faults
from demo.page.panel import panel
from demo.page.place import Place, place_of
from demo.page.traffic_watch import EVERY_S, TrafficWatch
from demo.scenarios.scenario import ACCOUNT
from demo.world.world import World
from handlers.alarm_formats import read

NOW = 1_795_284_000.0


@pytest.fixture(scope="module")
def place() -> Place:
    world = World(ManualClock(NOW))
    world.account(ACCOUNT).service("checkout", desired=3)
    world.advance(90, step=5)
    found = place_of(world, ACCOUNT, "checkout")
    assert found is not None
    return found


@pytest.mark.parametrize("name", sorted(name for name, fault in all_faults().items() if fault.mend))
def test_what_is_broken_shows_and_is_mended(place: Place, name: str) -> None:
    fault = all_faults()[name]
    assert fault.mend is not None
    assert not fault.is_broken(place)
    for _ in range(2):  # a second press does no harm
        fault.break_it(place)
        assert fault.is_broken(place)
    for _ in range(2):
        fault.mend(place)
        assert not fault.is_broken(place)
    assert [other for other, one in all_faults().items() if one.is_broken(place)] == []


def test_there_are_ten_ways_and_more() -> None:
    assert len(all_faults()) >= 10


def test_tasks_that_are_stopped_come_again(place: Place) -> None:
    place.world.advance(240, step=10)  # what other tests deployed has to be gone
    before = {task.id for task in place.region.store.tasks_of(place.service) if task.is_running}
    all_faults()["stop-tasks"].break_it(place)
    place.world.advance(120, step=5)
    after = {task.id for task in place.region.store.tasks_of(place.service) if task.is_running}
    assert len(after) == len(before) == 3
    assert before - after


def test_an_alarm_goes_off_is_understood_and_is_over(place: Place) -> None:
    world, posted = place.world, list[dict[str, object]]()
    watch = TrafficWatch(place.region, world.now())
    alarms = Alarms(place, watch, posted.append)
    alarms.set_up()
    assert alarms.ring() is not None, "nothing is wrong"

    all_faults()["maintenance-page"].break_it(place)
    for _ in range(3):
        world.advance(EVERY_S, step=5)
        watch.look(world.now())
    assert alarms.ring() is None
    said = read({**posted[0], "ts": f"{world.now()}", "type": "message"})
    assert said.action == "diagnose"
    assert said.post is not None
    assert (said.post.alarm, said.post.state, said.post.account) == ("checkout-elb-5xx", "ALARM", ACCOUNT)
    state = place.client("cloudwatch", "anybody/looking").describe_alarms(AlarmNames=["checkout-elb-5xx"])
    assert state["MetricAlarms"][0]["StateValue"] == "ALARM"

    all_faults()["maintenance-page"].mend(place)  # type: ignore[misc]
    for number in range(12):
        world.advance(EVERY_S, step=5)
        watch.look(world.now())
        alarms.look(number * EVERY_S)
    over = read({**posted[-1], "ts": f"{world.now()}", "type": "message"})
    assert over.post is not None
    assert over.post.state == "OK"
    assert alarms.ringing == set()


def test_the_panel_shows_what_there_is(place: Place) -> None:
    watch = TrafficWatch(place.region, place.world.now())
    shown = panel(place.region, place, watch, all_faults())
    assert shown["service"]["name"] == "checkout"
    assert {one["state"] for one in shown["targets"]} == {"healthy"}
    assert "forwards to checkout" in {one["then"] for one in shown["rules"]}
    assert any("tcp 8080 from sg-" in rule for group in shown["groups"] for rule in group["in"])
    assert [one["name"] for one in shown["faults"]] == list(all_faults())
