"""The storm benchmark's own judgement and events."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.ack.load import Latencies
from benchmarks.storm.__main__ import POINTERS, Outcome, judged
from benchmarks.storm.alarms import BALANCERS, balancer_of, name_of, posts
from handlers.alarm_formats import read

FINE = Outcome(
    empty=Latencies(1_000, 0, 3.0, 10.0, 20.0),
    web=Latencies(1_000, 0, 6.0, 25.0, 60.0),
    diagnosed=tuple(f"ask-{number}" for number in range(BALANCERS)),
    answers=BALANCERS,
    pointers=BALANCERS * POINTERS,
    counted=1_000,
    shown=BALANCERS,
    edits=30,
    posted_at=tuple(float(number) for number in range(40)),
    took_s=60.0,
)


def test_what_was_promised_is_met() -> None:
    assert all(target.met for target in judged(FINE, 1_000))


@pytest.mark.parametrize(
    "worse",
    [
        replace(FINE, web=Latencies(1_000, 0, 6.0, 31.0, 60.0)),
        replace(FINE, web=Latencies(1_000, 1, 6.0, 25.0, 60.0)),
        replace(FINE, empty=Latencies(1_000, 0, 3.0, 900.0, 900.0), web=Latencies(1_000, 0, 6.0, 1_000.0, 1_000.0)),
        replace(FINE, diagnosed=FINE.diagnosed[1:]),
        replace(FINE, answers=BALANCERS + 1),
        replace(FINE, pointers=BALANCERS * POINTERS - 1),
        replace(FINE, counted=999),
        replace(FINE, shown=BALANCERS - 1),
        replace(FINE, posted_at=tuple(number / 2 for number in range(40))),
    ],
)
def test_each_promise_that_is_broken_is_a_miss(worse: Outcome) -> None:
    assert sum(not target.met for target in judged(worse, 1_000)) == 1


def test_every_alarm_has_a_name_and_a_post_of_its_own() -> None:
    storm = list(posts(1_000, 1_700_000_000.0))
    named = {(read(post).post or pytest.fail("not understood")).alarm for post in storm}
    assert named == {name_of(number) for number in range(1_000)}
    assert {balancer_of(name) for name in named if name} == set(range(BALANCERS))
    assert len({post["ts"] for post in storm}) == 1_000
