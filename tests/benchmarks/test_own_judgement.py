"""Memory, throughput, start-up and workers: each of them can say MISS; and one table of all."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from rich.console import Console

from benchmarks.harness import incidents, table, targets
from benchmarks.harness.targets import Target
from benchmarks.memory.__main__ import Seen
from benchmarks.memory.__main__ import judged as memory
from benchmarks.start.__main__ import HELP, LEAST, READY, VERSION
from benchmarks.start.__main__ import judged as start
from benchmarks.throughput.__main__ import Pace
from benchmarks.throughput.__main__ import judged as throughput
from benchmarks.workers.__main__ import judged as workers
from diagnostics.question import Question
from handlers.asking import parse


def met(found: list[Target]) -> list[bool]:
    return [target.met for target in found]


def test_memory_may_grow_by_a_fifth_after_the_first_diagnoses() -> None:
    seen = [Seen(0, 160), Seen(200, 300), Seen(1_000, 390), Seen(2_000, 360)]
    assert met(memory(seen)) == [True]
    assert met(memory([*seen[:-1], Seen(2_000, 361)])) == [False]


def test_throughput_is_counted_by_the_processor() -> None:
    assert met(throughput(Pace(100, 300.0, 60.0), Pace(100, 300.0, 10.0))) == [True, True]
    assert met(throughput(Pace(99, 1.0, 60.0), Pace(99, 1.0, 10.0))) == [False, False]


def test_start_up_is_judged_round_by_round() -> None:
    quick = {LEAST: [1.0, 2.0], VERSION: [0.2, 0.4], HELP: [0.2, 0.4], READY: [2.0, 4.0]}
    assert met(start(quick)) == [True] * 3
    assert met(start({**quick, LEAST: [0.1, 0.2]})) == [False] * 3


def test_two_workers_are_compared_with_one_of_the_same_round() -> None:
    assert met(workers({1: [100, 50, 100], 2: [170, 90, 90]})) == [True]
    assert met(workers({1: [100, 50, 100], 2: [169, 50, 200]})) == [False]


def test_the_questions_differ_so_that_no_answer_serves_two() -> None:
    asked = [parse(incidents.question(number)) for number in range(30 * len(incidents.SCENARIOS))]
    assert all(isinstance(question, Question) for question in asked)
    assert len(set(asked)) == len(asked)


def test_all_targets_come_into_one_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = tmp_path / "rows"
    monkeypatch.setenv(targets.ROWS, str(rows))
    monkeypatch.setattr(sys, "argv", ["/checkout/benchmarks/scan/__main__.py"])
    shown = targets.show(Console(quiet=True), [Target("at most 3 | 4", "2", True), Target("all", "none", False)])
    assert not shown
    table.main(str(rows), "scan", "storm")
    assert capsys.readouterr().out.splitlines()[3:] == [
        "| benchmark | target | measured | |",
        "| --- | --- | --- | --- |",
        r"| scan | at most 3 \| 4 | 2 | PASS |",
        "| scan | all | none | MISS |",
        "| storm | ends | it failed | MISS |",
    ]
