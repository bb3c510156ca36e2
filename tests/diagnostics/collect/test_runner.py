"""The runner: as early as possible, never all at once, and never failing as a whole."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator, Sequence
from datetime import timedelta
from graphlib import CycleError
from typing import Any

import pytest

from diagnostics.aws_access import Pages
from diagnostics.collect import first_answer, graph, runner
from diagnostics.collect.collector import CollectorSpec, Later, Now, Read, Reads, specify
from diagnostics.collect.first_answer import FirstAnswer
from diagnostics.collect.log_options import LogOptions
from diagnostics.collect.runner import collect
from diagnostics.facts import (
    Changes,
    Gap,
    Listeners,
    LoadBalancers,
    NotApplicable,
    PrefixLists,
    SecurityGroups,
    Subnets,
    Tags,
    TargetGroups,
)
from diagnostics.question import Progress
from diagnostics.snapshot import Snapshot, Subject, Window
from tests.diagnostics.collect.scripted import NOW, SUBJECT, WINDOW, Script, ScriptedReader, answered, refused
from tests.diagnostics.standstill import Standstill


def tags(subject: Subject) -> Reads[Tags]:
    (first,) = yield [Read("elbv2", "first", "x")]
    if first.failed:
        return first.failed
    return Tags(by_arn={subject.query: {"first": first.items[0]}})


def subnets(known: Tags) -> Reads[Subnets]:
    yield [Read("ec2", "second", "x", {"number": number}) for number in range(3)]
    return Subnets(by_id={})


def prefix_lists(whatever: Tags | Gap | NotApplicable, now: Now) -> Reads[PrefixLists]:
    yield []
    return PrefixLists(cidrs={"tags": (type(whatever).__name__,), "at": (now.at.isoformat(),)})


def listeners(known: Later[Subnets]) -> Reads[Listeners]:
    yield [Read("ecs", "early", "x")]
    yield known
    assert isinstance(known.outcome, Subnets)
    yield [Read("ecs", "late", "x")]
    return Listeners(items=())


def broken(subject: Subject) -> Reads[SecurityGroups]:
    (answer,) = yield [Read("ec2", "broken", "x", resource="sg-1")]
    return SecurityGroups(by_id={answer.items[0]["GroupId"]: answer.items[0]})


@pytest.fixture
def standstill(monkeypatch: pytest.MonkeyPatch) -> Iterator[Standstill]:
    """The clock of the runner and of a first answer."""
    found = Standstill()
    monkeypatch.setattr(runner, "wait", found.wait)
    monkeypatch.setattr(runner, "time", found.clock)
    monkeypatch.setattr(first_answer, "time", found.clock)
    yield found
    found.release()


def specs(*functions: Any, cached: bool = False) -> list[CollectorSpec]:
    return [specify(function, cached=cached) for function in functions]


def run(script: Script, collectors: Sequence[CollectorSpec], **options: Any) -> tuple[Snapshot, ScriptedReader]:
    reader = ScriptedReader(script, options.pop("parallel", 8))
    snapshot = collect(SUBJECT, WINDOW, reader, clock=lambda: NOW, specs=collectors, **options)
    return snapshot, reader


def moved(window: Window, start: timedelta = timedelta(0), end: timedelta = timedelta(0)) -> Window:
    return Window(start=window.start + start, end=window.end + end)


def test_facts_wait_for_what_they_need_and_the_longest_chain_is_counted() -> None:
    early = threading.Event()

    def script(operation: str, params: dict[str, Any]) -> Pages:
        if operation == "early":
            early.set()
        elif operation == "first":
            early.wait(20)
        return answered("yes")

    snapshot, reader = run(script, specs(tags, subnets, prefix_lists, listeners), calls_before=2)
    assert isinstance(snapshot.get(Subnets), Subnets)
    assert isinstance(snapshot.get(Listeners), Listeners)
    assert snapshot.get(PrefixLists) == PrefixLists(cidrs={"tags": ("Tags",), "at": (NOW.isoformat(),)})
    order = [operation for operation, _ in reader.asked]
    assert order.index("early") < order.index("second") < order.index("late")
    assert snapshot.stats.longest_chain == 2 + 3  # first, second, late
    assert snapshot.stats.aws_calls == 6
    assert Snapshot.model_validate_json(snapshot.model_dump_json()) == snapshot


def test_pages_lengthen_the_chain() -> None:
    snapshot, _ = run(lambda *_: Pages(items=("yes",), calls=4), specs(tags))
    assert snapshot.stats.longest_chain == 4


def test_a_gap_passes_on_to_those_who_need_the_fact_and_names_it() -> None:
    snapshot, reader = run(lambda *_: refused("elasticloadbalancing:First"), specs(tags, subnets, prefix_lists))
    gap = snapshot.get(Subnets)
    assert isinstance(gap, Gap)
    assert (gap.action, gap.kind, gap.message) == ("elasticloadbalancing:First", "denied", "needs tags")
    assert isinstance(snapshot.get(PrefixLists), PrefixLists)
    assert [operation for operation, _ in reader.asked] == ["first"]


def test_what_does_not_apply_passes_on() -> None:
    def none(subject: Subject) -> Reads[Tags]:
        yield []
        return NotApplicable(reason="no tags on the moon")

    snapshot, _ = run(lambda *_: answered(), specs(none, subnets))
    assert snapshot.get(Subnets) == NotApplicable(reason="no tags on the moon")


def test_a_collector_that_breaks_on_a_strange_answer_costs_only_its_own_fact(
    caplog: pytest.LogCaptureFixture,
) -> None:
    snapshot, _ = run(lambda *_: answered({"Surprise": 1}), specs(broken, prefix_lists, tags_of_any))
    gap = snapshot.get(SecurityGroups)
    assert isinstance(gap, Gap)
    assert (gap.action, gap.resource, gap.error) == ("ec2:Broken", "sg-1", "MalformedAnswer")
    assert isinstance(snapshot.get(PrefixLists), PrefixLists)
    assert "security_groups failed" in caplog.text


def tags_of_any(subject: Subject) -> Reads[Tags]:
    yield [Read("elbv2", "first", "x")]
    return Tags(by_arn={})


def test_a_reader_that_raises_costs_only_that_answer(caplog: pytest.LogCaptureFixture) -> None:
    def script(operation: str, params: dict[str, Any]) -> Pages:
        raise RuntimeError("a fault of our own")

    snapshot, _ = run(script, specs(tags))
    assert isinstance(snapshot.get(Tags), Gap)
    assert "failed unexpectedly" in caplog.text


def test_when_the_time_is_up_the_rest_are_gaps_and_nobody_waits(standstill: Standstill) -> None:
    def script(operation: str, params: dict[str, Any]) -> Pages:
        if operation == "first":
            standstill.hold()
        return answered("yes")

    snapshot, _ = run(script, specs(tags, subnets, broken_free), budget_s=30)
    assert 30 <= standstill.took_s < 60
    late, never = snapshot.get(Tags), snapshot.get(Subnets)
    assert isinstance(late, Gap)
    assert isinstance(never, Gap)
    assert (late.kind, late.error, late.action) == ("timeout", "OutOfTime", "elasticloadbalancing:First")
    assert never.error == "OutOfTime"
    assert isinstance(snapshot.get(TargetGroups), TargetGroups)


def trail(known: Later[TargetGroups]) -> Reads[Changes]:
    """Two look-ups at once, then one that depends on another fact."""
    first = yield [Read("cloudtrail", "lookup_events", "x", resource=name) for name in ("sg-1", "checkout")]
    yield known
    last = yield [Read("cloudtrail", "lookup_events", "x", resource="prod")]
    gaps = tuple(gap for answer in (*first, *last) for gap in answer.gaps)
    return Changes(items=(), looked_up=tuple(str(item) for answer in first for item in answer.items), gaps=gaps)


def test_an_answer_is_not_held_back_by_a_slow_trail_and_keeps_what_was_read_of_it(standstill: Standstill) -> None:
    calls = itertools.count()

    def script(operation: str, params: dict[str, Any]) -> Pages:
        if operation == "lookup_events" and next(calls):
            standstill.hold()
        return answered("sg-1")

    patient = specify(trail, cached=True, patience_s=2)
    shelf = Shelf()
    snapshot, _ = run(script, [patient, *specs(broken_free)], cache=shelf)
    assert standstill.took_s == 2
    found = snapshot.get(Changes)
    assert isinstance(found, Changes)
    assert found.looked_up == ("sg-1",)
    assert {(gap.resource, gap.kind, gap.message) for gap in found.gaps} == {
        (name, "not-read", "CloudTrail was still being read") for name in ("checkout", "prod")
    }
    assert not shelf.kept


def test_patience_begins_when_everything_else_is_in(standstill: Standstill) -> None:
    """The trail is stuck for longer than another fact is being read, and is waited for all the same."""
    calls = itertools.count()

    def script(operation: str, params: dict[str, Any]) -> Pages:
        if operation == "lookup_events" and not next(calls):
            standstill.hold(4)
        elif operation == "quick":
            standstill.hold(3)
        return answered("sg-1")

    snapshot, _ = run(script, [specify(trail, cached=True, patience_s=2), *specs(broken_free)])
    found = snapshot.get(Changes)
    assert isinstance(found, Changes)
    assert found.gaps == ()


def broken_free(subject: Subject) -> Reads[TargetGroups]:
    yield [Read("ecs", "quick", "x")]
    return TargetGroups(items=())


def test_a_fan_out_larger_than_the_pool_finishes_within_the_limit_of_the_service() -> None:
    def many(subject: Subject) -> Reads[LoadBalancers]:
        answers = yield [Read("elbv2", "each", "x", {"number": number}) for number in range(200)]
        assert [answer.items[0] for answer in answers] == list(range(200))
        return LoadBalancers(items=())

    snapshot, reader = run(lambda _, params: answered(params["number"]), specs(many), parallel=3)
    assert isinstance(snapshot.get(LoadBalancers), LoadBalancers)
    assert reader.most_at_once <= 3


def test_a_service_that_is_asked_serially_lengthens_the_chain_by_each_call() -> None:
    def trail(subject: Subject) -> Reads[Tags]:
        yield [Read("cloudtrail", "lookup_events", "x", {"number": number}) for number in range(3)]
        return Tags(by_arn={})

    snapshot, reader = run(lambda *_: answered(), specs(trail))
    assert reader.most_at_once == 1
    assert snapshot.stats.longest_chain == 3


def test_progress_is_told_and_a_listener_that_fails_does_no_harm() -> None:
    told: list[Progress] = []

    def listen(progress: Progress) -> None:
        told.append(progress)
        raise ValueError("the terminal is gone")

    snapshot, _ = run(lambda *_: answered("yes"), specs(tags, subnets), progress=listen)
    assert [(step.done, step.total, step.text) for step in told] == [(1, 2, "tags"), (2, 2, "subnets")]
    assert isinstance(snapshot.get(Subnets), Subnets)


class Shelf:
    """A cache as the bot would pass one in."""

    def __init__(self) -> None:
        self.kept: dict[str, tuple[str, int]] = {}

    def get(self, key: str) -> tuple[str, float] | None:
        found = self.kept.get(key)
        return None if found is None else (found[0], 7.0)

    def put(self, key: str, value: str, ttl_s: int) -> None:
        self.kept[key] = (value, ttl_s)


def test_configuration_comes_from_the_cache_and_health_never_does() -> None:
    shelf = Shelf()
    collectors = [*specs(tags, cached=True), *specs(subnets)]
    options: dict[str, Any] = {"cache": shelf, "cache_s": 45}
    cold, _ = run(lambda *_: answered("yes"), collectors, **options)
    warm, reader = run(lambda *_: answered("other"), collectors, **options)
    assert {operation for operation, _ in reader.asked} == {"second"}
    assert warm.get(Tags) == cold.get(Tags)
    assert (warm.stats.cache_hits, warm.stats.cache_age_s) == (1, 7.0)
    assert warm.stats.longest_chain == 1
    assert [ttl for _, ttl in shelf.kept.values()] == [45]
    fresh, _ = run(lambda *_: answered("other"), collectors, refresh=True, **options)
    assert fresh.get(Tags) != cold.get(Tags)
    again, _ = run(lambda *_: answered("yes"), collectors, **options)
    assert again.get(Tags) == fresh.get(Tags)


def test_gaps_and_what_an_older_version_wrote_are_read_anew() -> None:
    shelf = Shelf()
    run(lambda *_: refused(), specs(tags, cached=True), cache=shelf)
    assert shelf.kept == {}
    run(lambda *_: answered("yes"), specs(tags, cached=True), cache=shelf)
    shelf.kept = dict.fromkeys(shelf.kept, ('{"by_arn": 7}', 30))
    snapshot, reader = run(lambda *_: answered("yes"), specs(tags, cached=True), cache=shelf)
    assert isinstance(snapshot.get(Tags), Tags)
    assert len(reader.asked) == 1


@pytest.mark.parametrize(
    ("subject", "window", "later", "is_the_same"),
    [
        (SUBJECT, WINDOW, timedelta(0), True),
        (SUBJECT, moved(WINDOW, start=timedelta(seconds=9), end=timedelta(seconds=9)), timedelta(seconds=9), True),
        (SUBJECT, moved(WINDOW, start=timedelta(hours=-2)), timedelta(0), False),
        (SUBJECT, moved(WINDOW, start=timedelta(hours=-2), end=timedelta(hours=-2)), timedelta(0), False),
        (SUBJECT.model_copy(update={"target_groups": ("another",)}), WINDOW, timedelta(0), False),
    ],
    ids=["again", "seconds later", "a longer time", "a time long ago", "another service of the same load balancer"],
)
def test_rows_that_were_read_serve_the_same_question_only(
    subject: Subject, window: Window, later: timedelta, is_the_same: bool
) -> None:
    def rows(subject: Subject, window: Window, options: LogOptions) -> Reads[Tags]:
        yield [Read("s3", "list", "x")]
        return Tags(by_arn={})

    shelf = Shelf()
    collectors = specs(rows, cached=True)
    run(lambda *_: answered("yes"), collectors, cache=shelf)
    reader = ScriptedReader(lambda *_: answered("yes"), 8)
    collect(subject, window, reader, clock=lambda: NOW + later, specs=collectors, cache=shelf)
    assert (reader.asked == []) == is_the_same


def test_collectors_that_wait_for_one_another_or_for_nobody_are_refused() -> None:
    def one(other: Later[Subnets]) -> Reads[Tags]:
        yield other
        return Tags(by_arn={})

    with pytest.raises(CycleError):
        graph.check(specs(one, subnets))
    with pytest.raises(TypeError, match="no collector yields Tags"):
        graph.check(specs(subnets))


def test_annotations_that_say_nothing_are_refused() -> None:
    def unclear(size: int) -> Reads[Tags]:
        yield []
        return Tags(by_arn={})

    def not_a_collector(subject: Subject) -> Tags:
        return Tags(by_arn={})

    with pytest.raises(TypeError, match="parameter size"):
        specify(unclear, cached=False)
    unfit: Any = not_a_collector
    with pytest.raises(TypeError, match="must return Reads"):
        specify(unfit, cached=False)


def test_every_fact_has_a_collector() -> None:
    from diagnostics.facts import Fact

    collected = {spec.yields.name for spec in graph.all_collectors()}
    assert set(Fact.registry) - collected == set()


def test_what_there_is_is_shown_once_when_somebody_has_waited_long_enough(standstill: Standstill) -> None:
    shown = list[Snapshot]()

    def script(operation: str, params: dict[str, Any]) -> Pages:
        if operation == "second":
            standstill.hold(5)
        return answered("yes")

    def show(snapshot: Snapshot) -> None:
        shown.append(snapshot)
        raise ValueError("a listener that fails ends nothing")

    whole, _ = run(script, specs(tags, subnets), first_answer=FirstAnswer(show, useful_s=4))
    assert isinstance(whole.get(Subnets), Subnets)
    (first,) = shown
    assert isinstance(first.get(Tags), Tags)
    gap = first.get(Subnets)
    assert isinstance(gap, Gap)
    assert (gap.action, gap.error, gap.kind) == ("ec2:Second", "StillBeingRead", "not-read")


def test_the_rest_of_a_slow_trail_completes_a_first_answer() -> None:
    first_shown, shown, calls = threading.Event(), list[Snapshot](), itertools.count()

    def script(operation: str, params: dict[str, Any]) -> Pages:
        if operation == "lookup_events" and next(calls):
            assert first_shown.wait(20)
        return answered("sg-1")

    def show(snapshot: Snapshot) -> None:
        shown.append(snapshot)
        first_shown.set()

    patient = [specify(trail, cached=True, patience_s=0.05), *specs(broken_free)]
    whole, _ = run(script, patient, first_answer=FirstAnswer(show, useful_s=20.0, linger_s=20.0))
    (first,) = shown
    assert isinstance(first.get(Changes), Gap)
    found = whole.get(Changes)
    assert isinstance(found, Changes)
    assert found.gaps == ()


def test_nothing_is_shown_early_when_everything_is_there_in_time() -> None:
    shown = list[Snapshot]()
    run(lambda *_: answered("yes"), specs(tags, subnets), first_answer=FirstAnswer(shown.append, useful_s=20.0))
    assert shown == []
