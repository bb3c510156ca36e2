"""What stands on the screen."""

from __future__ import annotations

import io
import re
from collections.abc import Callable

import pytest
from hypothesis import given, strategies
from rich.console import Console

from bot.cli import output
from bot.cli.drawing.markdown import post_mortem, words
from bot.cli.drawing.page import Statement
from bot.cli.drawing.report import drawn
from diagnostics.report import Report, TimelineEntry
from tests import reports
from tests.fuzzing import examples
from tests.hostile import hostile_reports

COMMANDS = (
    """aws ecs update-service --service checkout --deployment-configuration '{"minimumHealthyPercent":100}'""",
    "aws elbv2 deregister-targets --target-group-arn arn:aws:elasticloadbalancing:x --targets Id=10.0.1.17,Port=8080",
)


def with_commands() -> Report:
    return reports.report(causes=(reports.cause(advice_commands=COMMANDS),))


def screen(report: Report, width: int = 80, *, colour: bool = False) -> str:
    made = Console(
        file=io.StringIO(),
        width=width,
        markup=False,
        emoji=False,
        highlight=False,
        force_terminal=colour,
        color_system="truecolor" if colour else None,
    )
    with made.capture() as captured:
        for one in drawn(report):
            made.print(one, soft_wrap=isinstance(one, Statement))
    return captured.get()


def test_the_answer_comes_first() -> None:
    text = screen(reports.report())
    in_order = [
        "● checkout · 504 from the load balancer since 03:12 UTC (4 % of requests)",
        "Security group sg-0a1 no longer lets the load balancer in on port 8080",
        "confirmed (0.92) · sg-ingress-missing · since 03:10:42",
        "03:11:00 all 4 targets Target.Timeout  elbv2:DescribeTargetHealth",
        "What to do",
        "What would overturn it",
        "Changed just before",
        "Errors over time",
        "Follows from it",
        "Also possible",
        "At risk, no harm seen yet",
        "1 found · 1 at risk · 12 clear · 1 could not be decided",
        "Not read",
        "Timeline (UTC)",
        "report r-0123456789ab",
    ]
    positions = [text.find(part) for part in in_order]
    assert -1 not in positions, in_order[positions.index(-1)]
    assert positions == sorted(positions)


def test_a_narrow_window_loses_no_word() -> None:
    def said(text: str) -> str:
        return re.sub(r"\s+", "", text)

    report = reports.report(symptom=reports.symptom(over_time=None))
    assert said(screen(report, 40)) == said(screen(report, 160))
    assert max(map(len, screen(reports.well(), 40).splitlines())) <= 40


def test_a_line_of_parts_is_broken_between_them() -> None:
    shown = [line.rstrip() for line in screen(reports.report(), 40).splitlines()]
    begin = shown.index("confirmed (0.92) · sg-ingress-missing ·")
    assert shown[begin + 1] == "since 03:10:42"


def test_a_guess_looks_like_one() -> None:
    likely = reports.report(causes=(reports.cause(band="likely", confidence=0.7),))
    assert "\x1b[33mlikely (0.70)\x1b[0m" in screen(likely, colour=True)
    assert "\nconfirmed (0.92)\x1b[2m" in screen(reports.report(), colour=True)


@pytest.mark.parametrize(
    ("width", "sparkline"), [(80, "504 " + "·" * 27 + "█" * 32 + "·"), (40, "504 " + "·" * 13 + "▄" + "█" * 15 + "▅")]
)
def test_errors_over_time_are_drawn_as_wide_as_the_window(width: int, sparkline: str) -> None:
    lines = [line.strip() for line in screen(reports.report(), width).splitlines()]

    assert sparkline in lines
    assert "^ errors began 03:12" in lines


def test_a_post_mortem_draws_them_too() -> None:
    assert "\n    504 " + "·" * 27 + "█" * 32 in post_mortem(reports.report())


def test_statements_to_paste_stay_on_one_line() -> None:
    assert '{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}' in screen(reports.report(), 40)


@pytest.mark.parametrize("width", [40, 60, 200])
def test_the_commands_of_an_advice_can_be_copied_whole(width: int) -> None:
    text = screen(with_commands(), width)
    assert all(f"\n  {command}\n" in text for command in COMMANDS)
    assert all(f"\n    {command}\n" in post_mortem(with_commands()) for command in COMMANDS)


@pytest.mark.parametrize("draw", [screen, post_mortem])
def test_commands_that_are_for_the_next_time_say_so(draw: Callable[[Report], str]) -> None:
    later = "Nothing to do now: over since 03:18 UTC. For the next time: Replace tasks with a deployment."
    over = reports.report(causes=(reports.cause(advice=later, advice_commands=COMMANDS[:1]),))
    said = re.sub(r"\s+", " ", draw(over))

    assert f"Not now, for the next time: {COMMANDS[0]}" in said
    assert "Not now" not in draw(with_commands())


@pytest.mark.parametrize("draw", [screen, post_mortem])
def test_a_list_with_more_pages_than_were_read_is_told_as_what_it_is(draw: Callable[[Report], str]) -> None:
    gap = reports.GAPS[0].model_copy(update={"action": "ecs:ListTasks", "resource": "web", "error": "TooManyPages"})
    drawing = draw(reports.report(gaps=(gap,)))

    assert "read in part" in drawing
    assert "TooManyPages" not in drawing


def test_the_healthy_case_is_short() -> None:
    assert len(screen(reports.well()).splitlines()) <= 12


def test_a_long_timeline_says_how_much_of_it_is_shown() -> None:
    entries = tuple(
        TimelineEntry(at=reports.at(minute), event=f"event {minute}", source="ecs:DescribeServices")
        for minute in range(48)
    )

    assert "showing 12 of 48" in screen(reports.report(timeline=entries))


@examples(20)
@given(report=hostile_reports, width=strategies.sampled_from((40, 80)))
def test_no_report_sends_control_codes_or_markup_to_the_terminal(report: Report, width: int) -> None:
    text = screen(report, width, colour=True)
    without_colour = re.sub(r"\x1b\[[\d;]*m", "", text)

    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e]", without_colour)


def test_markup_in_data_is_shown_and_not_obeyed() -> None:
    text = screen(reports.report(headline="[red]x[/red] [link=https://evil.example]y[/link] :fire:"))

    assert "[red]x[/red] [link=https://evil.example]y[/link] :fire:" in text


def test_pipes_and_no_color_get_plain_text(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    output.draw(*drawn(reports.report()))
    text = capsys.readouterr().out

    assert "\x1b" not in text
    assert not any(line.endswith(" ") for line in text.splitlines())


def test_the_post_mortem_holds_everything() -> None:
    text = post_mortem(reports.report())

    for part in (
        "# checkout · 504 from the load balancer",
        "- Began: 2026-11-21 03:12:00 UTC",
        "## Cause",
        "(speaks against it)",
        "## What followed from it",
        "## Timeline (UTC)",
        "- to read it: `{",
    ):
        assert part in text


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("path /_x_ fails", "path `/_x_` fails"),
        ("see https://evil.example/ now", "see `https://evil.example/` now"),
        ("@team, look", "`@team`, look"),
        ("9 times until 09:28:55", "9 times until 09:28:55"),
        ("1. first", "`1`. first"),
        ("on (port 8080) now", "on (port 8080) now"),
        ("task-definition/checkout:1: desiredCount 4", "`task-definition/checkout:1`: desiredCount 4"),
        ("rule 1 (path-pattern /*): fixed", "rule 1 (path-pattern `/*`): fixed"),
        ("now :fire: burns", "now `:fire:` burns"),
        ("a `b` <script>", "a 'b' `<script>`"),
    ],
)
def test_markdown_in_data_is_shown_and_not_obeyed(said: str, shown: str) -> None:
    assert words(said) == shown


@examples(20)
@given(report=hostile_reports)
def test_no_report_breaks_the_post_mortem(report: Report) -> None:
    outside_code = re.sub(r"`[^`\n]*`|^ {4}.*$", "", post_mortem(report), flags=re.MULTILINE)

    assert "`" not in outside_code
    assert not re.search(r"https?://|<|\]\(|@", outside_code)
