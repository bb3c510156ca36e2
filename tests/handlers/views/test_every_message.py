"""Whatever a report holds, every message about it is taken by Slack and holds no markup but ours, in both layouts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.question import Progress
from diagnostics.report import Report
from handlers import views
from handlers.incidents import AlarmRow, Incident
from handlers.views.blocks import Message
from handlers.views.controls import controls
from handlers.views.details import LABELS, unfolded
from handlers.views.screen import ROWS, rows_of, rows_of_buttons
from tests import reports, slack_limits
from tests.fuzzing import examples
from tests.hostile import INJECTIONS, hostile_reports, names

WORDS = frozenset(
    {"schema", "kind", "scope", "pattern", "by", "generated_by", "verdict", "band", "role", "status", "risk"}
)
"""Fields that take only words of ours."""
NOW = reports.END + timedelta(seconds=40)


def incident(name: str) -> Incident:
    row = AlarmRow(
        identity=name,
        name=name,
        region=name,
        state="ALARM",
        count=3,
        first_at=reports.ONSET,
        last_at=reports.ONSET,
    )
    return Incident(
        id="inc-1",
        what=name,
        team="T0",
        channel="C0",
        thread_ts="1.1",
        ask_id="ask-1",
        opened_at=reports.ONSET,
        closed_at=reports.END,
        ended_after=name,
        rows=(row,) * 40,
        more_rows=860,
    )


def messages(report: Report, name: str, *, plain: bool) -> Iterator[Message]:
    """Everything that stands in a thread."""
    fixes = views.fix_buttons(report, {fix.id: "f-1" for cause in report.causes for fix in cause.remediations})
    answer = views.summary(
        report, now=NOW, age_s=3.0, plain=plain, fixes=fixes, controls=controls(report, "b-1"), refresh="b-1"
    )
    step = Progress(step="reading", text=name, done=7, total=4)
    yield answer
    yield views.with_incident(answer, incident(name), NOW)
    yield views.summary(report, now=NOW, age_s=None, plain=plain, still=step)
    yield views.progress(step, name, NOW, plain=plain)
    yield views.parent_headline(report, "U0123")
    yield views.parent("U0123", name)
    yield from filter(None, (unfolded(report, fold, NOW) for fold in LABELS))


def rows(message: Message) -> int:
    """What the answer takes up on a phone, down to the line that says when it was read, and what has no room."""
    read = 0
    for block in message.blocks:
        if block["type"] == "actions":
            read += rows_of_buttons([one["text"]["text"] if "text" in one else "..." for one in block["elements"]])
        said = list(slack_limits.mrkdwn_of(block))
        read += sum(map(rows_of, said))
        if any(" · as of <!date" in text for text in said):
            return read
    raise AssertionError("an answer says when it was read")


def assert_taken(message: Message, *, plain: bool) -> None:
    slack_limits.check_quickly(message.text, message.blocks, plain=plain)
    said = "\n".join((message.text, *slack_limits.mrkdwn_of(message.blocks)))
    assert "<!channel" not in said
    assert "<@U0123456>" not in said


@examples(30)
@given(report=hostile_reports, name=names, plain=st.booleans())
def test_no_report_breaks_a_limit_or_smuggles_markup(report: Report, name: str, plain: bool) -> None:
    for message in messages(report, name, plain=plain):
        assert_taken(message, plain=plain)


@pytest.mark.parametrize("plain", [False, True], ids=["rich", "plain"])
@pytest.mark.parametrize(
    "text", [*INJECTIONS, "x y " * 1_000, "\u202e\u2066\u200f" * 1_300], ids=lambda text: text[:12]
)
def test_one_text_everywhere(text: str, plain: bool) -> None:
    """In each place where a name or words of somebody else can stand."""
    made = reports.report().model_dump(by_alias=True)

    def everywhere(value: object, name: str) -> object:
        if isinstance(value, dict):
            return {key: everywhere(inner, key) for key, inner in value.items()}
        if isinstance(value, list | tuple):
            return [everywhere(inner, name) for inner in value]
        return text if isinstance(value, str) and name not in WORDS else value

    made["causes"] = [*made["causes"], reports.cause(remediations=(reports.fix(allowed=True),)).model_dump()]
    report = Report.model_validate(everywhere(made, ""))
    first, *others = messages(report, text, plain=plain)
    assert rows(first) <= ROWS
    for message in (first, *others):
        assert_taken(message, plain=plain)


def test_five_hundred_targets() -> None:
    groups = tuple(f"{reports.GROUP[:-4]}{number:04}" for number in range(500))
    listed = ", ".join(f"10.0.{number // 250}.{number % 250}:8080" for number in range(500))
    cause = reports.cause(summary=f"500 targets time out: {listed}", resources=groups)
    report = reports.report(target=reports.target(target_groups=groups), causes=(cause,) * 40)

    for plain in (False, True):
        for message in messages(report, listed, plain=plain):
            assert_taken(message, plain=plain)
