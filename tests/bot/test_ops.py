"""The operators' port tells the truth."""

from __future__ import annotations

import http.client
import json
import math
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from prometheus_client import REGISTRY
from redis import Redis
from slack_sdk import WebClient

from bot import ops
from bot.app import running
from bot.engine import Role
from bot.fix_lane import FixLane
from bot.gauges import Gauges
from bot.jobs import Lane, Queue
from bot.listener import Listener
from bot.ops import SlackCheck, make_ops, redis_check
from bot.slack_app import make_client
from bot.store.connection import is_full
from bot.store.plans import Tickets
from bot.telemetry.jobs import JobContext
from bot.telemetry.metrics import FIX_APPROVED_SECONDS
from bot.worker import Workers
from remediations.approval import State, Ticket
from tests import slack_fake
from tests.bot.conftest import WAIT, Diagnosis, Start, eventually, settings_for
from tests.slack_fake import Failure, SlackFake


def test_a_bot_that_works_is_healthy_ready_and_counted(start: Start, slack: SlackFake) -> None:
    bot = start(Diagnosis())
    assert bot.ops("/healthz")[0] == 200
    status, text = bot.ops("/readyz")
    assert (status, json.loads(text)) == (
        200,
        {"ready": True, "checks": {"http": "ok", "process": "ok", "redis": "ok", "slack": "ok", "workers": "ok"}},
    )
    bot.ask("checkout")
    slack.wait_for(lambda: len(slack.of("chat.update")) >= 2)
    status, text = bot.ops("/metrics")
    assert status == 200
    assert 'alb502_slack_calls_total{method="chat.postMessage",result="ok"}' in text
    assert 'alb502_slack_call_seconds_count{method="chat.postMessage"}' in text
    assert "alb502_slack_ack_seconds_count" in text
    assert 'alb502_jobs_waiting{queue="people"}' in text
    assert 'alb502_oldest_job_seconds{queue="fixes"}' in text
    assert 'alb502_ready{part="workers"} 1.0' in text
    assert "alb502_threads" in text
    assert value("alb502_slack_contact_timestamp_seconds") > 0


def test_a_redis_that_evicts_makes_the_bot_unready_and_is_no_reason_to_restart_it(start: Start, redis: Redis) -> None:
    bot = start(Diagnosis())
    redis.config_set("maxmemory-policy", "allkeys-lru")
    try:
        status, text = bot.ops("/readyz")
        assert bot.ops("/healthz")[0] == 200
        assert 'alb502_ready{part="redis"} 0.0' in bot.ops("/metrics")[1]
    finally:
        redis.config_set("maxmemory-policy", "noeviction")
    assert status == 503
    assert "noeviction" in json.loads(text)["checks"]["redis"]
    assert bot.ops("/readyz")[0] == 200


def test_a_redis_that_is_gone_is_said_to_be_gone() -> None:
    with gone() as redis:
        assert "does not answer" in (redis_check(redis)() or "")


def test_a_token_that_was_revoked_is_said_to_be_refused(slack: SlackFake) -> None:
    check = SlackCheck(make_client(slack_fake.TOKEN, f"{slack.url}/api/"), every_s=0, patience_s=20)
    assert check() is None
    slack.fail("auth.test", Failure(200, "token_revoked"))
    told = check() or ""
    assert "token_revoked" in told
    assert "last well" in told
    assert check() is None


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        (Failure(503, "<html>busy</html>"), "http_503"),
        (Failure(429, "ratelimited"), "ratelimited"),
        (http.client.BadStatusLine("nonsense"), "cannot be reached"),
        (AttributeError("a list"), "could not be looked at"),
    ],
)
def test_whatever_slack_says_once_it_is_asked_again(
    slack: SlackFake, failure: Failure | Exception, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = make_client(slack_fake.TOKEN, f"{slack.url}/api/")
    check = SlackCheck(client, every_s=0, patience_s=20)
    with monkeypatch.context() as once:
        if isinstance(failure, Failure):
            slack.fail("auth.test", failure)
        else:
            once.setattr(client, "auth_test", raising(failure))
        told = check() or ""
    assert said in told
    assert "token" not in told
    assert check() is None


def raising(error: Exception) -> Callable[[], object]:
    def call() -> object:
        raise error

    return call


def test_slack_is_not_asked_at_every_look(slack: SlackFake) -> None:
    check = SlackCheck(make_client(slack_fake.TOKEN, f"{slack.url}/api/"), every_s=60)
    for _ in range(5):
        check()
    assert len(slack.of("auth.test")) == 1


class Hanging(WebClient):
    """A Slack that answers once and then only when it is let go."""

    def __init__(self) -> None:
        super().__init__(token="xoxb-none")
        self.asked = 0
        self.go = threading.Event()

    def auth_test(self, **_: Any) -> Any:
        self.asked += 1
        if self.asked > 1:
            self.go.wait(20)
        return {}


def test_a_slack_that_hangs_holds_up_no_look_and_is_complained_of_when_it_stays_silent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client = Hanging()
    check = SlackCheck(client, every_s=0, patience_s=0)
    assert check() is None
    assert check() is None  # it hangs by now; what it said before still holds
    monkeypatch.setattr(ops, "SLACK_SILENT_S", -1.0)
    assert "has not answered" in (check() or "")
    assert eventually(lambda: client.asked == 2)
    client.go.set()


def test_a_public_port_whose_server_has_ended_is_what_only_a_restart_mends() -> None:
    class Ending(Listener):
        def _run(self) -> None:
            over.wait(10)

    over = threading.Event()
    listener = Ending(make_ops({}, REGISTRY, lambda: None), "127.0.0.1", 0, "the port of a test")
    listener.start()
    assert listener.complaint() is None
    over.set()
    assert "restart this process" in eventually(listener.complaint)
    listener.stop()
    assert listener.complaint() is None, "it was told to end"


@pytest.mark.parametrize(
    ("complaint", "part", "healthy"), [("ended", "http", 503), ("ended", "workers", 503), ("away", "redis", 200)]
)
def test_only_what_a_restart_ends_makes_the_process_unhealthy(complaint: str, part: str, healthy: int) -> None:
    with asked({part: lambda: complaint, "slack": lambda: None}) as look:
        assert look("/healthz")[0] == healthy
        status, text = look("/readyz")
    assert (status, json.loads(text)["checks"]) == (503, {part: complaint, "slack": "ok"})


def test_a_check_that_fails_is_a_complaint() -> None:
    def broken() -> str | None:
        raise LookupError("what is this")

    with asked({"redis": broken}) as look:
        status, text = look("/readyz")
    assert (status, json.loads(text)["checks"]) == (503, {"redis": "could not be looked at (LookupError)"})


def test_a_process_that_ends_is_not_ready_any_more_and_still_healthy(
    slack: SlackFake, store_url: str, redis: Redis
) -> None:
    """The job in work is given time, in which nothing new is sent here."""
    diagnosis, stack = Diagnosis(), ExitStack()
    diagnosis.go.clear()
    bot = Start(slack, store_url, stack)(diagnosis)
    bot.ask("checkout")
    assert diagnosis.started.wait(20)
    ending = threading.Thread(target=stack.close)
    ending.start()
    text = eventually(lambda: answer[1] if (answer := bot.ops("/readyz"))[0] == 503 else None)
    assert json.loads(text)["checks"]["process"] == "is starting or ending"
    assert bot.ops("/healthz")[0] == 200
    diagnosis.go.set()
    ending.join(20)


@pytest.mark.parametrize(
    ("role", "parts"),
    [("web", {"http", "process", "redis", "slack"}), ("worker", {"process", "redis", "slack", "workers"})],
)
def test_a_role_is_ready_when_what_it_needs_works(start: Start, role: Role, parts: set[str]) -> None:
    status, text = start(Diagnosis(), role=role).ops("/readyz")
    assert (status, json.loads(text)["checks"]) == (200, dict.fromkeys(parts, "ok"))


def test_an_executor_needs_no_slack_and_says_when_it_is_up(slack: SlackFake, store_url: str, redis: Redis) -> None:
    settings = settings_for(slack, redis_url=store_url)
    with running(settings, "executor", lambda *_: pytest.fail("it diagnoses nothing"), WAIT) as bot:
        status, text = fetch(bot.ops_port, "/readyz")
        assert (status, json.loads(text)["checks"]) == (200, {"process": "ok", "redis": "ok"})
        text = fetch(bot.ops_port, "/metrics")[1]
    assert 'role="executor"' in text
    assert "alb502_fix_approved_seconds 0.0" in text
    assert 'alb502_fixes_open{state="approved"} 0.0' in text


def test_threads_that_are_all_stuck_are_complained_of_and_one_is_only_counted(redis: Redis) -> None:
    lanes: dict[Queue, Lane] = {"people": Lane(redis, "people", 60)}
    workers = Workers(lanes, {"people": 2})
    workers.start()
    try:
        lanes["people"].broker.overdue = lambda: 1
        assert workers.complaint() is None
        lanes["people"].broker.overdue = lambda: 2
        assert "stuck" in (workers.complaint() or "")
    finally:
        workers.stop(10)
    assert workers.complaint() is None  # it ends because it was told to


def test_a_job_is_overdue_when_it_goes_on_after_its_time_and_no_more_when_it_has_ended(redis: Redis) -> None:
    at_once, later = JobContext(longest_s=-1_000), JobContext(longest_s=1_000)
    message: Any = Lane(redis, "people", 60).broker.get_actor("answer").message("ask-1")
    for context in (at_once, later):
        context.before_process_message(message, message)
    assert (at_once.overdue(), later.overdue()) == (1, 0)
    for context in (at_once, later):
        context.after_process_message(message, message)
    assert (at_once.overdue(), later.overdue()) == (0, 0)


def test_the_oldest_job_is_told_by_when_it_was_due(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    lane, fixes = Lane(redis, "people", 60), FixLane(redis)
    gauges = Gauges(redis, "worker", {"people": lane, "fixes": fixes}, Tickets(redis))
    send = lane.job("later", lambda _: None)
    gauges()
    assert value("alb502_oldest_job_seconds", queue="people") == 0
    send("put-off", 500.0)
    lane.answer("first")
    lane.answer("second")
    due_ms = lane.broker.oldest_due_ms("people")
    assert due_ms is not None
    monkeypatch.setattr("bot.gauges.time.time", lambda: due_ms / 1_000 + 90)
    gauges()
    assert value("alb502_oldest_job_seconds", queue="people") == pytest.approx(90)
    assert value("alb502_jobs_waiting", queue="people") == 3
    assert value("alb502_oldest_job_seconds", queue="fixes") == 0


def test_a_fix_that_was_approved_long_ago_and_has_not_ended_is_told(redis: Redis) -> None:
    now = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
    kept = {
        "pending": ticket("pending", None),
        "old": ticket("approved", now - timedelta(minutes=30)),
        "new": ticket("approved", now - timedelta(minutes=1)),
        "done": ticket("executed", now - timedelta(hours=2)),
    }

    class Some(Tickets):
        def unfinished(self) -> tuple[str, ...]:
            return (*kept, "gone")

        def load(self, ticket_id: str) -> Ticket | None:
            return kept.get(ticket_id)

    Gauges(redis, "executor", {}, Some(redis), now=lambda: now)()
    assert value("alb502_fix_approved_seconds") == 1_800
    assert [value("alb502_fixes_open", state=state) for state in ("approved", "executed", "verified")] == [2, 1, 0]
    kept.pop("old")
    kept.pop("new")
    Gauges(redis, "executor", {}, Some(redis), now=lambda: now)()
    assert value("alb502_fix_approved_seconds") == 0


@pytest.mark.parametrize("role", ["web", "worker"])
def test_a_fix_that_waits_shows_where_no_executor_runs(
    start: Start, role: Role, monkeypatch: pytest.MonkeyPatch
) -> None:
    class One(Tickets):
        def unfinished(self) -> tuple[str, ...]:
            return ("waits",)

        def load(self, _: str) -> Ticket | None:
            return ticket("approved", datetime.now(UTC) - timedelta(minutes=30))

    monkeypatch.setattr("bot.app.Tickets", One)
    FIX_APPROVED_SECONDS.set(0)
    bot = start(Diagnosis(), role=role)
    bot.ops("/metrics")
    assert value("alb502_fix_approved_seconds") >= 1_800


def test_what_a_redis_that_is_away_would_tell_is_not_a_number() -> None:
    with gone() as redis:
        Gauges(redis, "all", {"alarms": Lane(redis, "alarms", 60)}, Tickets(redis))()
    for told in (
        value("alb502_oldest_job_seconds", queue="alarms"),
        value("alb502_fixes_open", state="executed"),
        value("alb502_fix_approved_seconds"),
        value("alb502_audit_records"),
    ):
        assert math.isnan(told)
    assert value("alb502_jobs_overdue", queue="alarms") == 0


def test_how_full_redis_is_is_told_where_it_has_a_limit(redis: Redis) -> None:
    gauges = Gauges(redis, "web", {}, Tickets(redis))
    gauges()
    assert value("alb502_redis_memory_ratio") == 0
    redis.config_set("maxmemory", 1_000_000_000)
    try:
        gauges()
    finally:
        redis.config_set("maxmemory", 0)
    assert 0 < value("alb502_redis_memory_ratio") < 1


@pytest.mark.parametrize(
    ("used", "was_full", "full"),
    [(1_001, False, True), (990, False, True), (989, False, False), (989, True, True), (970, True, True),
     (969, True, False)],
)  # fmt: skip
def test_a_redis_at_its_limit_stays_full_until_there_is_room(used: int, was_full: bool, full: bool) -> None:
    assert is_full(used, 1_000, was_full) is full
    assert not is_full(used, 0, was_full), "it has no limit"


def test_readyz_does_not_change_its_mind_with_every_command_of_a_full_redis() -> None:
    used = [980, 995, 985, 960]

    class Hovering:
        def ping(self) -> bool:
            return True

        def delete(self, _: str) -> int:
            return 0

        def info(self, section: str) -> dict[str, Any]:
            memory = {"maxmemory": 1_000, "maxmemory_policy": "noeviction"}
            return {"role": "master"} if section == "replication" else {**memory, "used_memory": used[0]}

    check, said = redis_check(cast("Redis", Hovering())), []
    while used:
        said.append("full" in (check() or ""))
        del used[0]
    assert said == [False, True, True, False]


def ticket(state: State, approved_at: datetime | None) -> Ticket:
    """As much of one as is looked at."""
    parts: dict[str, Any] = {"state": state, "approved_at": approved_at}
    return Ticket.model_construct(**parts)


def value(name: str, **labels: str) -> float:
    found = REGISTRY.get_sample_value(name, labels)
    assert found is not None
    return found


@contextmanager
def gone() -> Iterator[Redis]:
    client = Redis.from_url("redis://127.0.0.1:1", socket_connect_timeout=0.2)
    yield client
    client.close()


def fetch(port: int, path: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", path)
    response = connection.getresponse()
    text = response.read().decode()
    connection.close()
    return response.status, text


@contextmanager
def asked(checks: dict[str, ops.Check]) -> Iterator[Callable[[str], tuple[int, str]]]:
    """What the port answers, by path."""
    listener = Listener(make_ops(checks, REGISTRY, lambda: None), "127.0.0.1", 0, "the port of a test")
    listener.start()
    yield lambda path: fetch(listener.port, path)
    listener.stop()


def test_the_log_has_when_a_part_stopped_and_when_it_was_well_again(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[str, str]] = []

    class Log:
        def warning(self, event: str, *, part: str, why: str) -> None:
            told.append((f"{event}: {why}", part))

        def info(self, event: str, *, part: str) -> None:
            told.append((event, part))

    monkeypatch.setattr(ops, "_log", Log())
    complaints = iter(["away", "away for longer", None, None])
    with asked({"redis": lambda: next(complaints), "slack": lambda: None}) as look:
        for _ in range(4):
            look("/readyz")
    assert told == [("not ready: away", "redis"), ("ready again", "redis")]
