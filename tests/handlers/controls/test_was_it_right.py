"""Was this right?"""

from __future__ import annotations

import pytest

from diagnostics.causes import catalogue
from handlers.controls.was_it_right import REAL, VERDICT, WORDS
from handlers.feedback import MAX_WORDS, Feedback, tallies
from tests import reports
from tests.handlers.controls.visiting import NOW, Hands, options_of, pressed, submitted, words_of


def test_it_asks_for_a_verdict_and_the_real_cause_out_of_the_whole_catalogue() -> None:
    opened = pressed("was-it-right")
    assert options_of(opened, VERDICT) == ["right", "partly", "wrong"]
    offered = options_of(opened, REAL)
    assert sorted(offered) == sorted(catalogue())
    assert offered[0] == "port-not-listening"


def test_what_was_said_is_kept_with_what_was_named() -> None:
    hands = Hands()
    said = {VERDICT: "wrong", REAL: "nacl-blocked", WORDS: "the network ACL\nof subnet-1"}
    assert "Thank you" in words_of(submitted("was-it-right", said, hands))
    (kept,) = hands.kept
    assert (kept.verdict, kept.named, kept.band) == ("wrong", "sg-ingress-missing", "confirmed")
    assert (kept.real, kept.words) == ("nacl-blocked", "the network ACL\nof subnet-1")
    assert (kept.report, kept.user, kept.channel) == ("r-0123456789ab", "U0ALICE", "C0CHAN")


def test_a_second_word_of_the_same_person_replaces_the_first() -> None:
    hands = Hands()
    submitted("was-it-right", {VERDICT: "right"}, hands)
    assert "in place of" in words_of(submitted("was-it-right", {VERDICT: "wrong"}, hands))


@pytest.mark.parametrize("values", [{}, {VERDICT: "maybe"}, {REAL: "nacl-blocked"}])
def test_without_a_verdict_nothing_is_kept(values: dict[str, str]) -> None:
    hands = Hands()
    assert "nothing was kept" in words_of(submitted("was-it-right", values, hands))
    assert hands.kept == []


def test_words_are_bounded_and_visible_and_a_cause_is_one_of_the_catalogue() -> None:
    hands = Hands()
    submitted("was-it-right", {VERDICT: "wrong", REAL: "made-up", WORDS: "\u202e\x1b[31m" + "x" * 3_000}, hands)
    (kept,) = hands.kept
    assert kept.real is None
    assert kept.words is not None
    assert len(kept.words) <= MAX_WORDS
    assert kept.words.isprintable()


def test_an_answer_without_a_cause_can_be_judged_too() -> None:
    hands = Hands()
    submitted("was-it-right", {VERDICT: "wrong"}, hands, reports.well())
    assert hands.kept[0].named is None
    assert "no fault found" in words_of(pressed("was-it-right", report=reports.well()))


def test_feedback_is_counted_by_the_cause_that_was_named() -> None:
    def said(verdict: str, named: str | None, real: str | None = None) -> Feedback:
        return Feedback.model_validate(
            {
                "report": "r-1", "at": NOW, "verdict": verdict, "user": "U1", "team": "T1", "channel": "C1",
                "target": "checkout", "account": "1", "region": "r", "named": named, "real": real,
            }
        )  # fmt: skip

    worst, best = tallies(
        [said("right", "a"), said("right", "a"), said("wrong", "b", "c"), said("partly", "b", "c"), said("right", "b")]
    )
    assert (worst.named, worst.right, worst.partly, worst.wrong, worst.taken_for) == ("b", 1, 1, 1, (("c", 2),))
    assert (best.named, best.total) == ("a", 2)
