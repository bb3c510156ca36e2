"""A real Valkey, a Slack on loopback, and a bot between them whose diagnosis is made up."""

from __future__ import annotations

import http.client
import io
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dramatiq.worker
import pytest
import structlog
from redis import Redis

from bot import queue
from bot.alarming import AskAws
from bot.app import Running, running
from bot.engine import Engine, Role
from bot.settings import Settings
from bot.store import budget
from bot.store.private import private_store
from bot.telemetry import logs
from diagnostics.question import Outcome, Progress, ProgressListener, Question, Unknown
from diagnostics.report import Report
from handlers import thread
from tests import slack_fake
from tests.slack_fake import SlackFake, serving
from tests.slack_socket import Socket, listening

PING_S = 0.5
WAIT = threading.Event().wait


def eventually(what: Callable[[], Any], timeout_s: float = 10.0) -> Any:
    """The first true value of something that nobody announces, such as a key in the store."""
    deadline = time.monotonic() + timeout_s
    while not (found := what()):
        assert time.monotonic() < deadline, "it did not happen in time"
        WAIT(0.02)
    return found


def stays(true: Callable[[], bool], for_s: float = 0.3) -> None:
    """That nothing happens for so long."""
    until = time.monotonic() + for_s
    while time.monotonic() < until:
        assert true()
        WAIT(0.02)


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits before it tries again waits as short as a test does."""
    for delay in ("CONSUMER_RESTART_DELAY_SECS", "POST_PROCESS_MESSAGE_RETRY_DELAY_SECS"):
        monkeypatch.setattr(dramatiq.worker, delay, 0.2)
    monkeypatch.setattr(queue, "MIN_BACKOFF_MS", 100)
    monkeypatch.setattr(thread, "TROUBLE_RETRY_AFTER_S", 1.0)
    monkeypatch.setattr(budget, "EDIT_EVERY_S", 0.05)


@pytest.fixture(scope="session")
def store_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with private_store(tmp_path_factory.mktemp("store"), WAIT) as url:
        yield url


@pytest.fixture
def redis(store_url: str) -> Iterator[Redis]:
    client = Redis.from_url(store_url)
    client.flushall()
    yield client
    client.close()


@pytest.fixture
def slack() -> Iterator[SlackFake]:
    with serving(SlackFake()) as fake:
        yield fake


@dataclass
class Diagnosis:
    """What the bot is given to diagnose with. It tells `so_far`, waits for `go`, counts, and answers `outcome`."""

    so_far: Report | None = None
    outcome: Outcome | None = None
    error: Exception | None = None
    asked: list[Question] = field(default_factory=list)
    go: threading.Event = field(default_factory=threading.Event)
    started: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.go.set()

    def __call__(self, question: Question, progress: ProgressListener) -> Outcome:
        self.asked.append(question)
        progress(Progress(step="reading", text="target health", done=1, total=4, so_far=self.so_far))
        self.started.set()
        assert self.go.wait(20)
        if self.error is not None:
            raise self.error
        return self.outcome or Unknown(words=question.words)


@dataclass
class BotUnderTest:
    running: Running
    slack: SlackFake

    def post(self, body: bytes, headers: dict[str, str] | None = None) -> tuple[int, str]:
        status, text, _ = self.timed(body, headers)
        return status, text

    def timed(self, body: bytes, headers: dict[str, str] | None = None) -> tuple[int, str, float]:
        assert self.running.http_port is not None
        connection = http.client.HTTPConnection("127.0.0.1", self.running.http_port, timeout=10)
        began = time.monotonic()
        connection.request("POST", "/slack/events", body, {**slack_fake.sign(body), **(headers or {})})
        response = connection.getresponse()
        text = response.read().decode()
        took = time.monotonic() - began
        connection.close()
        return response.status, text, took

    def ask(self, text: str, **origin: Any) -> tuple[int, str]:
        return self.post(self.slack.command(text, **origin))

    def ops(self, path: str) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.running.ops_port, timeout=10)
        connection.request("GET", path)
        response = connection.getresponse()
        text = response.read().decode()
        connection.close()
        return response.status, text


def settings_for(slack: SlackFake, **more: Any) -> Settings:
    chosen: dict[str, Any] = {
        "slack_bot_token": slack_fake.TOKEN,
        "slack_signing_secret": slack_fake.SECRET,
        "slack_api_url": f"{slack.url}/api/",
        "http_host": "127.0.0.1",
        "http_port": 0,
        "ops_port": 0,
    }
    return Settings(**{**chosen, **more})


@dataclass
class Start:
    """Starts bots that end with the test."""

    slack: SlackFake
    store_url: str
    stack: ExitStack

    def __call__(
        self,
        diagnosis: Diagnosis,
        role: Role = "all",
        upkeep: Callable[[], object] | None = None,
        alarm: AskAws | None = None,
        **settings: Any,
    ) -> BotUnderTest:
        chosen = settings_for(self.slack, **{"redis_url": self.store_url, **settings})
        engine = Engine(diagnose=diagnosis, alarm=alarm, upkeep=upkeep)
        return BotUnderTest(self.stack.enter_context(running(chosen, role, lambda *_: engine, WAIT)), self.slack)


@pytest.fixture
def start(slack: SlackFake, store_url: str, redis: Redis) -> Iterator[Start]:
    with ExitStack() as stack:
        yield Start(slack, store_url, stack)


@pytest.fixture
def state_dir(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """What is logged, as it stands in the log."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    stream = io.StringIO()
    logs.configure(stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture
def socket(slack: SlackFake, monkeypatch: pytest.MonkeyPatch) -> Iterator[Socket]:
    """With pings in quick succession: a connection counts as dead, and a bot as stopped, after a few of them."""
    monkeypatch.setattr("bot.slack_app.SOCKET_PING_S", PING_S)
    with listening() as socket:
        slack.socket_url = socket.url
        yield socket
