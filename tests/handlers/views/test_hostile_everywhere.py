"""No view is left out: whatever a name says, each of them draws it as a name, within Slack's limits.

A new view is added to `DRAWN` here, or to `ELSEWHERE` with the test that draws it with hostile names.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from diagnostics.facts.fact import Gap
from diagnostics.locate.seen import Where
from diagnostics.question import Ambiguous, Candidate, Progress, Refused, Unknown
from diagnostics.report import Report
from handlers import views
from handlers.controls import catalogue
from handlers.controls.control import ControlFunction, Window
from handlers.mutes import Mute
from handlers.views import answers, details, home, modals, picker, watching
from handlers.views.blocks import Message, section
from handlers.views.help import Here
from handlers.views.help import help as help_of
from handlers.views.parent import parent, parent_failed, parent_headline, parent_without_report, progress
from handlers.views.summary import summary
from tests import reports, slack_limits
from tests.handlers.controls.visiting import Hands, a_watch, visit
from tests.handlers.views.test_every_message import WORDS, incident
from tests.hostile import INJECTIONS

ROOT = Path(__file__).parents[3]
NOW = reports.END
UNSEEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\U000e0041]")
CALLS = ("<!channel", "<!here", "<@U0123456>", "<#C0123456", "<https://evil", "\x1b")


def hostile_report(text: str) -> Report:
    """This text in each place where words of somebody else can stand."""

    def everywhere(value: object, name: str) -> object:
        if isinstance(value, dict):
            return {key: everywhere(inner, key) for key, inner in value.items()}
        if isinstance(value, list | tuple):
            return [everywhere(inner, name) for inner in value]
        return text if isinstance(value, str) and name not in WORDS else value

    made = reports.report().model_dump(by_alias=True)
    made["causes"] = [*made["causes"], reports.cause(remediations=(reports.fix(allowed=True),)).model_dump()]
    found: Report = Report.model_validate(everywhere(made, ""))
    return found


def candidate(text: str) -> Candidate:
    return Candidate(kind="ecs-service", name=text, account=text, account_name=text, region=text, words=text)


def gap(text: str) -> Gap:
    return Gap(action=text, resource=text, error=text, kind="denied", message=text)


def mute(text: str) -> Mute:
    return Mute(id="m", what=text, label=text, words=text, channel="C1", team="T", by=text, until=NOW, count=3)


def outcomes(text: str) -> tuple[Ambiguous, Unknown, Refused]:
    gaps = (gap(text), gap(f"{text}2").model_copy(update={"kind": "timeout"}))
    return (
        Ambiguous(words=text, candidates=(candidate(text), candidate(f"{text}2")), more=3),
        Unknown(words=text, nearest=(candidate(text),), hint=text, gaps=gaps),
        Refused(message=text, gaps=gaps),
    )


def watch(text: str) -> Any:
    return a_watch(label=text, origin=a_watch().origin.model_copy(update={"user": text}))


def drawn_home(text: str) -> Any:
    found = [home.Found(text, text, "broken", NOW, text)] * 20
    return home.home(found, [watch(text)] * 20, [home.Health(False, text)] * 40, NOW)


ANSWER = Message(text="the answer", blocks=(section("the answer"),))

Draw = Callable[[str], Any]
DRAWN: Mapping[str, Draw] = {
    "alarms.pointer": lambda text: views.pointer(incident(text), text),
    "alarms.announced": lambda text: views.announced(text, text, NOW, NOW),
    "alarms.which_alarm": lambda text: views.which_alarm(
        text, [Where(account=text, region=text, account_name=text)] * 9
    ),
    "alarms.not_an_alarm_of_ours": lambda text: views.not_an_alarm_of_ours(text, text),
    "alarms.mute_begun": lambda text: views.mute_begun(mute(text), 7_200, NOW),
    "alarms.unmuted": lambda text: views.unmuted(mute(text), text),
    "alarms.mute_ended": lambda text: views.mute_ended(mute(text)),
    "alarms.not_muted": views.not_muted,
    "alarms.muted": lambda text: views.muted([mute(text)] * 30, NOW),
    "alarms.with_incident": lambda text: views.with_incident(ANSWER, incident(text), NOW),
    "answers.ambiguous": lambda text: answers.ambiguous(outcomes(text)[0], choices=("b-1", "b-2")),
    "answers.unknown": lambda text: answers.unknown(outcomes(text)[1], choices=("b-1",)),
    "answers.refused": lambda text: answers.refused(outcomes(text)[2]),
    "answers.failed": answers.failed,
    "details.unfolded": lambda text: details.unfolded(hostile_report(text), "evidence", NOW),
    "help.help": lambda text: help_of(here=Here(services=(text,) * 30, accounts=(text,))),
    "home.home": drawn_home,
    "modals.telling": lambda text: modals.telling("Title", parent(text, text), "control-x"),
    "parent.parent": lambda text: parent(text, text),
    "parent.parent_headline": lambda text: parent_headline(hostile_report(text), text),
    "parent.parent_without_report": lambda text: [
        parent_without_report(text, text, outcome) for outcome in outcomes(text)
    ],
    "parent.parent_failed": lambda text: parent_failed(text, text),
    "parent.progress": lambda text: [
        progress(Progress(step="reading", text=text, done=7, total=4), text, NOW, plain=plain)
        for plain in (True, False)
    ],
    "picker.picker": lambda text: picker.picker([candidate(text)] * 30, 300, "pick-1", incomplete=True),
    "summary.summary": lambda text: [
        summary(hostile_report(text), now=NOW, age_s=3.0, plain=plain) for plain in (True, False)
    ],
    "watching.with_watch": lambda text: watching.with_watch(ANSWER, watch(text), hostile_report(text), NOW),
    "watching.ended": lambda text: [
        watching.ended(watch(text).model_copy(update={"state": state}), NOW + timedelta(hours=1))
        for state in ("recovered", "too-long", "blind")
    ],
}
ELSEWHERE: Mapping[str, str] = {
    "fixes.*": "tests/handlers/views/test_fixes.py::test_whatever_a_plan_says_slack_takes_it",
    "fix_story.*": "tests/handlers/views/test_fixes.py::test_whatever_a_plan_says_slack_takes_it",
    "whole_plan.*": "tests/handlers/views/test_fixes.py::test_whatever_a_plan_says_slack_takes_it",
    "by_hand.*": "tests/handlers/views/test_fixes.py::test_whatever_a_command_says_slack_takes_it",
    "chart.*": "tests/handlers/views/test_every_message.py::test_one_text_everywhere",
    "details.*": "tests/handlers/views/test_every_message.py::test_one_text_everywhere",
    "controls.*": "tests/handlers/views/test_every_message.py::test_one_text_everywhere",
    "summary.*": "tests/handlers/views/test_every_message.py::test_one_text_everywhere",
}
OF_OUR_WORDS = {
    "answers.menu_of": "a part of ambiguous and unknown",
    "answers.nothing_called": "a part of unknown",
    "answers.option_of": "a part of menu_of",
    "alarms.spell": "a span of time",
    "alarms.the_thread": "Slack's own address, or our words",
    "home.closed": "a refusal of ours",
    "mended.*": "the sign above an answer; the answer itself is drawn before",
    "modals.*": "parts that modals are made of",
    "parent.bar": "a number",
    "picker.loading": "our words",
    "picker.not_for_you": "a refusal of ours",
    "screen.*": "measures",
    "escape.*": "what makes text safe",
    "blocks.*": "parts that messages are made of",
}


def public_views() -> Iterator[str]:
    for found in pkgutil.iter_modules(views.__path__):
        module = importlib.import_module(f"{views.__name__}.{found.name}")
        for name, function in inspect.getmembers(module, inspect.isfunction):
            if function.__module__ == module.__name__ and not name.startswith("_"):
                yield f"{found.name}.{name}"


def test_no_view_is_left_out() -> None:
    known = {*DRAWN, *ELSEWHERE, *OF_OUR_WORDS}
    left_out = [name for name in public_views() if not {name, f"{name.partition('.')[0]}.*"} & known]
    assert left_out == [], "draw it here with hostile names"


@pytest.mark.parametrize("place", sorted(set(ELSEWHERE.values())))
def test_the_test_elsewhere_is_there(place: str) -> None:
    path, _, name = place.partition("::")
    assert f"def {name}(" in (ROOT / path).read_text(encoding="utf-8")


def strings(value: Any) -> Iterator[str]:
    """What people see of blocks; what a button carries is told to nobody."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for name, one in value.items():
            yield from () if name in {"value", "initial_value"} else strings(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from strings(one)


def assert_harmless(drawn: Any) -> None:
    """A message, a view, or several of them."""
    if drawn is None:
        return
    if isinstance(drawn, list):
        for one in drawn:
            assert_harmless(one)
        return
    blocks = drawn.blocks if isinstance(drawn, Message) else drawn["blocks"]
    said = [*strings(list(blocks)), drawn.text if isinstance(drawn, Message) else ""]
    assert not [text for text in said if UNSEEN.search(text)]
    for text in (*slack_limits.mrkdwn_of(list(blocks)), said[-1]):
        assert not [call for call in CALLS if call in text]
        assert text.count("```") % 2 == 0
    if isinstance(drawn, Message):
        if blocks:
            slack_limits.check_quickly(drawn.text, drawn.blocks, plain=False)
    elif drawn.get("type") == "modal":
        assert slack_limits.view_violations(drawn) == []


@pytest.mark.parametrize("view", DRAWN)
def test_a_view_draws_a_name_as_a_name(view: str) -> None:
    for text in (*INJECTIONS, "\u202e\u2066\u200f" * 1_300):
        assert_harmless(DRAWN[view](text))


@pytest.mark.parametrize("control", sorted(catalogue()))
def test_a_control_tells_a_name_as_a_name(control: str) -> None:
    spec = catalogue()[control]
    for text in INJECTIONS:
        report, typed = hostile_report(text), dict.fromkeys(("where", "for", "why", "words"), text)
        steps: tuple[tuple[ControlFunction | None, dict[str, str]], ...] = ((spec.pressed, {}), (spec.submitted, typed))
        for function, values in ((function, values) for function, values in steps if function is not None):
            hands = Hands(text=text, refusal=text)
            outcome = function(visit(control, hands, report, values=values, opened_by="click-0"))
            assert_harmless(outcome.view if isinstance(outcome, Window) else outcome)
            assert_harmless([message for _, _, message in hands.posts])
