"""Redis is away: at the start, when somebody asks, while a diagnosis runs."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from redis.exceptions import ConnectionError as NoConnectionError

from bot.desk import FrontDesk
from bot.store.connection import StoreError, open_client, reach
from bot.store.private import private_store, server_binary
from handlers.ask import NotQueuedError
from tests.bot.conftest import WAIT, Diagnosis, Start, eventually
from tests.slack_fake import GUEST, SlackFake


def test_a_cluster_is_refused_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "c.sock"
    options = [
        "--port",
        "0",
        "--unixsocket",
        str(path),
        "--dir",
        str(tmp_path),
        "--cluster-enabled",
        "yes",
        "--save",
        "",
    ]
    with subprocess.Popen([server_binary(), *options], stdout=subprocess.DEVNULL) as server:
        client = open_client(f"unix://{path}")
        try:
            with pytest.raises(StoreError, match="is a cluster") as refused:
                reach(client, "here", lambda _: WAIT(0.05), attempts=100)
        finally:
            client.close()
            server.terminate()
    assert "\n" not in str(refused.value)


class Store:
    """A store that can go away and come back with what it held."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._stack = ExitStack()
        self.url = ""
        self.start()

    def start(self) -> None:
        self.url = self._stack.enter_context(private_store(self._directory, WAIT))

    def stop(self) -> None:
        self._stack.close()


@pytest.fixture
def store(state_dir: Path) -> Iterator[Store]:
    store = Store(state_dir)
    yield store
    store.stop()


@pytest.fixture
def mortal(slack: SlackFake, store: Store) -> Iterator[Start]:
    """Starts bots on the store that can go away."""
    with ExitStack() as stack:
        yield Start(slack, store.url, stack)


def test_at_the_start_it_ends_with_one_line_after_a_few_attempts() -> None:
    waited: list[float] = []
    client = open_client("redis://someone:secret@127.0.0.1:1/0")
    with pytest.raises(StoreError) as refused:
        reach(client, "127.0.0.1:1", waited.append)
    assert len(waited) == 5
    line = str(refused.value)
    assert "\n" not in line
    assert "REDIS_URL" in line
    assert "secret" not in line


def test_when_somebody_asks_they_are_answered_directly_and_told_so(
    mortal: Start, store: Store, slack: SlackFake
) -> None:
    bot = mortal(Diagnosis())
    store.stop()
    status, text = bot.ask("checkout")
    assert status == 200
    assert "directly" in text
    (whisper,) = slack.wait_for(lambda: slack.whispers)
    assert "nothing called" in whisper["text"]
    assert bot.ops("/readyz")[0] == 503
    assert bot.ops("/healthz")[0] == 200
    store.start()


def test_a_guest_is_refused_even_then(mortal: Start, store: Store, slack: SlackFake) -> None:
    diagnosis = Diagnosis()
    bot = mortal(diagnosis)
    store.stop()
    bot.ask("checkout", user=GUEST)
    (whisper,) = slack.wait_for(lambda: slack.whispers)
    assert "Guests" in whisper["text"]
    assert diagnosis.asked == []
    store.start()


def test_an_event_is_handed_back_to_slack_and_at_last_its_author_is_told(
    mortal: Start, store: Store, slack: SlackFake
) -> None:
    bot = mortal(Diagnosis())
    store.stop()
    body = slack.mention("<@U0BOT> checkout", event_id="Ev1")
    assert bot.post(body)[0] == 503
    assert bot.post(body, {"X-Slack-Retry-Num": "3"})[0] == 200
    (whisper,) = slack.wait_for(lambda: slack.whispers)
    assert "was not taken" in whisper["text"]
    store.start()


def test_while_a_diagnosis_runs_its_answer_is_given_once_the_store_is_back(
    mortal: Start, store: Store, slack: SlackFake
) -> None:
    diagnosis = Diagnosis()
    diagnosis.go.clear()
    bot = mortal(diagnosis)
    bot.ask("checkout")
    assert diagnosis.started.wait(10)
    store.stop()
    diagnosis.go.set()
    eventually(lambda: bot.ops("/readyz")[0] == 503)
    store.start()

    def told() -> bool:
        return any("nothing called" in reply["text"] for reply in slack.replies())

    slack.wait_for(told, timeout_s=40)
    assert len(slack.replies()) == 1


class Gone:
    """A store none of whose parts answers."""

    def __getattr__(self, _: str) -> Gone:
        return self

    def __call__(self, *_: object) -> None:
        raise NoConnectionError


@pytest.mark.parametrize(
    "take",
    ["take_alarm", "take_pointed", "take_mute", "take_click", "take_control", "take_errand", "pick_behind",
     "refresh_behind"],
)  # fmt: skip
def test_what_cannot_be_kept_is_not_taken(take: str) -> None:
    """Whoever pressed is told so, and what Slack delivers again may fail."""
    gone: Any = Gone()
    desk = FrontDesk(intake=gone, accepted=gone, thread=gone, answer_directly=None, seal=lambda one: one, here=gone)
    with pytest.raises(NotQueuedError):
        getattr(desk, take)(SimpleNamespace(id="x-1", correlation_id="c-1"))
