"""Fixes on the screen and in the post-mortem."""

from __future__ import annotations

import pytest

from bot.cli.drawing.markdown import post_mortem
from diagnostics.fix_wording import change_in_words, risk_in_words, undo_in_words
from diagnostics.report import Report, SettingChange, Undo
from tests import reports
from tests.bot.cli.drawing.test_drawing import screen

ADD = "aws ec2 authorize-security-group-ingress --region us-east-1 --group-id sg-0a1"
REMOVE = "aws ec2 revoke-security-group-ingress --region us-east-1 --group-id sg-0a1"


def with_fixes(number: int = 1) -> Report:
    fixes = tuple(reports.fix(id=f"fix-{n}", title=f"Fix number {n}") for n in range(number))
    return reports.report(causes=(reports.cause(remediations=fixes),), risks=())


@pytest.mark.parametrize("width", [40, 80, 200])
def test_a_fix_shows_what_it_changes_and_commands_to_copy_whole(width: int) -> None:
    text = screen(with_fixes(), width)
    assert "Fixes" in text
    assert f"  {ADD}\n" in text
    assert f"  {REMOVE}\n" in text
    flat = " ".join(text.split())
    assert "Fix number 0 low risk, works within 4 min, fix-0" in flat
    assert "sg-0a1: inbound rule: none → tcp 8080 from sg-0lb" in flat
    assert "touches: everything that wears sg-0a1" in flat
    assert "mind: Terraform keeps sg-0a1" in flat
    assert "undo: removes that rule from sg-0a1" in flat
    assert flat.count("not offered for approval: account prod has no `remediate_role`") == 1


def test_many_fixes_are_told_in_short() -> None:
    text = screen(with_fixes(20))
    assert text.count(ADD) == 4
    assert "Fix number 9" in text
    assert "Fix number 10" not in text
    assert "showing 6 of 16" in text


def test_fixes_of_risks_are_told_by_name() -> None:
    report = reports.report(causes=(), risks=(reports.risk(remediations=(reports.fix(),)),))
    text = screen(report)
    assert "Fixes for what is at risk" in text
    assert "Let sg-0lb into sg-0a1 on tcp 8080" in text
    assert ADD not in text


def test_a_command_that_would_be_cut_is_not_shown_at_all() -> None:
    long = f"{ADD} {'x' * 3_000}"
    report = reports.report(causes=(reports.cause(remediations=(reports.fix(aws_cli=(long,)),)),))
    assert ADD not in screen(report)
    assert "--json has it" in screen(report)


def test_nothing_is_said_about_fixes_where_there_are_none() -> None:
    assert "Fixes" not in screen(reports.report())
    assert "Fixes" not in post_mortem(reports.report())


def test_the_post_mortem_has_every_fix() -> None:
    text = post_mortem(with_fixes(20))
    assert text.count(f"    {ADD}\n") == 20
    assert "**Fix number 19** (low risk, works within 4 min, `fix-19`, for `sg-ingress-missing`)" in text
    assert "\n\nBy hand:\n\n    aws " in text
    assert "\n\nundo: removes that rule from sg-0a1\n\n    aws " in text


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (None, "/healthz", "x: y: none → /healthz"),
        (False, True, "x: y: false → true"),
        (["a"], {"b": 1.5}, 'x: y: ["a"] → {"b": 1.5}'),
        (60, None, "x: y: 60 → none"),
    ],
)
def test_a_change_in_words(before: object, after: object, words: str) -> None:
    change = SettingChange.model_validate({"resource": "x", "setting": "y", "before": before, "after": after})
    assert change_in_words(change) == words


def test_risk_and_undo_in_words() -> None:
    assert risk_in_words(reports.fix(eta_seconds=None)) == "low risk"
    assert risk_in_words(reports.fix(eta_seconds=90, risk="high")) == "high risk, works within 90 s"
    assert risk_in_words(reports.fix(eta_seconds=91)) == "low risk, works within 2 min"
    assert undo_in_words(Undo(kind="none", text="the scheduler replaces it")) == "no undo: the scheduler replaces it"
    assert undo_in_words(Undo(kind="compensating", text="deploys it again")) == "way back: deploys it again"
