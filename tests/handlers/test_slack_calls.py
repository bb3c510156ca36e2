"""Slack's answers sorted by what they mean: done, refused, later, or in doubt; whatever stands in them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slack_sdk import WebClient

from bot.slack_app import make_client
from handlers.people import People
from handlers.slack_calls import (
    DEFAULT_RETRY_AFTER_S,
    MAX_RETRY_AFTER_S,
    SlackCalls,
    SlackInDoubtError,
    SlackLaterError,
    SlackRefusedError,
    retry_after_s,
)
from tests import slack_fake
from tests.fuzzing import documents, examples
from tests.slack_fake import ALICE, CHANNEL, CUT, Failure, SlackFake, serving

SORTED = (SlackRefusedError, SlackLaterError, SlackInDoubtError)


@dataclass
class Budget:
    pauses: list[float] = field(default_factory=list)

    def take(self, method: str, channel: str, *, spare: bool = False, message: str = "") -> float:
        return 0.0

    def pause(self, method: str, seconds: float) -> None:
        self.pauses.append(seconds)


@pytest.fixture(scope="module")
def slack() -> Iterator[SlackFake]:
    with serving(SlackFake()) as fake:
        yield fake


def calls_to(slack: SlackFake, budget: Budget | None = None) -> SlackCalls:
    client: WebClient = make_client(slack_fake.TOKEN, f"{slack.url}/api/")
    return SlackCalls(client, budget or Budget(), wait=lambda _: None)


@pytest.mark.parametrize(
    ("said", "after_s"),
    [
        ("30", 30.0),
        ("0", 1.0),
        ("1.5", 1.5),
        ("86400", MAX_RETRY_AFTER_S),
        ("9" * 400, DEFAULT_RETRY_AFTER_S),
        ("-5", DEFAULT_RETRY_AFTER_S),
        ("²", DEFAULT_RETRY_AFTER_S),
        ("nan", DEFAULT_RETRY_AFTER_S),
        ("inf", DEFAULT_RETRY_AFTER_S),
        ("1e9", DEFAULT_RETRY_AFTER_S),
        ("Wed, 21 Oct 2026 07:28:00 GMT", DEFAULT_RETRY_AFTER_S),
        ("", DEFAULT_RETRY_AFTER_S),
    ],
)
def test_how_long_slack_asks_to_wait_is_taken_within_reason(slack: SlackFake, said: str, after_s: float) -> None:
    assert retry_after_s({"retry-after": said}) == after_s
    assert retry_after_s({"Retry-After": [said]}) == after_s


@given(st.dictionaries(st.text(max_size=20), st.text(max_size=20) | st.lists(st.text(max_size=5), max_size=2)))
def test_no_header_makes_it_wait_for_ever(headers: Mapping[str, object]) -> None:
    named = {"Retry-After" if index == 0 else name: value for index, (name, value) in enumerate(headers.items())}
    assert 1.0 <= retry_after_s(named) <= MAX_RETRY_AFTER_S


def test_patience_is_asked_of_every_replica(slack: SlackFake) -> None:
    budget = Budget()
    slack.fail("chat.postMessage", Failure(429, "ratelimited", retry_after_s=3), Failure(200, "rate_limited"))
    for after_s in (3.0, DEFAULT_RETRY_AFTER_S):
        with pytest.raises(SlackLaterError) as later:
            calls_to(slack, budget).write("chat.postMessage", CHANNEL, {"text": "hello"})
        assert later.value.after_s == after_s
    assert budget.pauses == [3.0, DEFAULT_RETRY_AFTER_S]


@pytest.mark.parametrize(
    ("status", "body", "meaning"),
    [
        (200, b"<html>a proxy's page</html>", SlackInDoubtError),
        (200, b"[]", SlackInDoubtError),
        (200, b"null", SlackInDoubtError),
        (200, b"", SlackInDoubtError),
        (200, b"\xff\xfe", SlackInDoubtError),
        (200, b'{"ok": false}', SlackInDoubtError),
        (200, b'{"ok": false, "error": "not_in_channel"}', SlackRefusedError),
        (403, b"<html>a firewall's page</html>", SlackRefusedError),
        (408, b"", SlackInDoubtError),
        (500, b"<html>", SlackInDoubtError),
        (503, b'{"ok": false, "error": "service_unavailable"}', SlackInDoubtError),
        (429, b"slow down", SlackLaterError),
    ],
)
def test_what_an_answer_means(slack: SlackFake, status: int, body: bytes, meaning: type[Exception]) -> None:
    slack.answers["chat.postMessage"].append((status, body))
    with pytest.raises(meaning):
        calls_to(slack).write("chat.postMessage", CHANNEL, {"text": "hello"})


def test_what_may_be_repeated_is_and_not_for_ever(slack: SlackFake) -> None:
    slack.fail("conversations.history", CUT, Failure(500))
    assert calls_to(slack).read("conversations.history", CHANNEL)["ok"]
    slack.fail("conversations.history", *[CUT] * 3)
    with pytest.raises(SlackLaterError):
        calls_to(slack).read("conversations.history", CHANNEL)


anything = documents()
answers = st.one_of(
    st.binary(max_size=40),
    anything.map(lambda value: json.dumps(value).encode()),
    st.fixed_dictionaries(
        {"ok": anything | st.just(value=True)},
        optional=dict.fromkeys(("error", "user", "users", "channel", "members", "response_metadata"), anything),
    ).map(lambda value: json.dumps(value).encode()),
)


class Nothing:
    def get(self, kind: str, name: str) -> str | None:
        return None

    def put(self, kind: str, name: str, text: str) -> None:
        return None


@examples(30)
@given(st.sampled_from((200, 200, 200, 301, 400, 404, 429, 500)), answers)
def test_no_answer_of_slack_is_more_than_refused_later_or_in_doubt(slack: SlackFake, status: int, body: bytes) -> None:
    calls = calls_to(slack)
    slack.answers["chat.postMessage"].append((status, body))
    with suppress(*SORTED):
        assert isinstance(calls.write("chat.postMessage", CHANNEL, {"text": "hello"}), dict)
    people = People(calls, Nothing())
    for method in ("users.info", "conversations.info", "conversations.members", "usergroups.users.list"):
        slack.answers[method].extend([(status, body)] * 5)
    with suppress(*SORTED):
        people.person(ALICE)
    with suppress(*SORTED):
        people.channel(CHANNEL)
    with suppress(*SORTED):
        people.is_in(ALICE, CHANNEL)
    with suppress(*SORTED):
        people.groups_of(ALICE, frozenset({"S0ASK"}))
    slack.answers.clear()
