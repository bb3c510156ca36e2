"""An account that hangs takes its share of the threads; questions about others are answered meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final, cast

import pytest
from redis import Redis

from bot import account_shares
from bot.account_shares import AccountFullError, AccountShares
from bot.app import running
from bot.engine import Engine
from bot.jobs import PutOffError
from bot.muting import Muting
from bot.patience import AccountPatience
from bot.pointing import Pointing
from bot.slack_side import SlackSide
from bot.store.asks import Asks
from bot.store.incidents import Incidents
from bot.store.mutes import Mutes
from bot.store.wishes import Wishes
from bot.worker import THREADS
from diagnostics.question import Outcome, ProgressListener, Question, Unknown
from handlers.alarms import AlarmNews
from handlers.ask import Ask, Origin, Place
from handlers.muting import MuteWish
from handlers.permission import Rules
from handlers.pointing import Pointed
from handlers.thread import Draw, Thread
from tests.bot.conftest import WAIT, BotUnderTest, settings_for
from tests.slack_fake import Channel, SlackFake

SLOW, QUICK = "111122223333", "444455556666"
NAMES = {SLOW: "prod", QUICK: "dev"}
PATIENCE_S = 30.0
NEWS: Final[dict[str, Any]] = {"id": "ask-1", "correlation_id": "c-1", "at": datetime(2026, 3, 14, 3, 12, tzinfo=UTC)}


@pytest.fixture
def held() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def in_queue(monkeypatch: pytest.MonkeyPatch, queue: str | None) -> None:
    monkeypatch.setattr(account_shares, "queue_in_work", lambda: queue)


def test_an_account_has_half_of_a_queues_threads(monkeypatch: pytest.MonkeyPatch, held: ExitStack) -> None:
    shares = AccountShares(NAMES, {"people": 8, "alarms": 4})
    in_queue(monkeypatch, "people")
    for _ in range(3):
        held.enter_context(shares.place([SLOW]))
    with shares.place([SLOW, SLOW, QUICK]):
        attempts: tuple[Callable[[], object], ...] = (
            lambda: shares.check(SLOW),
            lambda: held.enter_context(shares.place([QUICK, SLOW])),
        )
        for attempt in attempts:
            with pytest.raises(AccountFullError) as full:
                attempt()
            assert (full.value.account, full.value.label) == (SLOW, "prod")
            assert isinstance(full.value, PutOffError)
        for _ in range(3):  # the refused one has left nothing behind
            held.enter_context(shares.place([QUICK]))
        in_queue(monkeypatch, "alarms")
        shares.check(SLOW)
        in_queue(monkeypatch, None)
        with shares.place([SLOW]):
            pass
        in_queue(monkeypatch, "people")
    shares.check(SLOW)


def test_one_account_has_nobody_to_leave_threads_to(monkeypatch: pytest.MonkeyPatch, held: ExitStack) -> None:
    in_queue(monkeypatch, "people")
    for accounts in ({}, {SLOW: "prod"}):
        shares = AccountShares(accounts, {"people": 2})
        for _ in range(3):
            held.enter_context(shares.place([SLOW]))


class Voice:
    def __init__(self) -> None:
        self.told = 0

    def progress(self, *_: object) -> bool:
        self.told += 1
        return True


def test_who_waits_for_too_long_is_told_so(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.patience.MAX_WAITS", 3)
    asks, voice, checked = Asks(redis), Voice(), list[str]()
    patience = AccountPatience(asks, cast("Thread", voice), checked.append)
    origin, now = Origin(team="T", channel="C", user="U"), datetime.now(UTC)
    ask = Ask(
        id="ask-1", correlation_id="c-1", kind="command", question=Question(words="x"), origin=origin, asked_at=now
    )
    asks.save(ask)
    patience.look(ask)
    assert checked == []
    full = AccountFullError(SLOW, "prod")
    waited: list[float] = []
    for _ in range(3):
        with pytest.raises(AccountFullError) as again:
            patience.wait(full, ask, 1, Place(channel="C", reply_ts="1.1"), now)
        waited.append(again.value.after_s)
    assert waited == sorted(set(waited))
    assert voice.told == 2
    assert asks.put_offs(ask.id) == 3
    patience.look(ask)
    assert checked == [SLOW]
    refused = patience.wait(full, ask, 1, Place(channel="C"), now)
    assert "Account prod answers slowly" in refused.message


class Ear:
    """Hears what one person is told."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def whisper(self, _: Origin, draw: Draw) -> bool:
        self.heard.append(draw(True).text)
        return True


def wished(redis: Redis, ear: Ear, kind: str) -> Callable[[], None]:
    """A wish that finds its account's threads taken each time."""
    origin, now = Origin(team="T", channel="C", user="U"), datetime.now(UTC)
    some: dict[str, Any] = {"id": "ask-1", "correlation_id": "c-1", "origin": origin, "at": now}

    def full(_: object) -> Any:
        raise AccountFullError(SLOW, "prod")

    unused: Any = None
    slack = SlackSide(cast("Thread", ear), unused, unused, Rules(frozenset({"T"})))
    given: dict[str, Any] = {"slack": slack, "asks": Asks(redis)}
    if kind == "mute":
        mutes = Wishes(redis, MuteWish)
        mutes.put("ask-1", MuteWish(verb="mute", question=Question(words="x"), seconds=60, **some))
        return partial(Muting(wishes=mutes, mutes=Mutes(redis), find=full, **given).work, "ask-1")
    wishes, news = Wishes(redis, Pointed), AlarmNews(state="ALARM", team="T", channel="C", alarm="x", **NEWS)
    wishes.put("ask-1", Pointed(news=news, **some))
    given |= {"incidents": Incidents(redis), "ask_aws": full}
    return partial(Pointing(wishes=wishes, **given).work, "ask-1")


@pytest.mark.parametrize("kind", ["mute", "point"])
def test_who_wishes_for_something_else_is_told_so_too(redis: Redis, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("muting", "pointing"):
        monkeypatch.setattr(f"bot.{module}.MAX_WAITS", 3)
    monkeypatch.setattr("handlers.admission.refusal", lambda *_: None)
    ear = Ear()
    work = wished(redis, ear, kind)
    for _ in range(3):
        with pytest.raises(PutOffError):
            work()
    assert ear.heard == []
    work()
    work()
    assert len(ear.heard) == 1
    assert "Account prod answers slowly" in ear.heard[0]


class Aws:
    """Answers about one account; the other one hangs until it is let go."""

    def __init__(self, shares: AccountShares) -> None:
        self.go = threading.Event()
        self._shares = shares

    def diagnose(self, question: Question, _: ProgressListener) -> Outcome:
        slow = question.words.startswith("slow")
        with self._shares.place([SLOW if slow else QUICK]):
            assert not slow or self.go.wait(PATIENCE_S)
            return Unknown(words=question.words)


def test_questions_about_others_overtake_those_about_an_account_that_hangs(
    slack: SlackFake, store_url: str, redis: Redis, held: ExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.store.budget.Budget.__init__.__defaults__", ({}, {}))
    monkeypatch.setattr("bot.account_shares.AccountFullError.__init__.__defaults__", (0.1,))
    shares = AccountShares(NAMES)
    aws = Aws(shares)
    held.callback(aws.go.set)
    engine = Engine(diagnose=aws.diagnose, has_room=shares.check)
    bot = BotUnderTest(
        held.enter_context(running(settings_for(slack, redis_url=store_url), "all", lambda *_: engine, WAIT)), slack
    )
    channels = [f"C{number}" for number in range(THREADS["people"] + 1)]
    for channel in (*channels, "C-quick"):
        slack.channels[channel] = Channel(channel)
    for channel in channels:
        bot.ask(f"slow-{channel}", channel=channel)

    def waiting() -> list[str]:
        said = [slack.replies(channel) for channel in channels]
        return [replies[0]["text"] for replies in said if "waiting for account prod" in str(replies)]

    share = THREADS["people"] // 2
    slack.wait_for(lambda: len(waiting()) == len(channels) - share, PATIENCE_S)
    bot.ask("quick", channel="C-quick")
    slack.wait_for(lambda: "nothing called" in str(slack.replies("C-quick")), PATIENCE_S)
    assert not any("nothing called" in str(slack.replies(channel)) for channel in channels)
    aws.go.set()
    slack.wait_for(lambda: all("nothing called" in str(slack.replies(channel)) for channel in channels), PATIENCE_S)
    assert all(len(slack.replies(channel)) == 1 for channel in channels)
