"""The composition root: everything is made here, from the settings, and handed down."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Final, Literal

import structlog
from prometheus_client import REGISTRY
from pydantic import SecretStr
from redis import Redis
from redis.exceptions import RedisError
from slack_bolt import App
from slack_sdk import WebClient
from slack_sdk.signature import SignatureVerifier

from bot.answering import Answering, Diagnose
from bot.desk import FrontDesk
from bot.diagnosing import nicknames_of
from bot.direct import DirectAnswers
from bot.jobs import QUEUES, Lane, Queue
from bot.listener import Listener
from bot.ops import Check, make_ops, redis_check, slack_check
from bot.repeating import Repeating
from bot.server import make_web
from bot.settings import Settings
from bot.slack_app import Identity, connect_socket, identify, make_app, make_client
from bot.store.asks import Asks
from bot.store.budget import Budget
from bot.store.connection import Wait, open_client, reach, where
from bot.store.effects import Effects
from bot.store.facts import StoredFacts, StoredIndex
from bot.store.flights import Flights
from bot.store.marks import Buttons, Layouts, Lookups, SeenEvents
from bot.store.private import private_store
from bot.store.reports import Reports
from bot.store.task_memory import StoredTasks
from bot.store.turns import SharedRateGate
from bot.telemetry.metrics import JOBS_WAITING, SLACK_CALLS
from bot.worker import Workers
from diagnostics.aws_access import RateGate
from diagnostics.collect.cache import FactCache
from diagnostics.collect.task_memory import TaskMemory
from diagnostics.locate.index import REFRESH_AFTER_S, ServiceIndex
from handlers.people import People
from handlers.permission import Rules
from handlers.scope import ScopeRule, Scopes
from handlers.slack_calls import SlackCalls
from handlers.thread import Thread

Role = Literal["all", "web", "worker"]

DRAIN_MARGIN_S: Final = 15
UPKEEP_EVERY_S: Final = REFRESH_AFTER_S * 0.8

_log: Final = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Shared:
    """What every replica's diagnosis shares through the store."""

    cache: FactCache
    index: ServiceIndex
    gate: RateGate
    tasks: TaskMemory | None = None


@dataclass(frozen=True, slots=True)
class Engine:
    """What diagnoses. `upkeep` is called at the start and then again and again, in the background."""

    diagnose: Diagnose
    upkeep: Callable[[], object] | None = None


MakeEngine = Callable[[Settings, Shared], Engine]


@dataclass(frozen=True, slots=True)
class Running:
    """A bot that is up. `http_port` is None in Socket Mode and for a worker."""

    ops_port: int
    http_port: int | None
    store_url: str


@dataclass(frozen=True, slots=True)
class _Door:
    port: int | None
    open: Callable[[ExitStack], None]


@contextmanager
def running(settings: Settings, role: Role, make_engine: MakeEngine, wait: Wait) -> Iterator[Running]:
    """Starts the bot; ends it in order when the context is left: no new requests, then the jobs, then the store.

    `wait` waits a number of seconds between attempts and may be cut short. Raises `StoreError`, `SlackError`,
    `PortError`, each with one line for people.
    """
    with ExitStack() as stack:
        store_url = settings.redis_url.get_secret_value() if settings.redis_url else None
        if store_url is None:
            store_url = stack.enter_context(private_store(settings.state_dir, wait))
            _log.info("private store", state_dir=str(settings.state_dir))
        redis = open_client(store_url)
        stack.callback(redis.close)
        reach(redis, where(store_url), wait)
        client = make_client(_plain(settings.slack_bot_token), settings.slack_api_url)
        bot = _Bot(settings, role, redis, client, identify(client, wait), make_engine)
        http_port, ops_port = bot.start(stack)
        _log.info("ready", role=role, http_port=http_port, ops_port=ops_port)
        yield Running(ops_port=ops_port, http_port=http_port, store_url=store_url)
        _log.info("ending")


class _Bot:
    """The parts of one process, from the store up."""

    def __init__(
        self,
        settings: Settings,
        role: Role,
        redis: Redis,
        client: WebClient,
        identity: Identity,
        make_engine: MakeEngine,
    ) -> None:
        self._settings = settings
        self._role = role
        self._redis = redis
        self._client = client
        self._rules = rules_of(settings, identity)
        self._stop = threading.Event()
        self._up = threading.Event()
        self._asks = Asks(redis)
        self._buttons = Buttons(redis)
        self._calls = SlackCalls(client, Budget(redis), wait=self._stop.wait, observe=_observe)
        self._thread = Thread(self._calls, Effects(redis), Layouts(redis), slack_api_url=settings.slack_api_url)
        shared = Shared(StoredFacts(redis), StoredIndex(redis), SharedRateGate(redis), StoredTasks(redis))
        self._engine = None if role == "web" else make_engine(settings, shared)
        self._work = None if self._engine is None else self._answering(self._engine.diagnose)
        self._lanes: dict[Queue, Lane] = {
            queue: Lane(redis, queue, settings.limits.diagnosis_s, self._work) for queue in QUEUES
        }
        if self._work is not None:
            self._work.connect(self._lanes)

    def start(self, stack: ExitStack) -> tuple[int | None, int]:
        """Starts every part of this role; each is stopped by `stack` in the opposite order. Returns the ports."""
        settings = self._settings
        stack.callback(self._stop.set)
        checks: dict[str, Check] = {
            "process": self._starting_or_ending,
            "redis": redis_check(self._redis),
            "slack": slack_check(self._client),
        }
        door = None if self._role == "worker" else self._door(stack, checks)
        ops = Listener(
            make_ops(checks, REGISTRY, self._count), settings.http_host, settings.ops_port, "ALB502_OPS_PORT"
        )
        _open(ops, stack)
        self._start_work(stack, checks)
        if door is not None:
            door.open(stack)
        self._up.set()
        stack.callback(self._up.clear)
        return door.port if door else None, ops.port

    def _starting_or_ending(self) -> str | None:
        return None if self._up.is_set() else "is starting or ending"

    def _door(self, stack: ExitStack, checks: dict[str, Check]) -> _Door:
        """Prepares what takes requests; it is opened once all the rest is up."""
        settings = self._settings
        desk = FrontDesk(
            asks=self._asks,
            lane=self._lanes["people"],
            seen=SeenEvents(self._redis),
            buttons=self._buttons,
            thread=self._thread,
            answer_directly=None if self._engine is None else self._direct(self._engine.diagnose),
        )
        stack.callback(desk.close)
        secret = _plain(settings.slack_signing_secret)
        app = make_app(self._client, secret, desk)
        if settings.slack_app_token is not None:
            token = _plain(settings.slack_app_token)
            return _Door(None, lambda opened: self._open_socket(app, token, opened, checks))
        web = make_web(app, SignatureVerifier(secret))
        listener = Listener(web, settings.http_host, settings.http_port, "ALB502_HTTP_PORT")
        return _Door(listener.port, lambda opened: _open(listener, opened))

    def _open_socket(self, app: App, token: str, stack: ExitStack, checks: dict[str, Check]) -> None:
        handler = connect_socket(app, token)
        stack.callback(handler.close)
        checks["socket"] = lambda: None if handler.client.is_connected() else "Socket Mode is not connected"

    def _start_work(self, stack: ExitStack, checks: dict[str, Check]) -> None:
        if self._engine is None:
            return
        workers = Workers(self._lanes)
        workers.start()
        stack.callback(workers.stop, self._settings.limits.diagnosis_s + DRAIN_MARGIN_S)
        checks["workers"] = workers.complaint
        if self._engine.upkeep is not None:
            upkeep = Repeating("upkeep", self._engine.upkeep, UPKEEP_EVERY_S)
            upkeep.start()
            stack.callback(upkeep.stop)

    def _answering(self, diagnose: Diagnose) -> Answering:
        longest_s = 2 * self._settings.limits.diagnosis_s
        return Answering(
            asks=self._asks,
            flights=Flights(self._redis, longest_s),
            reports=Reports(self._redis, self._settings.limits.reports_days),
            buttons=self._buttons,
            thread=self._thread,
            people=People(self._calls, Lookups(self._redis)),
            rules=self._rules,
            diagnose=diagnose,
        )

    def _direct(self, diagnose: Diagnose) -> DirectAnswers:
        api_url = self._settings.slack_api_url
        return DirectAnswers(self._client, self._rules, diagnose, slack_api_url=api_url, wait=self._stop.wait)

    def _count(self) -> None:
        for queue, lane in self._lanes.items():
            try:
                JOBS_WAITING.labels(queue=queue).set(lane.waiting())
            except RedisError:
                JOBS_WAITING.labels(queue=queue).set(float("nan"))


def rules_of(settings: Settings, identity: Identity) -> Rules:
    """Who may ask what, from the settings and from whose token it is."""
    return Rules(
        teams=frozenset(settings.slack.teams or (identity.team,)),
        enterprise=None if settings.slack.teams else identity.enterprise,
        ask_users=frozenset(settings.slack.ask.users),
        ask_groups=frozenset(settings.slack.ask.groups),
        shared_channels_allowed=settings.slack.shared_channels == "allow",
        scopes=_scopes_of(settings),
    )


def _scopes_of(settings: Settings) -> Scopes:
    return Scopes(
        rules={
            channel: ScopeRule(accounts=frozenset(scope.accounts), services=frozenset(scope.services))
            for channel, scope in settings.scopes.items()
        },
        account_ids={account.name: account.id for account in settings.accounts},
        nicknames=nicknames_of(settings),
    )


def _open(listener: Listener, stack: ExitStack) -> None:
    listener.start()
    stack.callback(listener.stop)


def _observe(method: str, result: str) -> None:
    SLACK_CALLS.labels(method=method, result=result).inc()


def _plain(secret: SecretStr | None) -> str:
    return "" if secret is None else secret.get_secret_value()
