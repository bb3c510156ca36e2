"""Every cause is found where it is the cause, and is not blamed where it only looks like it."""

from __future__ import annotations

import logging
import re
import shlex
from dataclasses import dataclass
from hashlib import blake2b
from itertools import groupby
from typing import TypeVar

import pytest

from diagnostics.causes import catalogue
from diagnostics.commands import PROGRAMS, split_command
from diagnostics.engine import diagnose
from diagnostics.facts import AccessLogs, Metrics
from diagnostics.facts.fact import Fact, Frozen, Gap, NotApplicable
from diagnostics.report import Report
from diagnostics.snapshot import Outcome, Snapshot
from handlers import views
from handlers.views.controls import controls
from handlers.views.fixes import fix_buttons, offered
from tests.incidents.cases import Case, all_cases
from tests.incidents.each import check_each
from tests.remediations.holding import hold
from tests.slack_limits import check_quickly

_COMMAND = re.compile(r"\baws [a-z0-9-]+ [a-z]+-[a-z-]+|\b(?:curl|nc|ss|time) -|\b(?:docker|openssl) \w+ -")
_QUOTED = re.compile(
    r'".*"|(?:service event|function.s log|stopped|did not start|Auto Scaling[^:]*|GMT\)|start): .*', re.DOTALL
)
"""What AWS or an application said, in its own words."""
_PLURALS = "targets|tasks|rows|requests|errors|answers|routes|callers|minutes|connections|rules|times"
_ODD = {
    "percent": re.compile(r"\d%(?!\w)"),
    "times": re.compile(r"\d x \d"),
    "no time": re.compile(r"\b0\.0+ s\b"),
    "plural": re.compile(rf"(?<![\d,./:-])1 (?:{_PLURALS})\b"),
    "singular": re.compile(
        r"(?<![\w./:-])(?:[2-9]|\d\d+) (?:target|task|row|request|error|route|caller|minute)\b(?! role)"
    ),
    "separator": re.compile(rf"(?<![\w.,:/-])\d{{4,}} (?:{_PLURALS}|good|access|log|invocations|connection)\b"),
}
T = TypeVar("T")
FEW = 5
CASES = sorted(all_cases(), key=lambda case: (case.code, case.kind, case.title))
CASES_OF = {code: tuple(cases) for code, cases in groupby(CASES, key=lambda case: case.code)}
READ_BACK: set[tuple[type, bytes]] = set()
"""What some case has read back already: kinds, and the digests of what was saved."""


@dataclass(frozen=True)
class Told:
    """A case and its answer."""

    case: Case
    snapshot: Snapshot
    report: Report

    @property
    def is_first(self) -> bool:
        """Of its cause."""
        return self.case is CASES_OF[self.case.code][0]


@pytest.mark.parametrize("code", CASES_OF)
def test_every_case_of_a_cause(code: str, caplog: pytest.LogCaptureFixture) -> None:
    def check(case: Case) -> None:
        caplog.clear()
        snapshot = case.build().snapshot()
        told = Told(case, snapshot, diagnose(snapshot))
        _blames_what_is_to_blame(case, told.report)
        _can_be_read_shown_saved_and_acted_on(told)
        assert not [record for record in caplog.records if record.levelno >= logging.ERROR]

    check_each(CASES_OF[code], check)


def _blames_what_is_to_blame(case: Case, report: Report) -> None:
    causes = {cause.code: cause for cause in report.causes}
    story = [(cause.code, cause.role, cause.band, cause.summary) for cause in report.causes]
    expected_first = case.first or (case.code if case.kind == "finds" else None)
    if case.kind == "finds":
        assert case.code in causes, story
        assert causes[case.code].role == case.role, story
        assert case.band in (None, causes[case.code].band), story
        if case.summary_says:
            assert case.summary_says in causes[case.code].summary, story
    else:
        assert case.code not in causes, story
        assert (case.code in {risk.code for risk in report.risks}) == case.risk, report.risks
    first = report.causes[0].code if report.causes else None
    assert first == expected_first, story
    assert set(causes) <= {code for code in (case.code, case.first, *case.also) if code}, story
    assert case.verdict in (None, report.verdict), story
    assert not [check for check in report.checks if "the check itself failed" in check.reason]


def _can_be_read_shown_saved_and_acted_on(told: Told) -> None:
    _commands_can_be_pasted_whole(told.report)
    _numbers_are_written_as_people_write_them(told.report)
    _slack_takes_it(told)
    _what_was_read_survives_being_saved(told)
    hold(told.report, told.snapshot)


def _commands_can_be_pasted_whole(report: Report) -> None:
    """A command within a sentence is wrapped with it, and then no shell takes it."""
    for cause in (*report.causes, *report.risks):
        assert not _COMMAND.search(cause.advice or ""), (cause.code, cause.advice)
        words, last = split_command(cause.overturned_by or "")
        assert not _COMMAND.search(words), (cause.code, cause.overturned_by)
        for command in (*cause.advice_commands, *((last,) if last else ())):
            assert shlex.split(command)[0] in PROGRAMS
            assert "…" not in command, (cause.code, command)


def _numbers_are_written_as_people_write_them(report: Report) -> None:
    """One style everywhere: ``4 %``, ``581 times 502``, ``3,600 answers``, ``1 target``."""
    for cause in (*report.causes, *report.risks):
        texts = (cause.summary, *(item.text for item in (*cause.evidence, *cause.against)), cause.advice or "")
        for text in texts:
            own = _QUOTED.sub("", text)
            for name, odd in _ODD.items():
                assert not odd.search(own), (name, cause.code, text)


def _slack_takes_it(told: Told) -> None:
    """In a workspace that knows all blocks, and once for each cause in one that knows the oldest only."""
    report = told.report
    ids = {one.id: f"f-{one.id}" for one in offered(report)}
    fixes, below = fix_buttons(report, ids), controls(report, "b-1")
    now = report.made_at
    for plain in (False, True) if told.is_first else (False,):
        shown = views.summary(report, now=now, age_s=31.0, plain=plain, fixes=fixes, controls=below, refresh="b-1")
        check_quickly(shown.text, shown.blocks, plain=plain)


def _what_was_read_survives_being_saved(told: Told) -> None:
    """The whole once for each cause, and of the others each fact that no other case has."""
    if told.is_first:
        text = told.snapshot.model_dump_json()
        again = Snapshot.model_validate_json(text)
        assert again.model_dump_json() == text
        assert diagnose(again) == told.report
    for outcome in map(_thinned, told.snapshot.facts.values()):
        saved = outcome.model_dump_json()
        mark = type(outcome), blake2b(saved.encode(), digest_size=16).digest()
        if mark not in READ_BACK:
            READ_BACK.add(mark)
            assert type(outcome).model_validate_json(saved).model_dump_json() == saved


def _thinned(outcome: Outcome) -> Outcome:
    """Hundreds of the rows and points of an incident are alike."""
    if isinstance(outcome, AccessLogs):
        return outcome.model_copy(update={"sample": _some(outcome.sample)})
    if isinstance(outcome, Metrics):
        series = tuple(one.model_copy(update={"points": _some(one.points)}) for one in outcome.series)
        return outcome.model_copy(update={"series": series})
    return outcome


def _some(alike: tuple[T, ...]) -> tuple[T, ...]:
    return alike[:: len(alike) // FEW + 1]


def test_all_of_a_fact_is_saved() -> None:
    """So that two facts which are saved as the same text are the same."""
    kinds: list[type[Frozen]] = [*Fact.registry.values(), Gap, NotApplicable]
    assert not [(kind, name) for kind in kinds for name, field in kind.model_fields.items() if field.exclude]


def test_each_cause_has_a_case_and_a_look_alike() -> None:
    told = {(case.code, case.kind) for case in CASES}
    wanted = {(code, kind) for code in catalogue() for kind in ("finds", "look-alike")}
    assert wanted - told == set(), "tests/incidents has no such case"
    assert told - wanted == set(), "diagnostics/causes has no such code"


def test_each_cause_stands_in_the_file_of_its_name() -> None:
    places = {code: spec.function.__module__ for code, spec in catalogue().items()}
    assert {code: at for code, at in places.items() if at.rsplit(".", 1)[-1] != code.replace("-", "_")} == {}
