"""`alb502 serve` refuses in one line what it cannot run."""

from __future__ import annotations

import signal
import socket
import threading
from pathlib import Path
from typing import Any

import pytest

from bot.cli import serve
from bot.cli.exits import CommandError
from bot.cli.serve import Role, make_engine, missing
from bot.engine import Engine, Shared
from bot.settings.models import LocalBudget, Logs, Remediations
from bot.store.connection import open_client
from bot.store.facts import StoredFacts, StoredIndex
from bot.store.turns import SharedRateGate
from diagnostics.collect.log_options import LogOptions
from tests.bot.conftest import Diagnosis, eventually, settings_for
from tests.slack_fake import Failure, SlackFake

SPLIT = {"redis_url": "redis://r", "remediations": Remediations(mode="approve")}


@pytest.fixture(autouse=True)
def no_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, "make_engine", lambda *_: Engine(diagnose=Diagnosis()))


@pytest.mark.parametrize(
    ("role", "settings", "says"),
    [
        ("web", {}, "REDIS_URL"),
        ("worker", {}, "REDIS_URL"),
        ("all", {"slack_bot_token": None}, "SLACK_BOT_TOKEN"),
        ("all", {"slack_signing_secret": None}, "SLACK_SIGNING_SECRET"),
        ("web", SPLIT, "approval_key"),
        ("executor", SPLIT, "approval_key"),
    ],
)
def test_what_is_missing_or_impossible_is_one_line(role: Role, settings: dict[str, Any], says: str) -> None:
    (line,) = missing(settings_for(SlackFake(url="http://127.0.0.1:1")).model_copy(update=settings), role)
    assert says in line


@pytest.mark.parametrize(
    ("role", "more"), [("worker", {}), ("web", {"approval_key": "k" * 32}), ("executor", {"approval_key": "k" * 32})]
)
def test_the_key_of_approvals_is_wanted_by_those_who_seal_and_check(role: Role, more: dict[str, str]) -> None:
    settings = settings_for(SlackFake(url="http://127.0.0.1:1")).model_copy(
        update={**SPLIT, "remediations": Remediations(mode="approve", **more)}
    )
    assert missing(settings, role) == []


def test_one_process_alone_makes_its_own_key() -> None:
    settings = settings_for(SlackFake(url="http://127.0.0.1:1")).model_copy(
        update={"remediations": Remediations(mode="approve")}
    )
    assert missing(settings, "all") == []


def test_the_bot_reads_what_its_settings_allow_and_completes_its_answers(
    monkeypatch: pytest.MonkeyPatch, slack: SlackFake, store_url: str
) -> None:
    made: dict[str, Any] = {}
    monkeypatch.setattr("bot.diagnosing.Diagnoser", lambda _, **options: made.update(options))
    settings = settings_for(slack).model_copy(
        update={"logs": Logs(local_budget=LocalBudget(lines=1234), app_log_scan_bytes=0)}
    )
    redis = open_client(store_url)
    make_engine(settings, Shared(StoredFacts(redis), StoredIndex(redis), SharedRateGate(redis)))
    assert (made["logs"].budget.lines, made["logs"].app_log_scan_bytes) == (1234, 0)
    assert made["logs"].trail_lookups > LogOptions().trail_lookups
    assert made["useful_s"] == settings.limits.useful_answer_s


def test_a_signal_that_comes_while_the_event_is_locked_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    """The main thread may hold its lock at that moment, and would wait for itself."""
    with serve.stopped_by_signals() as stopped:
        set_by: list[threading.Thread] = []
        as_ever = stopped.set

        def noted() -> None:
            set_by.append(threading.current_thread())
            as_ever()

        monkeypatch.setattr(stopped, "set", noted)
        signal.raise_signal(signal.SIGTERM)
        assert stopped.wait(10)
        signal.raise_signal(signal.SIGTERM)  # another one does not cut the end short
    assert threading.main_thread() not in set_by


def test_it_runs_on_a_private_store_until_it_is_told_to_end(slack: SlackFake, state_dir: Path) -> None:
    stop = threading.Event()
    settings = settings_for(slack, state_dir=state_dir)
    ended: list[str] = []

    def bot() -> None:
        serve._run(settings, "all", stop)
        ended.append("in order")

    thread = threading.Thread(target=bot)
    thread.start()
    eventually(lambda: len(slack.of("auth.test")) >= 2)
    stop.set()
    thread.join(30)
    assert ended == ["in order"]


def test_a_refused_token_is_one_line_and_status_3(slack: SlackFake, state_dir: Path) -> None:
    slack.fail("auth.test", Failure(200, "invalid_auth"))
    with pytest.raises(CommandError, match=r"SLACK_BOT_TOKEN \(invalid_auth\)") as refused:
        serve._run(settings_for(slack, state_dir=state_dir), "all", threading.Event())
    assert refused.value.status == 3
    assert "xoxb" not in str(refused.value)


def test_a_port_that_is_taken_is_one_line(slack: SlackFake, state_dir: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings = settings_for(slack, state_dir=state_dir).model_copy(update={"http_port": taken.getsockname()[1]})
        with pytest.raises(CommandError, match="ALB502_HTTP_PORT") as refused:
            serve._run(settings, "all", threading.Event())
    assert refused.value.status == 3


def test_a_refused_app_token_is_one_line(slack: SlackFake, state_dir: Path) -> None:
    settings = settings_for(slack, state_dir=state_dir, slack_app_token="xapp-1-fake")
    with pytest.raises(CommandError, match=r"SLACK_APP_TOKEN \(invalid_auth\)") as refused:
        serve._run(settings, "all", threading.Event())
    assert refused.value.status == 3
