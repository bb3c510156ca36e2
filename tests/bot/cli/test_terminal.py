"""Whatever stands in AWS or was posted, the terminal that shows it obeys none of it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from bot.cli import output
from diagnostics.report import Report
from tests.bot.cli.conftest import Oracle, diagnosed
from tests.bot.cli.running import Ran, alb502
from tests.handlers.views.test_hostile_everywhere import hostile_report
from tests.hostile import INJECTIONS

Capsys = pytest.CaptureFixture[str]
HOSTILE = " ".join(text for text in INJECTIONS if len(text) < 200)
UNSEEN = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e007f]"
)


def assert_harmless(ran: Ran) -> None:
    assert not UNSEEN.search(ran.out + ran.err)


def test_a_report_that_is_made_of_it(oracle: Oracle, capsys: Capsys) -> None:
    report = hostile_report(HOSTILE)
    oracle.outcomes = [diagnosed().model_copy(update={"report": report})]
    for arguments in ((), ("--format", "markdown")):
        assert_harmless(alb502(capsys, "diagnose", "checkout", *arguments))
    ran = alb502(capsys, "diagnose", "checkout", "--json")
    assert_harmless(ran)
    assert Report.from_json(ran.out) == report, "what is spelled out means the same to a program"


def test_a_post_that_is_made_of_it(capsys: Capsys, tmp_path: Path) -> None:
    post = tmp_path / "post.json"
    post.write_text(json.dumps({"text": f"The alarm {HOSTILE} changed state to ALARM", "ts": "1.0", "bot_id": "B1"}))
    assert_harmless(alb502(capsys, "alarm-post", str(post)))


@pytest.mark.parametrize("command", ["diagnose", "logs", "alarms", "replay", "report", "causes"])
def test_words_that_are_made_of_it(command: str, oracle: Oracle, capsys: Capsys) -> None:
    for text in ("\x1b]8;;https://evil.example\x07x", "\u202eevil", "\x9b31m", "a\rb"):
        ran = alb502(capsys, command, text)
        assert_harmless(ran)


def test_colours_of_ours_stay_and_nothing_else_that_a_terminal_obeys(capsys: Capsys) -> None:
    output.write("\x1b[1;31mred\x1b[0m \x1b]0;title\x07 \x1b[2J a\tb\n\x7f \u2066x\U000e0041")
    assert capsys.readouterr().out == (
        "\x1b[1;31mred\x1b[0m \\u001b]0;title\\u0007 \\u001b[2J a\tb\n\\u007f \\u2066x\\udb40\\udc41\n"
    )
