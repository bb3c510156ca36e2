"""The composition root: everything is made here, from the settings, and handed down."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Final, Literal, Protocol

import structlog
from prometheus_client import REGISTRY
from pydantic import SecretStr
from redis import Redis
from redis.exceptions import RedisError
from slack_bolt import App
from slack_sdk import WebClient
from slack_sdk.signature import SignatureVerifier
from starlette.applications import Starlette

from bot.accepted import LOOK_EVERY_S, Accepted
from bot.alarm_parts import AlarmIntake, AlarmWorks, alarm_works, listened
from bot.alarming import AskAws
from bot.answering import SILENT_S, Answering, Diagnose, utc_now
from bot.below import BelowAnswers
from bot.control_parts import ControlIntake, ControlWorks, control_works
from bot.desk import FrontDesk
from bot.direct import DirectAnswers
from bot.fix_clicks import FixClicks
from bot.fix_clicks import Slack as SlackSide
from bot.fix_lane import FIXES, FixLane
from bot.fix_offers import Fixes
from bot.fix_parts import fix_clicks
from bot.help_here import HelpHere
from bot.intake import intake
from bot.jobs import QUEUES, Lane, Queue, Send
from bot.known_services import Known
from bot.listener import Listener
from bot.ops import Check, make_ops, redis_check, slack_check
from bot.own_changes import AuditedChanges
from bot.remediating import policy_of
from bot.repeating import Repeating
from bot.rules import rules_of
from bot.sealing import ClickSealer, approver_groups, key_of
from bot.server import Slack, make_web
from bot.settings import Settings
from bot.slack_app import Identity, connect_socket, identify, make_app, make_client
from bot.sns.inbox import SnsInbox
from bot.sns.receiving import Receiver
from bot.store.address import where
from bot.store.asks import Asks
from bot.store.audit import StoredAudit
from bot.store.budget import Budget
from bot.store.clicks import FixButtons
from bot.store.connection import ACKNOWLEDGING, Wait, open_client, reach
from bot.store.effects import Effects
from bot.store.facts import StoredFacts, StoredIndex
from bot.store.flights import Flights
from bot.store.incidents import Incidents
from bot.store.marks import Buttons, Layouts, Lookups
from bot.store.plans import Offers
from bot.store.private import private_store
from bot.store.recent import RecentAnswers
from bot.store.reports import Reports
from bot.store.task_memory import StoredTasks
from bot.store.turns import SharedRateGate
from bot.store.watches import Watches
from bot.telemetry.metrics import JOBS_WAITING, SLACK_CALLS
from bot.worker import Ending, Workers
from diagnostics.aws_access import RateGate
from diagnostics.collect.cache import FactCache
from diagnostics.collect.own_records import OwnRecords
from diagnostics.collect.task_memory import TaskMemory
from diagnostics.locate.index import REFRESH_AFTER_S, ServiceIndex
from handlers.alarms import AlarmDesk
from handlers.people import People
from handlers.slack_calls import SlackCalls
from handlers.thread import Thread
from remediations.reading import ReadsSource

Role = Literal["all", "web", "worker", "executor"]

UPKEEP_EVERY_S: Final = REFRESH_AFTER_S * 0.8
SILENT_EVERY_S: Final = 60.0

_log: Final = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Shared:
    """What every replica's diagnosis shares through the store."""

    cache: FactCache
    index: ServiceIndex
    gate: RateGate
    tasks: TaskMemory | None = None
    own: OwnRecords | None = None


@dataclass(frozen=True, slots=True)
class Engine:
    """What diagnoses. `alarm` says what AWS knows of an alarm; without it alarms are left alone. `reads` looks
    at what a fix is based on. `known` is what there is to ask about. `upkeep` is called at
    the start and then again and again, in the background."""

    diagnose: Diagnose
    alarm: AskAws | None = None
    reads: ReadsSource | None = None
    upkeep: Callable[[], object] | None = None
    known: Callable[[], Known] | None = None


MakeEngine = Callable[[Settings, Shared], Engine]


class Fixing(Protocol):
    """What carries out fixes: the only part that may write to AWS."""

    def start(self, stack: ExitStack, checks: dict[str, Check], ending: Ending) -> None: ...


MakeFixing = Callable[[Settings, Redis, FixLane, Send], Fixing]
"""Called for the roles `all` and `executor` only. `Send` has people told about a ticket."""


@dataclass(frozen=True, slots=True)
class Running:
    """A bot that is up. `http_port` is None in Socket Mode and for a role that takes no requests."""

    ops_port: int
    http_port: int | None
    store_url: str


@dataclass(frozen=True, slots=True)
class _Door:
    port: int | None
    open: Callable[[ExitStack], None]


@contextmanager
def running(
    settings: Settings, role: Role, make_engine: MakeEngine, wait: Wait, make_fixing: MakeFixing | None = None
) -> Iterator[Running]:
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
        if role == "executor":
            http_port, ops_port = None, _start_executor(settings, redis, make_fixing, stack)
        else:
            client = make_client(_plain(settings.slack_bot_token), settings.slack_api_url)
            bot = _Bot(settings, role, store_url, redis, client, identify(client, wait), make_engine)
            http_port, ops_port = bot.start(stack, make_fixing if role == "all" else None)
        _log.info("ready", role=role, http_port=http_port, ops_port=ops_port)
        yield Running(ops_port=ops_port, http_port=http_port, store_url=store_url)
        _log.info("ending")


class _Bot:
    """The parts of one process, from the store up."""

    def __init__(
        self,
        settings: Settings,
        role: Role,
        store_url: str,
        redis: Redis,
        client: WebClient,
        identity: Identity,
        make_engine: MakeEngine,
    ) -> None:
        self._settings = settings
        self._role = role
        self._store_url = store_url
        self._redis = redis
        self._client = client
        self._rules = rules_of(settings, identity)
        self._stop = threading.Event()
        self._ending = Ending(settings.limits.stop_s)
        self._up = threading.Event()
        self._asks = Asks(redis)
        self._buttons = Buttons(redis)
        self._calls = SlackCalls(client, Budget(redis), wait=self._stop.wait, observe=_observe)
        self._thread = Thread(self._calls, Effects(redis), Layouts(redis), slack_api_url=settings.slack_api_url)
        self._people = People(self._calls, Lookups(redis))
        own = AuditedChanges(StoredAudit(redis))
        shared = Shared(StoredFacts(redis), StoredIndex(redis), SharedRateGate(redis), StoredTasks(redis), own)
        self._incidents = Incidents(redis)
        self._engine = None if role == "web" else make_engine(settings, shared)
        self._work = None if self._engine is None else self._answering(self._engine.diagnose)
        self._lanes: dict[Queue, Lane] = {
            queue: Lane(redis, queue, settings.limits.diagnosis_s, self._work) for queue in QUEUES
        }
        self._alarms = AlarmIntake(redis, self._lanes, self._alarm_works(), self._work)
        self._controls = ControlIntake(redis, self._lanes, self._control_works())
        self._accepted = Accepted(self._asks, (self._lanes[queue] for queue in ("people", "incidents", "deliveries")))
        self._fix_lane = FixLane(redis)
        clicks = self._fix_clicks()
        self._fix_news = fix_news(self._lanes["deliveries"], clicks.tell if clicks else _nowhere)
        self._lanes["people"].job("fix-click", clicks.work if clicks else _nowhere)
        if self._work is not None:
            self._work.connect(self._lanes)

    def start(self, stack: ExitStack, make_fixing: MakeFixing | None) -> tuple[int | None, int]:
        """Starts every part of this role; each is stopped by `stack` in the opposite order. Returns the ports."""
        settings = self._settings
        stack.callback(self._stop.set)
        checks: dict[str, Check] = {
            "process": self._starting_or_ending,
            "redis": redis_check(self._redis),
            "slack": slack_check(self._client),
        }
        self._controls.connect(checks)
        door = None if self._role == "worker" else self._door(stack, checks)
        ops = Listener(
            make_ops(checks, REGISTRY, self._count), settings.http_host, settings.ops_port, "ALB502_OPS_PORT"
        )
        _open(ops, stack)
        self._start_work(stack, checks)
        if make_fixing is not None:
            make_fixing(settings, self._redis, self._fix_lane, self._fix_news).start(stack, checks, self._ending)
        if door is not None:
            _repeat("accepted questions", self._accepted.look, LOOK_EVERY_S, stack)
            door.open(stack)
        self._up.set()
        stack.callback(self._up.clear)
        stack.callback(self._ending.begin)
        return door.port if door else None, ops.port

    def _starting_or_ending(self) -> str | None:
        return None if self._up.is_set() else "is starting or ending"

    def _door(self, stack: ExitStack, checks: dict[str, Check]) -> _Door:
        """Prepares what takes requests; it is opened once all the rest is up."""
        settings = self._settings
        quick = open_client(self._store_url, ACKNOWLEDGING)
        stack.callback(quick.close)
        desk = FrontDesk(
            intake=intake(quick, settings),
            accepted=self._accepted,
            thread=self._thread,
            answer_directly=None if self._engine is None else self._direct(self._engine.diagnose),
            seal=self._sealer(stack),
            here=HelpHere(self._people, self._rules, settings),
        )
        stack.callback(desk.close)
        secret = _plain(settings.slack_signing_secret)
        app = make_app(self._client, secret, desk, listened(settings))
        sns = self._sns(desk)
        if settings.slack_app_token is None:
            web = make_web(Slack(app, SignatureVerifier(secret)), sns)
            return self._listening(web, lambda _: None)
        token = _plain(settings.slack_app_token)
        if sns is not None:
            return self._listening(make_web(None, sns), lambda opened: self._open_socket(app, token, opened, checks))
        return _Door(None, lambda opened: self._open_socket(app, token, opened, checks))

    def _sealer(self, stack: ExitStack) -> ClickSealer:
        groups = approver_groups(policy_of(self._settings))
        sealer = ClickSealer(key_of(self._settings), self._people, self._rules, groups)
        stack.callback(sealer.close)
        return sealer

    def _listening(self, web: Starlette, also: Callable[[ExitStack], None]) -> _Door:
        listener = Listener(web, self._settings.http_host, self._settings.http_port, "ALB502_HTTP_PORT")

        def opened(stack: ExitStack) -> None:
            _open(listener, stack)
            also(stack)

        return _Door(listener.port, opened)

    def _sns(self, desk: AlarmDesk) -> Receiver | None:
        """Takes alarms and ECS events of the configured topics."""
        channels = self._settings.alarms.sns_topics
        if not channels:
            return None
        return Receiver(channels, SnsInbox(channels, desk, StoredTasks(self._redis), utc_now))

    def _open_socket(self, app: App, token: str, stack: ExitStack, checks: dict[str, Check]) -> None:
        handler = connect_socket(app, token)
        stack.callback(handler.close)
        checks["socket"] = lambda: None if handler.client.is_connected() else "Socket Mode is not connected"

    def _start_work(self, stack: ExitStack, checks: dict[str, Check]) -> None:
        if self._engine is None:
            return
        workers = Workers(self._lanes)
        workers.start()
        stack.callback(lambda: workers.stop(self._ending.left_s()))
        checks["workers"] = workers.complaint
        if self._work is not None:
            _repeat("lost questions", self._work.end_silent, SILENT_EVERY_S, stack)
        if self._engine.upkeep is not None:
            _repeat("upkeep", self._engine.upkeep, UPKEEP_EVERY_S, stack)

    def _answering(self, diagnose: Diagnose) -> Answering:
        longest_s = 2 * self._settings.limits.diagnosis_s
        return Answering(
            asks=self._asks,
            flights=Flights(self._redis, longest_s),
            reports=Reports(self._redis, self._settings.limits.reports_days),
            buttons=self._buttons,
            thread=self._thread,
            people=self._people,
            rules=self._rules,
            diagnose=diagnose,
            incidents=self._incidents,
            fixes=Fixes(Offers(self._redis, self._settings.limits.reports_days), FixButtons(self._redis)),
            below=BelowAnswers(self._buttons, Watches(self._redis), RecentAnswers(self._redis)),
            silent_s=max(SILENT_S, 2 * longest_s),
        )

    def _alarm_works(self) -> AlarmWorks | None:
        if self._engine is None:
            return None
        slack = SlackSide(self._thread, self._calls, self._people, self._rules)
        return alarm_works(self._settings, self._redis, slack, self._engine.alarm, self._engine.diagnose)

    def _control_works(self) -> ControlWorks | None:
        if self._engine is None:
            return None
        slack = SlackSide(self._thread, self._calls, self._people, self._rules)
        mute = None if self._engine.alarm is None else self._alarms.mute
        return control_works(self._settings, self._redis, slack, mute, self._engine.known)

    def _fix_clicks(self) -> FixClicks | None:
        if self._engine is None:
            return None
        slack = SlackSide(self._thread, self._calls, self._people, self._rules)
        return fix_clicks(self._settings, self._redis, self._fix_lane, slack, self._engine.reads)

    def _direct(self, diagnose: Diagnose) -> DirectAnswers:
        api_url = self._settings.slack_api_url
        return DirectAnswers(self._client, self._rules, diagnose, slack_api_url=api_url, wait=self._stop.wait)

    def _count(self) -> None:
        for queue, lane in self._lanes.items():
            count_waiting(queue, lane.waiting)
        count_waiting(FIXES, self._fix_lane.waiting)


def _start_executor(settings: Settings, redis: Redis, make_fixing: MakeFixing | None, stack: ExitStack) -> int:
    """A process that carries out fixes and does nothing else; it needs no Slack. Returns the ops port."""
    checks: dict[str, Check] = {"redis": redis_check(redis)}
    lane, deliveries = FixLane(redis), Lane(redis, "deliveries", settings.limits.diagnosis_s)
    counting = make_ops(checks, REGISTRY, lambda: count_waiting(FIXES, lane.waiting))
    ops = Listener(counting, settings.http_host, settings.ops_port, "ALB502_OPS_PORT")
    _open(ops, stack)
    if make_fixing is not None:
        ending = Ending(settings.limits.stop_s)
        make_fixing(settings, redis, lane, fix_news(deliveries, _nowhere)).start(stack, checks, ending)
        stack.callback(ending.begin)
    return ops.port


def count_waiting(queue: str, waiting: Callable[[], int]) -> None:
    try:
        JOBS_WAITING.labels(queue=queue).set(waiting())
    except RedisError:
        JOBS_WAITING.labels(queue=queue).set(float("nan"))


def fix_news(deliveries: Lane, tell: Callable[[str], None]) -> Send:
    """The job that has people told what has become of a ticket."""
    return deliveries.job("fix-news", tell)


def _nowhere(_: str) -> None:
    """In a process that only takes requests no job runs."""


def _repeat(name: str, work: Callable[[], object], every_s: float, stack: ExitStack) -> None:
    repeating = Repeating(name, work, every_s)
    repeating.start()
    stack.callback(repeating.stop)


def _open(listener: Listener, stack: ExitStack) -> None:
    listener.start()
    stack.callback(listener.stop)


def _observe(method: str, result: str) -> None:
    SLACK_CALLS.labels(method=method, result=result).inc()


def _plain(secret: SecretStr | None) -> str:
    return "" if secret is None else secret.get_secret_value()
