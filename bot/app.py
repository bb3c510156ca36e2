"""The composition root: everything is made here, from the settings, and handed down."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Final

import structlog
from prometheus_client import REGISTRY
from redis import Redis
from slack_sdk import WebClient

from bot import __version__
from bot.accepted import LOOK_EVERY_S, Accepted
from bot.door_parts import Door, DoorParts, open_listener, plain
from bot.ending import Ending
from bot.engine import MakeEngine, MakeFixing, Role, shared_through
from bot.fix_lane import FIXES, FixLane
from bot.gauges import Gauges
from bot.jobs import Lane
from bot.listener import Listener
from bot.ops import Check, SlackCheck, make_ops, redis_check
from bot.queue import Queued
from bot.repeating import Repeating
from bot.rules import rules_of
from bot.settings import Settings
from bot.slack_app import Identity, identify, make_client
from bot.slack_side import slack_side
from bot.store.address import where
from bot.store.asks import Asks
from bot.store.connection import LOOKING, Wait, open_client, reach
from bot.store.plans import Tickets
from bot.store.private import private_store
from bot.work_parts import Works, fix_news, lanes_of
from bot.worker import Workers
from diagnostics.locate.index import REFRESH_AFTER_S

UPKEEP_EVERY_S: Final = REFRESH_AFTER_S * 0.8
SILENT_EVERY_S: Final = 60.0

_log: Final = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Running:
    """A bot that is up. `http_port` is None in Socket Mode and for a role that takes no requests."""

    ops_port: int
    http_port: int | None
    store_url: str


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
            http_port, ops_port = None, _start_executor(settings, store_url, redis, make_fixing, stack)
        else:
            client = make_client(plain(settings.slack_bot_token), settings.slack_api_url)
            bot = _Bot(settings, role, store_url, redis, client, identify(client, wait), make_engine)
            http_port, ops_port = bot.start(stack, make_fixing if role == "all" else None)
        _log.info("ready", version=__version__, role=role, http_port=http_port, ops_port=ops_port)
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
        self._stop = threading.Event()
        self._ending = Ending(settings.limits.stop_s)
        self._up = threading.Event()
        slack = slack_side(settings, redis, client, rules_of(settings, identity), self._stop.wait)
        self._works: Works | None = None
        if role != "web":
            self._works = Works(settings, redis, slack, make_engine(settings, shared_through(redis)))
        lanes = lanes_of(redis, settings) if self._works is None else self._works.lanes
        fix_lane = FixLane(redis) if self._works is None else self._works.fix_lane
        self._queues = dict[str, Queued]([*lanes.items(), (FIXES, fix_lane)])
        self._accepted = Accepted(Asks(redis), (lanes[queue] for queue in ("people", "incidents", "deliveries")))
        self._doors = DoorParts(settings, redis, client, slack)

    def start(self, stack: ExitStack, make_fixing: MakeFixing | None) -> tuple[int | None, int]:
        """Starts every part of this role; each is stopped by `stack` in the opposite order. Returns the ports."""
        settings = self._settings
        stack.callback(self._stop.set)
        looking = _looking(self._store_url, stack)
        checks: dict[str, Check] = {
            "process": _starting_or_ending(self._up),
            "redis": redis_check(looking),
            "slack": SlackCheck(self._client),
        }
        if self._works is not None:
            self._works.controls.connect(checks)
        door = None if self._role == "worker" else self._door(stack, checks)
        counting = make_ops(checks, REGISTRY, Gauges(looking, self._role, self._queues, Tickets(looking)))
        ops = Listener(counting, settings.http_host, settings.ops_port, "ALB502_OPS_PORT")
        open_listener(ops, stack, self._ending)
        if self._works is not None:
            self._start_work(self._works, stack, checks)
            if make_fixing is not None:
                fixing = make_fixing(settings, self._redis, self._works.fix_lane, self._works.fix_news)
                fixing.start(stack, checks, self._ending)
        if door is not None:
            self._repeat("accepted questions", self._accepted.look, LOOK_EVERY_S, stack)
            door.open(stack)
        self._up.set()
        stack.callback(self._up.clear)
        stack.callback(self._ending.begin)
        return door.port if door else None, ops.port

    def _door(self, stack: ExitStack, checks: dict[str, Check]) -> Door:
        directly = None
        if self._works is not None:
            directly = self._doors.directly(self._works.engine.diagnose, self._stop.wait)
        return self._doors.door(self._store_url, self._accepted, directly, stack, checks, self._ending)

    def _start_work(self, works: Works, stack: ExitStack, checks: dict[str, Check]) -> None:
        workers = Workers(works.lanes)
        workers.start()
        stack.callback(lambda: workers.stop(self._ending.left_s()))
        checks["workers"] = workers.complaint
        self._repeat("lost questions", works.answering.end_silent, SILENT_EVERY_S, stack)
        if works.engine.upkeep is not None:
            self._repeat("upkeep", works.engine.upkeep, UPKEEP_EVERY_S, stack)

    def _repeat(self, name: str, work: Callable[[], object], every_s: float, stack: ExitStack) -> None:
        repeating = Repeating(name, work, every_s)
        repeating.start()
        repeating.ends_with(stack, self._ending)


def _start_executor(
    settings: Settings, store_url: str, redis: Redis, make_fixing: MakeFixing | None, stack: ExitStack
) -> int:
    """A process that carries out fixes and does nothing else; it needs no Slack. Returns the ops port."""
    up = threading.Event()
    looking = _looking(store_url, stack)
    checks: dict[str, Check] = {"process": _starting_or_ending(up), "redis": redis_check(looking)}
    lane, deliveries = FixLane(redis), Lane(redis, "deliveries", settings.limits.diagnosis_s)
    counting = make_ops(checks, REGISTRY, Gauges(looking, "executor", {FIXES: lane}, Tickets(looking)))
    ops = Listener(counting, settings.http_host, settings.ops_port, "ALB502_OPS_PORT")
    ending = Ending(settings.limits.stop_s)
    open_listener(ops, stack, ending)
    if make_fixing is not None:
        make_fixing(settings, redis, lane, fix_news(deliveries)).start(stack, checks, ending)
    up.set()
    stack.callback(up.clear)
    stack.callback(ending.begin)
    return ops.port


def _looking(store_url: str, stack: ExitStack) -> Redis:
    """What the ops port looks with."""
    redis = open_client(store_url, LOOKING)
    stack.callback(redis.close)
    return redis


def _starting_or_ending(up: threading.Event) -> Check:
    return lambda: None if up.is_set() else "is starting or ending"
