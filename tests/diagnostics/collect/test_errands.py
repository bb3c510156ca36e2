"""Long work of a collector: done in the pool, counted apart, ended in time, called back when nobody waits any more."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from diagnostics.aws_access import Pages, Reader
from diagnostics.collect import runner
from diagnostics.collect.collector import CollectorSpec, Read, Reads, specify
from diagnostics.collect.errand import Errand, Leash
from diagnostics.collect.first_answer import FirstAnswer
from diagnostics.collect.runner import collect
from diagnostics.facts import Gap, PrefixLists, Tags
from diagnostics.question import Progress
from diagnostics.snapshot import Snapshot, Subject
from tests.diagnostics.collect.scripted import NOW, SUBJECT, WINDOW, ScriptedReader, answered


def quick(subject: Subject) -> Reads[Tags]:
    yield [Read("elbv2", "first", "x")]
    return Tags(by_arn={})


def working(run: Any, seconds: float = 30.0, patience_s: float | None = None) -> CollectorSpec:
    """A collector whose fact is what its errand returned."""

    def lists(subject: Subject) -> Reads[PrefixLists]:
        yield [Read("s3", "list_objects_v2", "Contents")]
        errand: Errand[str] = Errand(run, seconds=seconds)
        yield errand
        outcome = errand.outcome
        return outcome if isinstance(outcome, Gap) else PrefixLists(cidrs={"said": (outcome,)})

    return specify(lists, cached=False, own_budget=True, patience_s=patience_s)


def run(*collectors: CollectorSpec, **options: Any) -> Snapshot:
    reader = ScriptedReader(lambda *_: answered("yes"))
    return collect(SUBJECT, WINDOW, reader, clock=lambda: NOW, specs=collectors, **options)


def test_its_calls_are_counted_apart_and_lengthen_no_chain() -> None:
    def read(reader: Reader, leash: Leash) -> str:
        for _ in range(5):
            reader.meter.record("s3:GetObject", 0.1)
        return "rows"

    snapshot = run(working(read), specify(quick, cached=False))
    assert snapshot.get(PrefixLists) == PrefixLists(cidrs={"said": ("rows",)})
    stats = snapshot.stats
    assert (stats.aws_calls, stats.log_calls, stats.longest_chain) == (1, 6, 1)
    assert stats.calls_by_action["s3:GetObject"] == 5


def test_the_others_go_on_meanwhile_and_it_tells_how_far_it_is() -> None:
    others_done = threading.Event()
    told: list[str] = []

    def listen(step: Progress) -> None:
        told.append(step.text)
        if step.text == "tags":
            others_done.set()

    def read(reader: Reader, leash: Leash) -> str:
        leash.tell("3 of 40 files")
        return "in time" if others_done.wait(10) else "alone"

    snapshot = run(working(read), specify(quick, cached=False), progress=listen)
    assert snapshot.get(PrefixLists) == PrefixLists(cidrs={"said": ("in time",)})
    assert "3 of 40 files" in told


def test_its_time_ends_before_that_of_the_collection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "ERRAND_MARGIN_S", 20.0)

    def read(reader: Reader, leash: Leash) -> str:
        while not leash.is_over:
            leash.pause(10)
        return "what there was"

    snapshot = run(working(read, seconds=60), budget_s=20.3)
    assert snapshot.get(PrefixLists) == PrefixLists(cidrs={"said": ("what there was",)})


def test_one_that_ignores_its_time_leaves_a_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "TIDY_UP_S", 0.1)
    released = threading.Event()

    def read(reader: Reader, leash: Leash) -> str:
        released.wait(20)
        return "too late"

    snapshot = run(working(read), budget_s=0.2)
    released.set()
    gap = snapshot.get(PrefixLists)
    assert isinstance(gap, Gap)
    assert gap.error == "OutOfTime"


def test_one_that_breaks_costs_only_its_own_fact(caplog: pytest.LogCaptureFixture) -> None:
    def read(reader: Reader, leash: Leash) -> str:
        raise ValueError("a fault of our own")

    snapshot = run(working(read), specify(quick, cached=False))
    assert isinstance(snapshot.get(PrefixLists), Gap)
    assert isinstance(snapshot.get(Tags), Tags)
    assert "prefix_lists failed unexpectedly" in caplog.text


def test_patience_does_not_cut_short_what_was_sent_off_and_the_first_answer_does_not_wait_for_it() -> None:
    first_shown, shown = threading.Event(), list[Snapshot]()

    def show(snapshot: Snapshot) -> None:
        shown.append(snapshot)
        first_shown.set()

    def read(reader: Reader, leash: Leash) -> str:
        return "after the first answer" if first_shown.wait(10) else "alone"

    patient = working(read, patience_s=0.02)
    first = FirstAnswer(show, useful_s=20.0, linger_s=0.01)
    snapshot = run(patient, specify(quick, cached=False), first_answer=first)
    assert snapshot.get(PrefixLists) == PrefixLists(cidrs={"said": ("after the first answer",)})
    (early,) = shown
    assert isinstance(early.get(PrefixLists), Gap)


def test_one_that_overstays_leaves_a_gap_when_nobody_has_patience_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "ERRAND_MARGIN_S", 0.05)
    released = threading.Event()

    def read(reader: Reader, leash: Leash) -> str:
        leash.called_back.wait(40)
        released.set()
        return "too late"

    started = time.monotonic()
    snapshot = run(working(read, seconds=0.05, patience_s=0.02), specify(quick, cached=False))
    gap = snapshot.get(PrefixLists)
    assert isinstance(gap, Gap)
    assert (gap.error, gap.kind) == ("StillBeingRead", "not-read")
    assert released.is_set()
    assert time.monotonic() - started < 20


def test_nothing_is_sent_off_for_who_was_left() -> None:
    def read(reader: Reader, leash: Leash) -> str:
        raise AssertionError("nobody waits for this")

    stuck = threading.Event()

    def script(operation: str, params: dict[str, Any]) -> Pages:
        if operation == "list_objects_v2":
            stuck.wait(10)
        return answered("yes")

    specs = [working(read, patience_s=0.02), specify(quick, cached=False)]
    snapshot = collect(SUBJECT, WINDOW, ScriptedReader(script), clock=lambda: NOW, specs=specs)
    stuck.set()
    gap = snapshot.get(PrefixLists)
    assert isinstance(gap, Gap)
    assert gap.error == "StillBeingRead"


def test_control_c_calls_it_back_so_that_it_can_tidy_up() -> None:
    running, tidied = threading.Event(), threading.Event()

    def read(reader: Reader, leash: Leash) -> str:
        running.set()
        leash.pause(30)
        assert leash.called_back.is_set()
        tidied.set()
        return ""

    def interrupted(subject: Subject) -> Reads[Tags]:
        yield [Read("elbv2", "first", "x")]
        raise KeyboardInterrupt

    def script(operation: str, params: dict[str, Any]) -> Pages:
        if operation == "first":
            running.wait(10)
        return answered("yes")

    specs = [working(read), specify(interrupted, cached=False)]
    with pytest.raises(KeyboardInterrupt):
        collect(SUBJECT, WINDOW, ScriptedReader(script), clock=lambda: NOW, specs=specs)
    assert tidied.is_set()
