"""`alb502 serve`: runs the bot until it is told to stop."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from queue import SimpleQueue
from typing import TYPE_CHECKING, Annotated, Final, Literal

import typer

from bot.cli import configured, exits
from bot.cli.exits import CommandError
from bot.cli.output import note

if TYPE_CHECKING:
    from redis import Redis

    from bot.engine import Engine, Fixing, Shared
    from bot.fix_lane import FixLane
    from bot.jobs import Send
    from bot.settings import Settings

EXAMPLE: Final = "Example: alb502 serve --role web"

Role = Literal["all", "web", "worker", "executor"]


def serve(
    role: Annotated[
        Role,
        typer.Option(
            "--role",
            help="Which part of the bot runs in this process: web takes Slack's requests, worker diagnoses, executor"
            " alone may change anything in AWS.",
        ),
    ] = "all",
) -> None:
    """Run the bot: in Socket Mode when SLACK_APP_TOKEN is set, else over HTTP."""
    settings = configured.settings()
    complaints = missing(settings, role)
    if complaints:
        raise CommandError(*complaints, status=exits.BAD_USAGE)
    from bot import ending, memory
    from bot.telemetry import logs, traces

    memory.keep_few_reserves()
    logs.configure()
    logs.catch_threads()
    if role == "worker" and settings.remediations.approval_key is not None:
        note("the worker has remediations.approval_key and needs none: give it to web and executor only")
    stop_traces = traces.start(os.environ, role)
    try:
        with stopped_by_signals() as stopped:
            memory.start_giving_back(stopped)
            ending.leave_in_time(stopped, settings.limits.stop_s)
            _run(settings, role, stopped)
    finally:
        stop_traces()


def missing(settings: Settings, role: Role) -> list[str]:
    """What this role cannot do without, one line each."""
    lines, wanted = [], settings.remediations
    if settings.slack_bot_token is None and role != "executor":
        lines.append("SLACK_BOT_TOKEN is not set; the Slack app's page OAuth & Permissions shows it (xoxb-…)")
    takes_requests = role in ("all", "web")
    if takes_requests and settings.slack_app_token is None and settings.slack_signing_secret is None:
        lines.append("set SLACK_APP_TOKEN (Socket Mode) or SLACK_SIGNING_SECRET (HTTP)")
    if role != "all" and settings.redis_url is None:
        lines.append(f"--role {role} needs REDIS_URL: split roles meet in one Redis")
    if role in ("web", "executor") and wanted.mode == "approve" and wanted.approval_key is None:
        lines.append(
            f"--role {role} with `mode: approve` needs `remediations.approval_key` or `approval_key_file`:"
            " the same key for web and executor, and none for the worker; `openssl rand -hex 32` makes one"
        )
    return lines


@contextmanager
def stopped_by_signals() -> Iterator[threading.Event]:
    """An event that SIGTERM and Ctrl-C set. The second Ctrl-C is not caught: somebody is in a hurry. Further SIGTERMs,
    as of a supervisor that sends them to the whole group, change nothing: the end comes in time by itself.

    A signal interrupts the main thread anywhere, also where it holds the lock of the event that it is about to wait
    for; so another thread sets it.
    """
    stopped = threading.Event()
    heard: SimpleQueue[bool] = SimpleQueue()

    def stop(number: int, _frame: object) -> None:
        heard.put(True)
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_IGN)

    def hear() -> None:
        if heard.get():
            stopped.set()

    threading.Thread(target=hear, name="signals", daemon=True).start()
    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stopped
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        heard.put(False)


def _run(settings: Settings, role: Role, stopped: threading.Event) -> None:
    from bot.app import running
    from bot.listener import PortError
    from bot.slack_app import SlackError
    from bot.store.connection import StoreError

    try:
        with running(settings, role, make_engine, stopped.wait, make_fixing):
            stopped.wait()
    except (PortError, SlackError, StoreError) as error:
        if not stopped.is_set():
            raise CommandError(str(error), status=exits.NO_REPORT) from None


def make_fixing(settings: Settings, redis: Redis, lane: FixLane, tell: Send) -> Fixing:
    """What carries out fixes. Only a process that may do so comes here, and only it loads what can write to AWS."""
    from bot.fixing import FixingInAws

    return FixingInAws(settings, redis, lane, tell)


def make_engine(settings: Settings, shared: Shared) -> Engine:
    """The diagnosis with what it shares with other replicas behind it."""
    from bot.account_shares import AccountShares
    from bot.alarms_in_aws import AlarmsInAws
    from bot.diagnosing import access_of, diagnoser, nicknames_of
    from bot.engine import Engine
    from bot.known_services import KnownServices
    from bot.telemetry.aws import CountedCalls
    from bot.telemetry.diagnoses import CountedFacts, counted
    from bot.upkeep import Upkeep
    from remediations.reading import AwsReads

    access = access_of(settings, shared.gate, CountedCalls())
    shares = AccountShares({account.id: account.name for account in settings.accounts})
    diagnose = diagnoser(
        settings,
        access=access,
        index=shared.index,
        cache=CountedFacts(shared.cache),
        tasks=shared.tasks,
        own=shared.own,
        room=shares.place,
        completes_answers=True,
    )

    def reads(account_id: str, region: str) -> AwsReads:
        return AwsReads(access.reader(account_id, region))

    alarm = AlarmsInAws(access, shared.index, nicknames_of(settings), shares.place)
    known, upkeep = KnownServices(access, shared.index), Upkeep(access, shared.index)
    return Engine(
        diagnose=counted(diagnose), alarm=alarm, reads=reads, upkeep=upkeep, known=known, has_room=shares.check
    )
