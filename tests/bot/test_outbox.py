"""The outbox: a message is posted once whatever dies, breaks or comes twice, and every refusal has one outcome."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
from redis import Redis

from bot.slack_app import make_client
from bot.store import effects
from bot.store.asks import Asks
from bot.store.budget import OwnBudget
from bot.store.effects import Effects
from bot.store.marks import Layouts
from diagnostics.question import Question
from handlers import thread as threads
from handlers.ask import Ask, Origin, Place
from handlers.effects import SupersededError
from handlers.slack_calls import SlackCalls, SlackLaterError, SlackRefusedError
from handlers.thread import Thread, UnreachableError
from handlers.views import Message
from tests import slack_fake
from tests.slack_fake import ALICE, BROKEN, CHANNEL, CUT, RATE_LIMITED, TEAM, Failure, SlackFake

LOST = Failure(500, after_effect=True)
CUT_AFTER = Failure(0, after_effect=True)
HELLO = Message(text="hello", blocks=())


class KilledError(BaseException):
    """The process ends here."""


class Outbox:
    """One process's way to Slack. `begin` takes the job up, as after the death of whoever had it."""

    def __init__(self, redis: Redis, slack: SlackFake, response_url: str | None = None) -> None:
        self.seen: list[tuple[str, str]] = []
        self.ledger = Effects(redis)
        self.asks = Asks(redis)
        self.calls = SlackCalls(
            make_client(slack_fake.TOKEN, f"{slack.url}/api/", self.see), OwnBudget({}, {}), wait=lambda _: None
        )
        self.thread = Thread(
            self.calls, self.ledger, Layouts(redis), slack_api_url=f"{slack.url}/api/", observe=self.see
        )
        self.ask = Ask(
            id="ask-1",
            correlation_id="c-1",
            kind="command",
            question=Question(words="checkout"),
            origin=Origin(team=TEAM, channel=CHANNEL, user=ALICE, response_url=response_url),
            asked_at=datetime.now(UTC),
        )
        self.asks.save(self.ask)
        self.fence = self.asks.begin(self.ask.id)

    def see(self, method: str, result: str, seconds: float) -> None:
        assert seconds >= 0
        self.seen.append((method, result))

    def open(self) -> Place:
        return self.thread.open(self.ask, self.fence, Place(channel=CHANNEL), lambda _: HELLO, lambda _: HELLO)

    def post(self, name: str = "word", thread_ts: str | None = None) -> str:
        return self.thread.post(self.ask, self.fence, name, lambda _: HELLO, thread_ts)

    def whisper(self) -> bool:
        return self.thread.whisper_once(self.ask, self.fence, "word", lambda _: HELLO)


MakeOutbox = Callable[..., Outbox]


@pytest.fixture
def outbox(redis: Redis, slack: SlackFake) -> MakeOutbox:
    return lambda **more: Outbox(redis, slack, **more)


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Whoever was posting is certainly not any more."""
    return lambda: monkeypatch.setattr(effects, "POSTING_MS", 0)


def killed(*_: Any) -> None:
    raise KilledError


def meanwhile(box: Outbox, what: Callable[[], object], monkeypatch: pytest.MonkeyPatch) -> None:
    """Something happens while Slack has the next post of this process and has not done it yet."""
    write, waiting = box.calls.write, [what]

    def written(*arguments: Any, **more: Any) -> Any:
        if waiting:
            waiting.pop()()
        return write(*arguments, **more)

    monkeypatch.setattr(box.calls, "write", written)


@pytest.mark.parametrize("in_doubt", [False, True], ids=["first", "after a search"])
def test_two_deliveries_at_once_post_once(
    outbox: MakeOutbox, slack: SlackFake, monkeypatch: pytest.MonkeyPatch, in_doubt: bool
) -> None:
    if in_doubt:
        slack.fail("chat.postMessage", BROKEN)
        with pytest.raises(SlackLaterError):
            outbox().post()
    first = outbox()

    def post_too() -> None:
        with pytest.raises(SlackLaterError):
            outbox().post()

    meanwhile(first, post_too, monkeypatch)
    ts = first.post()
    assert outbox().post() == ts
    assert [message["ts"] for message in slack.said()] == [ts]


def test_whoever_was_overtaken_while_it_waited_for_its_turn_posts_nothing(
    outbox: MakeOutbox, slack: SlackFake, monkeypatch: pytest.MonkeyPatch, later: Callable[[], None]
) -> None:
    first = outbox()
    turns = [0.1, 0.0]

    def take(*_: Any, **__: Any) -> float:
        return turns.pop(0)

    def overtake(_: float) -> None:
        later()
        outbox().post()

    monkeypatch.setattr(first.calls, "_budget", SimpleNamespace(take=take))
    monkeypatch.setattr(first.calls, "_wait", overtake)
    with pytest.raises(SupersededError):
        first.post()
    assert len(slack.said()) == 1


def test_what_two_deliveries_whisper_at_once_is_said_once(
    outbox: MakeOutbox, slack: SlackFake, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = outbox()

    def whisper_too() -> None:
        with pytest.raises(SlackLaterError):
            outbox().whisper()

    meanwhile(first, whisper_too, monkeypatch)
    assert first.whisper()
    assert outbox().whisper()
    assert len(slack.whispers) == 1


def test_a_message_that_was_posted_before_its_place_was_noted_says_what_is_true_now(
    outbox: MakeOutbox, slack: SlackFake
) -> None:
    for words in ("running", "worked"):
        box = outbox()
        ask = box.ask.model_copy(update={"origin": box.ask.origin.model_copy(update={"thread_ts": "1700.1"})})
        said = partial(Message, text=words, blocks=())
        box.thread.publish(ask, box.fence, Place(channel=CHANNEL), lambda _, said=said: said(), None)  # type: ignore[misc]
    assert [message["text"] for message in slack.replies()] == ["worked"]


@pytest.mark.parametrize("dies_at", range(2), ids=["parent", "reply"])
def test_whoever_is_killed_between_a_post_and_its_note_leaves_nothing_twice(
    outbox: MakeOutbox,
    slack: SlackFake,
    monkeypatch: pytest.MonkeyPatch,
    later: Callable[[], None],
    dies_at: int,
) -> None:
    first = outbox()
    notes = [first.ledger.confirm] * dies_at + [killed]

    def noted(*told: Any) -> None:
        notes.pop(0)(*told)

    monkeypatch.setattr(first.ledger, "confirm", noted)
    with pytest.raises(KilledError):
        first.open()
    later()
    place = outbox().open()
    assert [message["ts"] for message in slack.said()] == [place.parent_ts, place.reply_ts]


@pytest.mark.parametrize("lost", [LOST, CUT_AFTER, Failure(200, "fatal_error", after_effect=True)])
def test_a_post_whose_answer_was_lost_is_found_by_its_key(outbox: MakeOutbox, slack: SlackFake, lost: Failure) -> None:
    slack.fail("chat.postMessage", lost)
    with pytest.raises(SlackLaterError):
        outbox().post()
    ts = outbox().post()
    assert [message["ts"] for message in slack.said()] == [ts]


@pytest.mark.parametrize("where", ["channel", "thread"])
def test_it_is_found_below_much_that_others_said_since(
    outbox: MakeOutbox, slack: SlackFake, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    monkeypatch.setattr(threads, "SEARCH_PAGE", 10)
    parent = None if where == "channel" else outbox().post("parent")
    slack.fail("chat.postMessage", LOST)
    with pytest.raises(SlackLaterError):
        outbox().post(thread_ts=parent)
    ours = slack.said()[-1]["ts"]
    for number in range(45):
        ts = f"{float(ours) + 1 + number:.6f}"
        slack.messages[CHANNEL][ts] = {"ts": ts, "channel": CHANNEL, "text": "others", "thread_ts": parent}
    assert outbox().post(thread_ts=parent) == ours


@pytest.mark.parametrize("failure", [BROKEN, CUT], ids=["500", "reset"])
def test_a_post_that_did_not_happen_is_made_after_a_look(
    outbox: MakeOutbox, slack: SlackFake, failure: Failure
) -> None:
    slack.fail("chat.postMessage", failure)
    with pytest.raises(SlackLaterError):
        outbox().post()
    outbox().post()
    assert len(slack.said()) == 1
    assert len(slack.of("conversations.history")) == 1


def test_a_post_that_slack_did_not_take_for_now_is_made_without_a_look(outbox: MakeOutbox, slack: SlackFake) -> None:
    slack.fail("chat.postMessage", RATE_LIMITED, Failure(200, "org_login_required"))
    for _ in range(2):
        with pytest.raises(SlackLaterError):
            outbox().post()
    outbox().post()
    assert len(slack.said()) == 1
    assert slack.of("conversations.history") == []


@pytest.mark.parametrize(
    "word",
    ["channel_not_found", "is_archived", "not_in_channel", "restricted_action", "restricted_action_thread_locked"],
)
def test_where_it_cannot_post_it_says_so_and_asks_slack_nothing_more(
    outbox: MakeOutbox, slack: SlackFake, word: str
) -> None:
    for _ in range(2):  # the claim is given back: a second delivery does not look for what was never posted
        slack.fail("chat.postMessage", Failure(200, word))
        with pytest.raises(UnreachableError, match=word):
            outbox().open()
    assert slack.of("conversations.history") == []


def test_a_channel_that_it_was_removed_from_in_between_is_told_elsewhere(outbox: MakeOutbox, slack: SlackFake) -> None:
    slack.fail("chat.postMessage", LOST)
    with pytest.raises(SlackLaterError):
        outbox().open()
    slack.channels[CHANNEL].bot_is_member = False
    with pytest.raises(UnreachableError):
        outbox().open()


@pytest.mark.parametrize(
    "word", ["token_revoked", "invalid_auth", "account_inactive", "missing_scope", "no_text", "a word of next year"]
)
def test_what_slack_refuses_for_good_ends_and_leaves_no_doubt(outbox: MakeOutbox, slack: SlackFake, word: str) -> None:
    box = outbox()
    slack.fail("chat.postMessage", Failure(403 if " " in word else 200, word))
    with pytest.raises(SlackRefusedError):
        box.post()
    assert box.seen == [("chat.postMessage", "http_403" if " " in word else word)]
    outbox().post()
    assert len(slack.said()) == 1
    assert slack.of("conversations.history") == []


@pytest.mark.parametrize("word", ["msg_too_long", "invalid_blocks", "msg_blocks_too_long"])
def test_what_is_refused_for_its_looks_is_said_in_plainer_ones(outbox: MakeOutbox, slack: SlackFake, word: str) -> None:
    slack.fail("chat.postMessage", Failure(200, word), Failure(200, word))
    outbox().post()
    (said,) = slack.said()
    assert said["text"] == "hello"
    assert len(slack.of("chat.postMessage")) == 3


def test_a_response_url_that_is_used_up_is_replaced_by_an_ephemeral_message(
    outbox: MakeOutbox, slack: SlackFake
) -> None:
    slack.fail("response_url", Failure(404, "used_url"))
    assert outbox(response_url=slack.response_url()).whisper()
    assert outbox(response_url=slack.response_url()).whisper(), "it was told before"
    assert [told.get("user") for told in slack.whispers] == [ALICE]


@pytest.mark.parametrize("failure", [LOST, CUT_AFTER, BROKEN])
def test_what_one_person_may_have_been_told_is_not_said_again(
    outbox: MakeOutbox, slack: SlackFake, failure: Failure
) -> None:
    slack.fail("response_url", failure)
    assert not outbox(response_url=slack.response_url()).whisper()
    assert not outbox(response_url=slack.response_url()).whisper()
    assert len(slack.whispers) == int(failure.after_effect)
    assert slack.of("chat.postEphemeral") == []


def test_whoever_can_be_told_in_no_way_is_not(outbox: MakeOutbox, slack: SlackFake) -> None:
    slack.channels[CHANNEL].bot_is_member = False
    slack.fail("response_url", Failure(404, "expired_url"))
    box = outbox(response_url=slack.response_url())
    assert not box.whisper()
    assert box.seen == [("response_url", "not_taken"), ("chat.postEphemeral", "not_in_channel")]
