"""`alb502 demo`: a simulated AWS with an incident in it, and what a newcomer sees first: the bot at work on a page that
looks like a channel, or one diagnosis in the terminal."""

from __future__ import annotations

import difflib
import os
import shlex
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar

import typer

from bot.cli import asking, configured, exits, formats, output
from bot.cli.diagnose import diagnosed, the_time
from bot.cli.exits import CommandError
from diagnostics import printable

if TYPE_CHECKING:
    from bot.settings import Settings
    from demo.page.running import Page
    from demo.running import RunningWorld
    from demo.scenarios import Scenario
    from diagnostics.report import Report

EXAMPLE: Final = "Example: alb502 demo --scenario oom-after-deployment"
FIRST_SCENARIO: Final = "security-group-revoked"
USUAL_PORT: Final = 8502
PLACEHOLDER: Final = "alb502"
MAX_NEAR: Final = 3
MAX_SHOWN: Final = 60
LOG_FILE: Final = "bot.log"
DEMO_REGION: Final = "us-east-1"
LIVE_TIMES: Final = 10
_Started = TypeVar("_Started")
_OURS: Final = ("AWS_", "ALB502_", "SLACK_", "REDIS_URL")
"""Variables that would lead the demo to somebody's real accounts."""


def demo(
    scenario: Annotated[
        str, typer.Option("--scenario", metavar="NAME", help="Which incident; --list shows all.")
    ] = FIRST_SCENARIO,
    port: Annotated[
        int | None,
        typer.Option(
            "--port",
            min=0,
            max=65535,
            metavar="PORT",
            help=f"Where the page answers, or the simulated AWS where there is none; 0 takes a free port."
            f" Default {USUAL_PORT}, or a free one.",
        ),
    ] = None,
    listing: Annotated[bool, typer.Option("--list", help="List the scenarios and exit.")] = False,
    once: Annotated[bool, typer.Option("--once", help="No page: diagnose once in the terminal and exit.")] = False,
    terminal: Annotated[
        bool, typer.Option("--terminal", help="No page: diagnose in the terminal; the simulated AWS keeps running.")
    ] = False,
    plain: Annotated[
        bool, typer.Option("--plain", help="A workspace that refuses Slack's newer blocks, as older ones do.")
    ] = False,
) -> None:
    """Start a simulated AWS with an incident in it on this machine, the bot, and a page where it answers as in Slack.

    Nothing of yours is touched, and nothing leaves this machine. Ctrl-C ends all of it.
    """
    with pointed_at({}):  # even to load the simulated AWS reads a profile, which may not be there
        _shown(scenario, port, listing=listing, once=once, terminal=terminal, plain=plain)


def _shown(scenario: str, port: int | None, *, listing: bool, once: bool, terminal: bool, plain: bool) -> None:
    scenarios = _scenarios()
    if listing:
        width = max(map(len, scenarios))
        output.write("\n".join(f"{name:{width}}  {one.title}" for name, one in sorted(scenarios.items())))
        return
    chosen = scenarios.get(scenario)
    if chosen is None:
        raise CommandError(no_such(scenario, scenarios), status=exits.BAD_USAGE)
    output.note(f"building the scenario “{chosen.title}” …")
    if once or terminal:
        _in_terminal(chosen, port, tuple(scenarios), once=once)
    else:
        _on_page(chosen, port, plain=plain)


def _in_terminal(chosen: Scenario, port: int | None, scenarios: tuple[str, ...], *, once: bool) -> None:
    with _running(chosen, port) as world, pointed_at(world.environment()):
        report = _diagnose(chosen.target)
        there = None if once else world.environment()
        output.write(try_next(chosen, there, report, scenarios, output.called_as(), repair=_repair(chosen, world)))
        if not once:
            _keep_running(chosen.target)


def no_such(name: str, known: Iterable[str]) -> str:
    """One line for a scenario that does not exist, with those that may be meant."""
    names = sorted(known)
    near = [one for one in names if name and name.lower() in one] or difflib.get_close_matches(name, names)
    hint = f"did you mean {' or '.join(near[:MAX_NEAR])}?" if near else "`--list` shows them"
    return f"no scenario {printable.line(name, MAX_SHOWN)!r}; {hint}"


def _scenarios() -> Mapping[str, Scenario]:
    try:
        from demo import scenarios
    except ModuleNotFoundError as missing:
        if missing.name == "demo":
            raise CommandError(
                "the demo is not in this installation; `./run demo` in a checkout of alb502 starts it",
                status=exits.BAD_USAGE,
            ) from None
        if (missing.name or "").partition(".")[0] in {"demo", "bot", "diagnostics"}:
            raise
        raise CommandError(
            f"the demo needs its extra ({missing.name} is missing): pip install 'alb502[demo]'", status=exits.BAD_USAGE
        ) from None
    return {name: scenarios.load(name) for name in scenarios.names()}


def _repair(scenario: Scenario, world: RunningWorld) -> str | None:
    from demo.scenarios.repair import repair_line

    return repair_line(scenario, world.world, world.account)


def _running(scenario: Scenario, port: int | None) -> RunningWorld:
    from demo.running import run

    return _at_port(port, lambda there: run(scenario.name, live=True, port=there))


def _at_port(port: int | None, start: Callable[[int], _Started]) -> _Started:
    """On the wanted port, or on the usual one, or, if that is taken, on any."""
    try:
        return start(USUAL_PORT if port is None else port)
    except OSError as error:
        if port is not None:
            why = (error.strerror or "not available").lower()
            raise CommandError(f"--port {port}: {why}", status=exits.BAD_USAGE) from None
        return start(0)


def _on_page(chosen: Scenario, port: int | None, *, plain: bool) -> None:
    """The simulated AWS, a workspace that looks like Slack, and between them the bot as it is."""
    from bot.app import running
    from bot.cli.serve import make_engine, make_fixing, stopped_by_signals
    from bot.store.connection import StoreError
    from bot.telemetry import logs
    from demo.page.running import Page
    from demo.running import run

    with stopped_by_signals() as stopped, ExitStack() as stack:
        state_dir = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="alb502-demo-")))
        world = stack.enter_context(run(chosen.name, live=True))
        stack.enter_context(pointed_at(world.environment()))
        page = stack.enter_context(_at_port(port, lambda there: Page(world, there, plain=plain)))
        logs.configure(stack.enter_context((state_dir / LOG_FILE).open("w", encoding="utf-8")))
        if stopped.is_set():
            return
        try:
            settings = page_settings(page, world, state_dir)
            bot = stack.enter_context(running(settings, "all", make_engine, stopped.wait, make_fixing))
        except StoreError as error:
            raise CommandError(str(error), status=exits.NO_REPORT) from None
        if bot.http_port is not None:
            page.connect(bot.http_port)
        output.write(_invitation(chosen, page, world, state_dir, bot.ops_port))
        stopped.wait()
        output.note("ending …")


def page_settings(page: Page, world: RunningWorld, state_dir: Path) -> Settings:
    """The bot's settings, with nothing of this machine's own among them. Every fix waits for a second person."""
    from bot.settings import Settings
    from demo.slack.identities import APPROVERS

    role = f"arn:aws:iam::{world.account}:role/alb502-remediate"
    given: dict[str, Any] = {
        "slack_bot_token": page.token,
        "slack_signing_secret": page.secret,
        "slack_api_url": page.api_url,
        "http_host": "127.0.0.1",
        "http_port": 0,
        "ops_port": 0,
        "state_dir": state_dir,
        "accounts": [{"name": "demo", "id": world.account, "regions": [DEMO_REGION], "remediate_role": role}],
        "remediations": {
            "mode": "approve",
            "approvers": {"groups": [APPROVERS]},
            "two_person": ["low", "medium", "high"],
        },
    }
    return Settings(**given)


def _invitation(scenario: Scenario, page: Page, world: RunningWorld, state_dir: Path, ops_port: int) -> str:
    there = {**world.environment(), "ALB502_STATE_DIR": str(state_dir)}
    call, target = output.called_as(), shlex.quote(scenario.target)
    broken = "; break and mend the service beside it" if page.can_be_broken else ""
    return "\n".join(
        (
            "",
            f"Open  {page.url}",
            f"  There type /alb502 {target}, or let an alarm arrive{broken}.",
            f"  It runs {LIVE_TIMES} times as fast as AWS, so that a repair shows while you watch.",
            "",
            "The same simulated AWS, and what the bot keeps, in a second terminal, while this one runs:",
            f"  {_leading(there)}",
            f"  {call} diagnose {target} --watch",
            f"  {call} audit",
            "",
            f"The bot's log: {state_dir / LOG_FILE}",
            f"How it is: http://127.0.0.1:{ops_port}/readyz, and /metrics there",
            "Ctrl-C ends all of it.",
        )
    )


def _leading(there: Mapping[str, str]) -> str:
    """What leads the commands of a shell to the simulated AWS."""
    return "unset AWS_PROFILE; export " + " ".join(f"{name}={shlex.quote(value)}" for name, value in there.items())


@contextmanager
def pointed_at(environment: Mapping[str, str]) -> Iterator[None]:
    """The process's environment without anything that leads to real accounts, and with `environment` instead."""
    before = dict(os.environ)
    for name in before:
        if name.startswith(_OURS):
            del os.environ[name]
    os.environ.update(environment)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _diagnose(target: str, *, refresh: bool = False) -> Report:
    """The same steps as `alb502 diagnose`, in this process."""
    from bot.diagnosing import diagnoser

    output.write(f"\n$ {PLACEHOLDER} diagnose {shlex.quote(target)}\n")
    question = asking.question(target, now=the_time(), refresh=refresh)
    report = diagnosed(diagnoser(configured.settings()), question).report
    formats.show(report, formats.Format.TERMINAL)
    return report


def try_next(
    scenario: Scenario,
    environment: Mapping[str, str] | None,
    report: Report,
    others: tuple[str, ...],
    call: str,
    *,
    repair: str | None = None,
) -> str:
    """What a newcomer can do now, as commands that work when pasted.

    `environment` leads to the simulated AWS while it keeps running, else None; `call` is how this program is called;
    `repair` ends the incident.
    """
    another = others[(others.index(scenario.name) + 1) % len(others)] if scenario.name in others else others[0]
    lines = ["", "Try next"]
    if environment is not None:
        target = shlex.quote(scenario.target)
        lines += [
            "  In a second terminal, while this one runs:",
            f"    {_leading(environment)}",
            f"    {call} diagnose {target} --json",
            f"    {call} diagnose {target} --watch    # and meanwhile do what it says, with the AWS CLI",
            *([f"    {repair}", "  That repairs it: press Enter here half a minute later."] if repair else ()),
            "  Here, after Ctrl-C:",
        ]
    else:
        lines.append(f"  {call} demo    # the same in a browser: a channel, the bot in it, and the world beside it")
    lines += [f"  {call} demo --scenario {another}", f"  {call} demo --list    # all {len(others)} incidents"]
    if report.causes:
        lines.append(f"  {call} causes {report.causes[0].code}")
    return "\n".join(lines)


def _keep_running(target: str) -> None:
    """Until Ctrl-C; Enter diagnoses again, where somebody can press it."""
    try:
        if not sys.stdin.isatty():
            output.note("The simulated AWS keeps running. Ctrl-C ends it.")
            threading.Event().wait()
        while True:
            output.note("The simulated AWS keeps running. Enter diagnoses again, Ctrl-C ends it.")
            if not sys.stdin.readline():
                return
            try:
                _diagnose(target, refresh=True)
            except CommandError as error:
                output.complain(error.lines)
    except KeyboardInterrupt:
        output.note("")
