from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

import bot.diagnosing
from bot.settings import Settings
from diagnostics.question import Diagnosed, Outcome, ProgressListener, Question
from diagnostics.snapshot import Snapshot, Subject, Window
from tests import reports


class Oracle:
    """Stands for the diagnosis: gives `outcomes` one after another, the last again and again."""

    def __init__(self) -> None:
        self.outcomes: list[Outcome | BaseException] = [diagnosed()]
        self.asked: list[Question] = []
        self.asks_again = False

    def __call__(self, question: Question, listener: ProgressListener) -> Outcome:
        self.asked.append(question)
        outcome = self.outcomes.pop(0) if len(self.outcomes) > 1 else self.outcomes[0]
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome


def diagnosed() -> Diagnosed:
    snapshot = Snapshot(
        taken_at=reports.END,
        subject=Subject(query="checkout", kind="ecs-service", account="111122223333", region="us-east-1"),
        window=Window(start=reports.START, end=reports.END),
        facts={},
    )
    return Diagnosed(report=reports.report(), snapshot=snapshot)


@pytest.fixture
def oracle(monkeypatch: pytest.MonkeyPatch) -> Oracle:
    made = Oracle()

    def diagnoser(_settings: Settings, *, asks_again: bool, own: object = None) -> Oracle:
        made.asks_again = asks_again
        return made

    monkeypatch.setattr(bot.diagnosing, "diagnoser", diagnoser)
    return made


@pytest.fixture(autouse=True)
def a_quiet_place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """No settings but the defaults, a state directory of its own, a terminal of known width, alb502 on the path."""
    for name in list(os.environ):
        if name.startswith(("ALB502_", "SLACK_", "REDIS_URL", "AWS_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("ALB502_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr("bot.cli.output.shutil.which", lambda name: name)
    return tmp_path


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> Callable[[], datetime]:
    moment = datetime(2026, 11, 21, 3, 45, tzinfo=UTC)
    monkeypatch.setattr("bot.cli.diagnose.the_time", lambda: moment)
    return lambda: moment
