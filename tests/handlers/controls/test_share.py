"""Share: what another channel reads, and when it reads nothing."""

from __future__ import annotations

import pytest

from diagnostics.report import EvidenceItem
from handlers.controls.share import WHERE, shared
from tests import reports, slack_limits
from tests.handlers.controls.visiting import Hands, pressed, submitted, words_of
from tests.hostile import INJECTIONS


def test_the_other_channel_reads_the_cause_and_where_the_rest_stands() -> None:
    hands = Hands()
    assert "Shared in <#C0OTHER>" in words_of(submitted("share", {WHERE: "C0OTHER"}, hands))
    ((name, channel, message),) = hands.posts
    assert (name, channel) == ("share", "C0OTHER")
    slack_limits.check(message.text, message.blocks)
    text = "\n".join(slack_limits.all_text(message.blocks))
    assert "checkout · 504" in text
    assert "*Security group sg-0a1" in text
    assert "<https://fake.slack.com/archives/C0CHAN/p11|" in text
    assert "shared by <@U0ALICE>" in text
    assert all(block["type"] != "actions" for block in message.blocks)


@pytest.mark.parametrize(
    ("where", "hands", "says"),
    [
        ("C0OTHER", Hands(refusal="another organisation reads that channel."), "another organisation"),
        ("", Hands(), "Choose a channel"),
        ("<!channel>", Hands(), "Choose a channel"),
        ("C0CHAN", Hands(), "the channel where the answer stands"),
    ],
    ids=["refused", "nothing", "no channel", "the same"],
)
def test_what_may_not_be_shared_is_not(where: str, hands: Hands, says: str) -> None:
    assert says in words_of(submitted("share", {WHERE: where}, hands))
    assert hands.posts == []


def test_a_channel_without_the_bot_is_told_how_to_get_it() -> None:
    assert "/invite @alb502" in words_of(submitted("share", {WHERE: "C0OTHER"}, Hands(posted="unreachable")))
    assert "nothing was posted again" in words_of(submitted("share", {WHERE: "C0OTHER"}, Hands(posted="known")))


def test_the_window_shows_what_will_be_posted() -> None:
    assert "checkout · 504" in words_of(pressed("share"))


@pytest.mark.parametrize("text", INJECTIONS)
def test_whatever_the_report_says_slack_takes_it(text: str) -> None:
    evidence = tuple(EvidenceItem(text=text, source=text) for _ in range(5))
    first = reports.cause(summary=text, advice=text, evidence=evidence)
    report = reports.report(headline=text, causes=(first,), target=reports.target(label=text))
    for address in ("https://fake.slack.com/archives/C/p1", None):
        message = shared(report, "U0ALICE", address)
        slack_limits.check(message.text, message.blocks)
    pressed("share", report=report)


def test_without_an_address_it_says_what_to_type() -> None:
    message = shared(reports.report(), "U0ALICE", None)
    assert "alb502 report r-0123456789ab" in "\n".join(slack_limits.all_text(message.blocks))
