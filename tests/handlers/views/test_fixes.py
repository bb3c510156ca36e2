"""A fix as it is drawn: within Slack's limits and without a mention of strangers, whatever is in it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnostics.report import Remediation, SettingChange
from diagnostics.report import Undo as ReportUndo
from handlers.views import fix_story
from handlers.views import fixes as drawn
from handlers.views.whole_plan import MAX_WARNINGS
from remediations.approval import Denied, Progress, State, Ticket
from remediations.audit import Who
from remediations.execute import Execution
from remediations.journal import Step
from remediations.permission import People
from remediations.plan import Plan, Success, Undo
from tests import reports, slack_limits
from tests.bot.fixes.acting import TARGET
from tests.hostile import names
from tests.remediations.cloud import REACH, plan, set_path

NOW = datetime(2026, 3, 14, 3, 14, tzinfo=UTC)
ALICE, BOB = Who(id="U0ALICE", name="Alice"), Who(id="U0BOB", name="Bob")
LOST = Execution(status="unknown", steps=(Step(index=0, state="lost"),))
APPROVERS = People(groups=frozenset({"S0ONCALL"}), users=frozenset({"U0BOB"}))


def ticket(**more: Any) -> Ticket:
    values: dict[str, Any] = {
        "id": "p-0123456789",
        "report": "r-1",
        "offer": "two-settings",
        "plan": plan(),
        "target": TARGET,
        "reach": REACH,
        "asked_by": ALICE,
        "asked_at": NOW - timedelta(minutes=3),
        "called_by": ALICE,
        "called_at": NOW - timedelta(minutes=2),
        "expires_at": NOW + timedelta(minutes=8),
        "channel": "C0CHAN",
    }
    return Ticket(**{**values, **more})


def hostile_plan(draw: Any) -> Plan:
    changes = st.lists(st.builds(SettingChange, resource=names, setting=names, before=names, after=names), max_size=20)
    return plan(
        title=draw(names),
        risk=draw(st.sampled_from(("low", "medium", "high"))),
        resource=draw(names),
        changes=tuple(draw(changes)),
        touches=draw(names),
        warnings=tuple(draw(st.lists(names, max_size=8))),
        success=Success(text=draw(names), within_s=60),
        undo=Undo(kind="exact", text=draw(names), writes=(set_path(draw(names)),)),
        label=draw(names),
    )


@st.composite
def hostile_tickets(draw: Any) -> Ticket:
    narrower = tuple(hostile_plan(draw) for _ in range(draw(st.integers(0, 2))))
    whole = hostile_plan(draw).model_copy(update={"narrower": narrower * 4})
    return ticket(
        plan=whole,
        state=draw(st.sampled_from(get_args(State))),
        target=TARGET.model_copy(update={"label": draw(names), "service": draw(names), "account_name": draw(names)}),
        text=draw(names),
        chosen=draw(st.sampled_from([None, 0])) if narrower else None,
        approved_by=draw(st.sampled_from([None, BOB])),
        approved_at=NOW,
        executed_at=draw(st.sampled_from([None, NOW])),
        execution=Execution(status="done", steps=(Step(index=0, state="done"),)),
        progress=Progress(at=NOW, holding=(draw(names),), missing=(draw(names),)),
        ended_at=draw(st.sampled_from([None, NOW])),
        recovered_after_s=draw(st.sampled_from([None, 42.0])),
        ended_by=draw(st.sampled_from([None, BOB])),
        quiet=draw(st.sampled_from([None, True, False])),
        left_to_do=tuple(draw(st.lists(names, max_size=3))),
    )


@settings(max_examples=40)
@given(made=hostile_tickets(), turn=st.integers(0, 2))
def test_whatever_a_plan_says_slack_takes_it(made: Ticket, turn: int) -> None:
    for message in (fix_story.story(made, APPROVERS, NOW), fix_story.closing(made)):
        slack_limits.check(message.text, message.blocks)
    looks = (None, drawn.Looked(NOW), drawn.Looked(NOW, (made.text, made.plan.title)))
    viewers = (drawn.Viewer(None), drawn.Viewer(Denied(text=made.text)), drawn.Viewer(Denied(text="no"), is_asked=True))
    for number, looked in enumerate(looks):
        view = drawn.plan_modal(made, viewers[(number + turn) % len(viewers)], looked, made.plan.title, NOW)
        assert slack_limits.view_violations(view) == []


@given(texts=st.lists(names, min_size=8, max_size=8), risk=st.sampled_from(("low", "medium", "high")))
def test_whatever_a_command_says_slack_takes_it(texts: list[str], risk: Any) -> None:
    remediation = Remediation(
        id="x",
        title=texts[0],
        risk=risk,
        allowed=False,
        why_not=texts[1],
        changes=(SettingChange(resource=texts[2], setting=texts[3], before=texts[4], after=None),),
        aws_cli=tuple(texts),
        undo=ReportUndo(kind="none", text=texts[5], aws_cli=(texts[6],)),
    )
    assert slack_limits.view_violations(drawn.commands_modal(remediation)) == []
    assert slack_limits.view_violations(drawn.told(texts[7])) == []
    message = drawn.denied(Denied(text=texts[7], may_users=("U0BOB",), may_groups=("S0ONCALL",)))
    slack_limits.check(message.text, message.blocks)


def text_of(view: Any) -> str:
    return json.dumps(view, ensure_ascii=False)


def test_a_plan_shows_everything_before_anybody_agrees() -> None:
    told = text_of(drawn.plan_modal(ticket(), drawn.Viewer(None), drawn.Looked(NOW), "arn:aws:iam::1:role/fix", NOW))
    for words in (
        *(
            "Set path and delay of checkout",
            "medium risk",
            "`/` → `/healthz`",
            "`30` → `60`",
            "arn:aws:iam::1:role/fix",
        ),
        *("all targets of checkout", "can be undone exactly", "sets both back", "the targets are healthy"),
        *("aws elbv2 modify-target-group", "still so", "<@U0ALICE>", "us-east-1", drawn.APPROVE_LABEL),
    ):
        assert words in told


def test_what_cannot_be_shown_whole_cannot_be_approved() -> None:
    """Something may hide behind the ellipsis, or below the twelfth line."""
    (first, *_) = plan().changes
    for changes in ((first,) * 13, (first.model_copy(update={"after": "x" * 301}),)):
        much = ticket(plan=plan(changes=changes))
        view = drawn.plan_modal(much, drawn.Viewer(None), drawn.Looked(NOW), None, NOW)
        assert "submit" not in view
        assert f"alb502 fix {much.report} {much.offer}" in text_of(view)


def test_a_warning_that_is_left_out_cannot_be_approved_either() -> None:
    many = tuple(f"warning {number}" for number in range(MAX_WARNINGS + 1))
    views = [
        drawn.plan_modal(ticket(plan=plan(warnings=said)), drawn.Viewer(None), drawn.Looked(NOW), None, NOW)
        for said in (many, many[1:])
    ]
    assert ["submit" in view for view in views] == [False, True]


def test_who_takes_back_did_not_refuse() -> None:
    told = text_of(fix_story.story(ticket(state="undone", ended_by=BOB, undone_by="p-2"), APPROVERS, NOW).blocks)
    assert "refused it" not in told
    assert "it was taken back by <@" in told


def test_what_has_changed_meanwhile_cannot_be_approved() -> None:
    view = drawn.plan_modal(ticket(), drawn.Viewer(None), drawn.Looked(NOW, ("the path is /x now",)), None, NOW)
    assert "submit" not in view
    assert "does not fit any more" in text_of(view)
    assert "no longer so: the path is /x now" in text_of(view)


def test_high_risk_asks_for_the_name_and_a_narrower_form_can_be_chosen() -> None:
    narrow = plan(label="only one target group")
    made = ticket(plan=plan(risk="high", narrower=(narrow,)))
    view = drawn.plan_modal(made, drawn.Viewer(None), drawn.Looked(NOW), None, NOW)
    inputs = {block["block_id"]: block for block in view["blocks"] if block["type"] == "input"}
    assert "type checkout to approve" in inputs[drawn.TYPED]["label"]["text"]
    options = inputs[drawn.CHOICE]["element"]["options"]
    assert [option["value"] for option in options] == [drawn.WHOLE, "0"]


@pytest.mark.parametrize(
    ("state", "more", "has", "lacks"),
    [
        (
            "pending",
            {},
            [
                "waits for approval",
                "medium risk",
                "can be undone exactly",
                "`us-east-1`",
                "<!subteam^S0ONCALL>",
                fix_story.REVIEW,
                fix_story.REFUSE,
            ],
            [fix_story.UNDO],
        ),
        ("executed", {"executed_at": NOW}, ["watching", fix_story.UNDO], [fix_story.REVIEW, "<!subteam"]),
        ("verified", {"recovered_after_s": 42.0}, ["worked", "after 42 s", fix_story.UNDO], [fix_story.REVIEW]),
        ("failed", {"text": "it did not work"}, ["did not work", "still in place", fix_story.UNDO], [fix_story.REVIEW]),
        (
            "failed",
            {"execution": Execution(status="failed"), "executed_at": NOW},
            ["could not be done", "Nothing was changed.* Press *Refresh*", "In the audit and the log: `p-"],
            [fix_story.UNDO, "in place", "did not work", "done at"],
        ),
        ("failed", {"execution": LOST}, ["Whether it was changed is not known"], [fix_story.UNDO, "in place"]),
        ("refused", {"ended_by": BOB}, ["<@U0BOB> refused it"], [fix_story.UNDO, fix_story.REVIEW]),
        (
            "refused",
            {"text": "it is no longer so", "executed_at": NOW, "execution": Execution(status="refused")},
            ["refused, nothing was changed", "it is no longer so", "Refresh"],
            [fix_story.UNDO, fix_story.REVIEW, "done at"],
        ),
        ("expired", {}, ["expired"], [fix_story.UNDO, fix_story.REVIEW]),
        ("undone", {"undone_by": "p-2", "ended_by": BOB}, ["taken back by <@U0BOB>"], ["refused", fix_story.UNDO]),
    ],
)
def test_each_state_is_told_with_what_can_be_done_in_it(
    state: Any, more: dict[str, Any], has: list[str], lacks: list[str]
) -> None:
    done = Execution(status="done", steps=(Step(index=0, state="done"),))
    told = text_of(fix_story.story(ticket(**{"state": state, "execution": done, **more}), APPROVERS, NOW).blocks)
    assert [words for words in has if words not in told] == []
    assert [words for words in lacks if words in told] == []


def test_the_last_word_says_what_is_left_to_do_in_code() -> None:
    made = ticket(state="verified", recovered_after_s=42.0, quiet=True, approved_by=BOB, left_to_do=("Pin the port.",))
    told = text_of(fix_story.closing(made).blocks)
    for words in ("done by <@U0BOB>", "recovered after 42 s", "quiet since", "Left to do in code", "Pin the port."):
        assert words in told


def test_the_last_word_says_what_has_come_back() -> None:
    made = ticket(state="verified", quiet=False, approved_by=BOB, came_back=("all targets are healthy",))
    told = text_of(fix_story.closing(made).blocks)
    for words in ("it has come back", "no longer so: all targets are healthy", "Diagnose again"):
        assert words in told


def test_how_far_it_is_names_what_is_waited_for() -> None:
    seen = Progress(at=NOW, holding=("the path is set",), missing=("all targets are healthy",))
    told = text_of(fix_story.story(ticket(state="executed", executed_at=NOW, progress=seen), APPROVERS, NOW).blocks)
    assert "1 of 2 signs that it worked are there, waits for: all targets are healthy" in told


def test_only_a_fix_for_the_first_cause_stands_out() -> None:
    first, second = reports.cause(remediations=()), reports.cause(remediations=(reports.fix(allowed=True),))
    ids = {"sg-allow-lb-ingress": "f-1"}
    (button,) = drawn.fix_buttons(reports.report(causes=(first, second)), ids)
    assert "style" not in button
    (button,) = drawn.fix_buttons(reports.report(causes=(second, first)), ids)
    assert button["style"] == "primary"


def test_a_limit_is_not_rounded_down() -> None:
    said = json.dumps(drawn.plan_modal(ticket(plan=plan(eta_s=100)), drawn.Viewer(denied=None), None, None, NOW))
    assert "about 2 min" in said
