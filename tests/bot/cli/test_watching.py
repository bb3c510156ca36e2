"""`--watch` tells what changes and is silent about what stays."""

from __future__ import annotations

import pytest

from bot.cli.exits import BAD_USAGE, NO_REPORT, CommandError
from bot.cli.watching import MAX_FAILURES, WATCH_EVERY_S, watch
from bot.diagnosing import diagnoser
from bot.settings import Settings
from diagnostics.report import Report
from tests import reports
from tests.bot.cli.conftest import Oracle
from tests.bot.cli.running import alb502


class Stage:
    """Gives `acts` one after another and ends with Ctrl-C."""

    def __init__(self, *acts: Report | CommandError) -> None:
        self.acts = list(acts)
        self.shown: list[str] = []
        self.waited: list[float] = []

    def again(self) -> Report:
        if not self.acts:
            raise KeyboardInterrupt
        act = self.acts.pop(0)
        if isinstance(act, CommandError):
            raise act
        return act

    def play(self) -> None:
        watch(reports.report(), self.again, lambda report: self.shown.append(report.verdict), self.waited.append)


def test_only_another_answer_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    stage = Stage(reports.report(), reports.well(), reports.well(), reports.report())
    with pytest.raises(KeyboardInterrupt):
        stage.play()

    assert stage.shown == ["no_fault_found", "causes_found"]
    told = capsys.readouterr().err
    assert (told.count("UTC unchanged: "), told.count("UTC changed: ")) == (2, 2)
    assert stage.waited == [WATCH_EVERY_S] * 5


def test_the_end_of_the_trouble_is_another_answer() -> None:
    stage = Stage(reports.report(symptom=reports.symptom(over=True)))
    with pytest.raises(KeyboardInterrupt):
        stage.play()

    assert stage.shown == ["causes_found"]


def test_a_hiccup_does_not_end_it(capsys: pytest.CaptureFixture[str]) -> None:
    stage = Stage(CommandError("throttled", status=NO_REPORT), reports.well())
    with pytest.raises(KeyboardInterrupt):
        stage.play()

    assert stage.shown == ["no_fault_found"]
    assert "throttled" in capsys.readouterr().err


@pytest.mark.parametrize(("status", "times"), [(NO_REPORT, MAX_FAILURES), (BAD_USAGE, 1)])
def test_what_does_not_pass_ends_it(status: int, times: int) -> None:
    with pytest.raises(CommandError):
        Stage(*[CommandError("gone", status=status)] * times, reports.well()).play()


def test_every_round_reads_anew_but_does_not_pay_anew(
    oracle: Oracle, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    oracle.outcomes += [oracle.outcomes[0], KeyboardInterrupt()]
    monkeypatch.setattr("bot.cli.diagnose.threading.Event.wait", lambda *_: True)
    alb502(capsys, "diagnose", "checkout", "--watch")
    assert oracle.asks_again
    assert [question.refresh for question in oracle.asked] == [False, True, True]
    assert diagnoser(Settings(), asks_again=True)._logs.earlier is not None
    assert diagnoser(Settings())._logs.earlier is None
