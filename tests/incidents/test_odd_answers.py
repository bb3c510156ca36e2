"""AWS answers that miss members, have other kinds of values, huge ones, strange ones, pages twice or without end: there
is an answer all the same, it says what could not be read, and it is drawn within every limit and without any markup."""

from __future__ import annotations

import json
import logging
import random
import re
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from botocore.exceptions import ReadTimeoutError
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from bot.cli.drawing.markdown import post_mortem
from diagnostics.question import Ambiguous, Diagnosed, Refused, Unknown
from diagnostics.report import Report
from handlers import views
from handlers.views.controls import controls
from handlers.views.details import LABELS, unfolded
from tests import slack_limits
from tests.bot.cli.drawing.test_drawing import screen
from tests.fuzzing import dice, examples, mutated
from tests.incidents.recorded_answers import INCIDENTS, PRESENT, asking, denied, given, key_of, recorded

NOW = datetime.fromtimestamp(PRESENT, UTC)
SCHEMA = Draft202012Validator(json.loads((Path(__file__).parents[2] / "docs" / "report.schema.json").read_text()))
TOKENS = ("NextToken", "nextToken", "NextMarker", "NextContinuationToken")
MOST_CALLS = 1_500
"""Far beyond what a diagnosis makes: more is a loop."""
FAILURES = (ReadTimeoutError(endpoint_url="https://aws.invalid"), ValueError("odd"), denied("x"))


@cache
def kept(incident: str) -> Any:
    return recorded(incident)


class OddAws:
    """Answers as recorded, but for some operations: those are changed, fail, or have pages without end."""

    def __init__(self, incident: str, dice: random.Random) -> None:
        self.target, self._answers = kept(incident)
        self._dice = dice
        names = sorted(self._answers)
        self.changed: set[str] = set(dice.sample(names, dice.choice((1, 1, 2, 4, len(names)))))
        self.failing = set(dice.sample(names, dice.choice((0, 0, 0, 1, 3))))
        self.endless = set(dice.sample(names, dice.choice((0, 0, 0, 1, len(names)))))
        self._given: dict[tuple[str, str], Any] = {}
        self._lock = threading.Lock()
        self.calls = 0

    def __call__(self, service: str, operation: str, params: dict[str, Any]) -> Any:
        name = f"{service} {operation}"
        with self._lock:
            self.calls += 1
            assert self.calls < MOST_CALLS, f"a loop of {name}"
            if name in self.failing or name not in self._answers:
                raise self._dice.choice(FAILURES)
            answer = self._answer(name, {key: value for key, value in params.items() if key not in TOKENS})
            if name in self.endless and isinstance(answer, dict):
                answer = {**answer, **dict.fromkeys(TOKENS, f"page-{self.calls}")}
        return given(answer, operation)

    def give(self, name: str, key: str, answer: Any) -> None:
        """This is answered from now on."""
        self.changed.add(name)
        self._given[name, key] = answer

    def _answer(self, name: str, params: dict[str, Any]) -> Any:
        known, key = self._answers[name], key_of(params)
        if key not in known:  # what a changed answer led to
            return self._dice.choice(list(known.values()))
        answer = known[key]
        if name not in self.changed:
            return answer
        if (name, key) not in self._given:
            self._given[name, key] = mutated(answer, self._dice)
        return self._given[name, key]


def assert_sound(report: Report) -> None:
    """It fits the schema, Slack, a terminal and a page of Markdown."""
    document = json.loads(report.model_dump_json(by_alias=True))
    wrong = next(SCHEMA.iter_errors(document), None)
    assert wrong is None, (wrong.json_path, wrong.message)
    for plain in (False, True):
        shown = [
            views.summary(report, now=NOW, age_s=3.0, plain=plain, controls=controls(report, "b-1"), refresh="b-1"),
            views.parent_headline(report, "U0123"),
            *filter(None, (unfolded(report, fold, NOW) for fold in LABELS)),
        ]
        for message in shown:
            slack_limits.check_quickly(message.text, message.blocks, plain=plain)
            said = "\n".join((message.text, *slack_limits.mrkdwn_of(message.blocks)))
            assert "<!channel" not in said
            assert "<https://evil" not in said
    seen = re.sub(r"\x1b\[[\d;]*m", "", screen(report, 100, colour=True))
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e]", seen)
    assert "<https://evil" not in re.sub(r"`[^`\n]*`|^ {4}.*$", "", post_mortem(report), flags=re.MULTILINE)


def asked(incident: str, dice: random.Random) -> Any:
    aws = OddAws(incident, dice)
    outcome = asking(aws)(aws.target)
    if isinstance(outcome, Diagnosed):
        assert_sound(outcome.report)
    else:
        assert isinstance(outcome, Ambiguous | Unknown | Refused)
    return outcome


class _Unchanged(random.Random):
    """Chooses nothing to be changed."""

    def sample(self, *_: Any, **__: Any) -> list[Any]:
        return []


def test_recorded_as_it_was_it_is_diagnosed() -> None:
    outcome = asked("security-group-revoked", _Unchanged(0))
    assert isinstance(outcome, Diagnosed)
    assert outcome.report.causes[0].code == "sg-ingress-missing"


@examples(5)
@hypothesis.given(incident=st.sampled_from(sorted(INCIDENTS)), dice=dice())
def test_whatever_aws_answers_there_is_a_sound_report(incident: str, dice: random.Random) -> None:
    asked(incident, dice)


@pytest.mark.parametrize("operation", ["elbv2 describe_target_health", "ecs describe_services", "ec2 describe_subnets"])
def test_what_cannot_be_understood_is_a_gap(operation: str) -> None:
    aws = OddAws("security-group-revoked", _Unchanged(0))
    _, _, name = operation.partition(" ")
    for key in kept("security-group-revoked")[1][operation]:
        aws.give(operation, key, {"Odd": [None, "<b>", 1]})
    outcome = asking(aws)(aws.target)
    if isinstance(outcome, Diagnosed):
        assert_sound(outcome.report)
        assert any(gap.action.endswith(name.title().replace("_", "")) for gap in outcome.report.gaps)
    else:
        assert isinstance(outcome, Refused | Unknown)


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Each of thousands of refused calls would be a line."""
    reader = logging.getLogger("diagnostics.aws_access.reader")
    reader.setLevel(logging.ERROR)
    yield
    reader.setLevel(logging.NOTSET)
