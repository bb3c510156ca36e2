"""A fix as people see it: the buttons below an answer, the plan in a modal, and one message that tells its story.

Limits of modals: https://docs.slack.dev/reference/views/modal-views
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from diagnostics import printable
from diagnostics.report import Remediation, Report
from handlers.views.alarms import spell
from handlers.views.blocks import Block, Message, Part, actions, button, compose, context, section, whole_lines
from handlers.views.by_hand import MAX_CHANGES, change_line, commands, table
from handlers.views.escape import code, moment, person, utc_time, words
from handlers.views.whole_plan import MAX_WARNINGS, in_commands, is_shown_whole
from remediations.approval import Denied, Ticket, is_old
from remediations.audit import Who
from remediations.closing import Closing, closing_of
from remediations.permission import People
from remediations.plan import Plan

OPEN: Final = "fix-open"
REVIEW: Final = "fix-review"
REFUSE: Final = "fix-refuse"
UNDO: Final = "fix-undo"
PLAN: Final = "fix-plan"
"""Ids of actions, and of the modal that is submitted."""
CHOICE: Final = "fix-choice"
TYPED: Final = "fix-typed"
WHOLE: Final = "whole"
SHOWN_SIGN: Final = " "
"""In what a modal carries, between the id of the ticket and the digest of what the modal shows."""

ASK_LABEL: Final = "Ask for approval"
APPROVE_LABEL: Final = "Approve and do it"
MAX_BUTTONS: Final = 3
MAX_TITLE: Final = 150
MAX_MODAL_BLOCKS: Final = 100
MAX_VALUE: Final = 400
REFRESH_FIRST: Final = "press Refresh below it, and then the fix in the new answer."
TOO_MUCH: Final = "More than can be shown here, so it is not approved here. In a terminal:"
MAX_WARNING: Final = 400
MAX_LINE: Final = 300
MAX_OPTION: Final = 75
MAX_CALLED: Final = 10
RISKS: Final[Mapping[str, str]] = {
    "low": ":large_green_circle: low risk",
    "medium": ":large_orange_circle: medium risk",
    "high": ":red_circle: high risk",
}
UNDOS: Final[Mapping[str, str]] = {
    "exact": "can be undone exactly",
    "compensating": "can be undone by another change",
    "none": "cannot be undone",
}


@dataclass(frozen=True, slots=True)
class Looked:
    """What a look at AWS said just now about what the plan is based on. `changed`: what is not so any more."""

    at: datetime
    changed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks at a plan. `denied`: why they may not approve it; None: they may. `is_asked`: who may was called."""

    denied: Denied | None
    is_asked: bool = False


def offered(report: Report) -> tuple[Remediation, ...]:
    """The fixes that get a button: those of the first cause, then of the others."""
    found = [remediation for cause in report.causes for remediation in cause.remediations]
    return tuple(found[:MAX_BUTTONS])


def fix_buttons(report: Report, ids: Mapping[str, str]) -> tuple[Block, ...]:
    """A button for each fix that has an id behind it: to review it where it may be approved, else for its commands."""
    made: list[Block] = []
    for remediation in offered(report):
        if (behind := ids.get(remediation.id)) is not None:
            label = f"{remediation.title}…" if remediation.allowed else f"Commands: {remediation.title}"
            made.append(button(label, f"{OPEN}-{len(made)}", behind))
    if made and offered(report)[0].allowed:
        made[0]["style"] = "primary"
    return tuple(made)


def loading() -> dict[str, Any]:
    """The modal while what it shows is read."""
    return _modal("Fix", [context(":hourglass_flowing_sand: Reading what it would change…")])


def told(text: str) -> dict[str, Any]:
    """A modal with one line in it."""
    return _modal("Fix", [section(words(text, MAX_LINE * 4) or "Nothing was done.")])


def age(read_at: datetime, now: datetime) -> str:
    """``This answer was read 3 h 5 min ago``"""
    return f"This answer was read {_spell((now - read_at).total_seconds())} ago"


def commands_modal(remediation: Remediation, read: str = "") -> dict[str, Any]:
    """What somebody types to do it by hand, and why the bot does not do it. `read`: how old the answer is."""
    blocks = [section(f"*{words(remediation.title, MAX_TITLE)}*"), *([context(f"{read}.")] if read else [])]
    if remediation.why_not:
        blocks.append(context(f"Not by a button: {words(remediation.why_not, MAX_LINE)}."))
    blocks += table(remediation.changes)
    blocks += commands("With the AWS CLI", remediation.aws_cli)
    blocks += _risk(remediation.risk, remediation.touches, remediation.warnings)
    blocks.append(section(f"*Undo*: {words(remediation.undo.text, MAX_LINE)}"))
    blocks += commands("", remediation.undo.aws_cli, back=True)
    return _modal("Commands", blocks)


def plan_modal(
    ticket: Ticket, viewer: Viewer, looked: Looked | None, role: str | None, now: datetime
) -> dict[str, Any]:
    """Everything that would happen, and what this person may do about it. `looked` None: AWS is still being asked."""
    plan, target = ticket.plan, ticket.target
    blocks = [
        section(f"*{words(plan.title, MAX_TITLE)}*"),
        context(
            f"{RISKS[plan.risk]} · about {_spell(plan.eta_s)} · {UNDOS[plan.undo.kind]}",
            f"asked by {_who(ticket.asker)}",
            *([f"{age(ticket.read_at, now)} ({utc_time(ticket.read_at)})"] if ticket.read_at else []),
        ),
        *table(plan.changes),
        section(
            f"*Resource* {code(plan.resource, MAX_VALUE)}\n"
            f"*Account* {code(target.account_name or target.account)} · *Region* {code(target.region)}"
        ),
        *_risk("", plan.touches, plan.warnings),
        section(f"*Worked when* {words(plan.success.text, MAX_LINE)}, within {_spell(plan.success.within_s)}"),
        section(f"*Undo* {words(plan.undo.text, MAX_LINE)}"),
        _checked(looked),
        *_role(role),
        *in_commands(plan, ticket.target.region),
    ]
    carried = f"{ticket.id}{SHOWN_SIGN}{ticket.digest}"
    if looked.changed if looked is not None else is_old(ticket.read_at, now):
        return _modal("Fix", blocks, carried)
    if viewer.denied is not None:
        blocks.append(context(f":lock: {_why(viewer.denied)}"))
        return _modal("Fix", blocks, carried, submit=None if viewer.is_asked else ASK_LABEL)
    if not is_shown_whole(plan, ticket.target.region, blocks):
        blocks.append(context(f":lock: {TOO_MUCH} {code(f'alb502 fix {ticket.report} {ticket.offer}', MAX_VALUE)}"))
        return _modal("Fix", blocks, carried)
    blocks += _choice(plan)
    blocks += _typed(ticket)
    blocks.append(context(f"Open until {moment(ticket.expires_at, now)}; it begins within a minute after you approve."))
    return _modal("Fix", blocks, carried, submit=APPROVE_LABEL)


def story(ticket: Ticket, approvers: People, now: datetime) -> Message:
    """The message in the thread: what was asked, by whom, and how far it is."""
    plan = ticket.doing
    head = f"{_symbol(ticket)} *{words(plan.title, MAX_TITLE)}* — {state_in_words(ticket)}"
    lines = [f"• {change_line(change)}" for change in plan.changes[:MAX_CHANGES]]
    parts = [
        Part(0, (section(head),)),
        Part(1, (section(whole_lines(lines, 2_000, total=len(plan.changes))),) if lines else ()),
        Part(1, (_at_a_glance(ticket),) if ticket.state == "pending" else ()),
        Part(0, (section("\n".join(_happened(ticket, now))),)),
        Part(0, _called(ticket, approvers)),
        Part(0, _buttons(ticket)),
    ]
    return compose(head, parts)


def closing(ticket: Ticket) -> Message:
    """The last word after a time of quiet: what was done, by whom, what is left to do in code."""
    last: Closing = closing_of(ticket)
    quiet = {True: "quiet since", False: "*it has come back*", None: "whether it stayed quiet could not be read"}[
        last.quiet
    ]
    after = f", recovered after {_spell(last.recovered_after_s)}" if last.recovered_after_s is not None else ""
    by = _who(last.approved_by or last.asked_by)
    head = f":memo: *{words(last.title, MAX_TITLE)}* — done by {by}{after}, {quiet}"
    lines = [f"• {change_line(change)}" for change in last.changes[:MAX_CHANGES]]
    gone = [f"• no longer so: {words(item, MAX_LINE)}" for item in last.missing[:MAX_WARNINGS]]
    gone += ["Diagnose again before anything else is tried."] if last.quiet is False else []
    left = [f"• {words(item, MAX_WARNING)}" for item in last.left_to_do[:MAX_WARNINGS]]
    parts = [
        Part(0, (section(head),)),
        Part(0, (section("\n".join(gone)),) if gone else ()),
        Part(1, (section(whole_lines(lines, 2_000)),) if lines else ()),
        Part(0, (section("\n".join(["*Left to do in code*", *left])),) if left else ()),
        Part(2, (context(f"Undo: {words(last.undo, MAX_LINE)}"),)),
    ]
    return compose(head, parts)


def denied(refused: Denied) -> Message:
    """For the person alone: why nothing was done, and who may."""
    text = f":no_entry: {_why(refused)}"
    return Message(text=text, blocks=(section(text),))


def _why(refused: Denied) -> str:
    """With those who may as Slack shows them, instead of by their ids."""
    who = _people(People(groups=frozenset(refused.may_groups), users=frozenset(refused.may_users)))
    text = words(refused.text.partition(" Who may:")[0] if who else refused.text, MAX_LINE)
    return f"{text} Who may: {who}" if who else text


def _modal(title: str, blocks: Sequence[Block], metadata: str = "", submit: str | None = None) -> dict[str, Any]:
    view: dict[str, Any] = {
        "type": "modal",
        "callback_id": PLAN,
        "title": {"type": "plain_text", "text": title},
        "close": {"type": "plain_text", "text": "Close"},
        "private_metadata": metadata,
        "blocks": list(blocks[:MAX_MODAL_BLOCKS]),
    }
    if submit is not None:
        view["submit"] = {"type": "plain_text", "text": submit}
    return view


def _risk(risk: str, touches: str, warnings: Sequence[str]) -> list[Block]:
    lines = [f"*Risk* {RISKS[risk]}"] if risk else []
    if touches:
        lines.append(f"*Touches* {words(touches, MAX_WARNING)}")
    lines += [f":warning: {words(warning, MAX_WARNING)}" for warning in warnings[:MAX_WARNINGS]]
    return [section("\n".join(lines))] if lines else []


def _checked(looked: Looked | None) -> Block:
    if looked is None:
        return context(":hourglass_flowing_sand: Looking whether all of this is still so…")
    at = f"{looked.at:%H:%M:%S} UTC"
    if not looked.changed:
        return context(
            f":white_check_mark: Looked at {at}: all of this is still so. It is looked at again just before."
        )
    what = "\n".join(f"• no longer so: {words(text, MAX_LINE)}" for text in looked.changed[:MAX_WARNINGS])
    return section(f":warning: *Looked at {at}: this does not fit any more.* Diagnose again.\n{what}")


def _at_a_glance(ticket: Ticket) -> Block:
    """What somebody who may approve wants to know before they open it."""
    plan, target = ticket.doing, ticket.target
    return context(
        f"{RISKS[plan.risk]} · about {_spell(plan.eta_s)} · {UNDOS[plan.undo.kind]}",
        f"{code(target.label or target.query, MAX_OPTION)} in {code(target.account_name or target.account)},"
        f" {code(target.region)}",
    )


def _role(role: str | None) -> list[Block]:
    return [section(f"*Role* {code(role, MAX_VALUE)}, cut down to these calls")] if role else []


def _choice(plan: Plan) -> list[Block]:
    if not plan.narrower:
        return []
    options = [_option("all of it", WHOLE), *(_option(one.label, str(n)) for n, one in enumerate(plan.narrower))]
    return [
        {
            "type": "input",
            "block_id": CHOICE,
            "label": {"type": "plain_text", "text": "How much of it"},
            "element": {
                "type": "radio_buttons",
                "action_id": CHOICE,
                "options": options,
                "initial_option": options[0],
            },
        }
    ]


def _option(label: str, value: str) -> dict[str, Any]:
    return {"text": {"type": "plain_text", "text": printable.line(label, MAX_OPTION) or "less of it"}, "value": value}


def _typed(ticket: Ticket) -> list[Block]:
    if ticket.word_to_type is None:
        return []
    label = printable.line(f"High risk: type {ticket.word_to_type} to approve", 150)
    return [
        {
            "type": "input",
            "block_id": TYPED,
            "label": {"type": "plain_text", "text": label},
            "element": {"type": "plain_text_input", "action_id": TYPED, "max_length": 300},
        }
    ]


def _symbol(ticket: Ticket) -> str:
    return {
        "pending": ":raising_hand:",
        "approved": ":arrow_forward:",
        "executed": ":hourglass_flowing_sand:",
        "verified": ":white_check_mark:",
        "failed": ":x:",
        "refused": ":no_entry:",
        "expired": ":hourglass:",
        "undone": ":leftwards_arrow_with_hook:",
    }[ticket.state]


def state_in_words(ticket: Ticket) -> str:
    return {
        "pending": "waits for approval",
        "approved": "approved, begins",
        "executed": "done, watching whether it works",
        "verified": "worked",
        "failed": "did not work",
        "refused": "refused",
        "expired": "expired",
        "undone": "undone",
    }[ticket.state]


def _happened(ticket: Ticket, now: datetime) -> Iterable[str]:
    what = "asked to undo it" if ticket.undoes else "asked for it"
    yield f"{_who(ticket.asker)} {what} at {moment(ticket.asked_at, now)}"
    if ticket.approved_by is not None and ticket.approved_at is not None:
        chosen = f": {words(ticket.doing.label, MAX_LINE)}" if ticket.chosen is not None else ""
        yield f"{_who(ticket.approved_by)} approved it at {moment(ticket.approved_at, now)}{chosen}"
    if ticket.executed_at is not None:
        yield f"done at {moment(ticket.executed_at, now, seconds=True)}"
    if ticket.state == "executed" and ticket.progress is not None:
        total = len(ticket.progress.holding) + len(ticket.progress.missing)
        waiting = (
            f", waits for: {words('; '.join(ticket.progress.missing), MAX_LINE)}" if ticket.progress.missing else ""
        )
        yield f"{len(ticket.progress.holding)} of {total} signs that it worked are there{waiting}"
    if ticket.state in {"verified", "undone"} and ticket.recovered_after_s is not None:
        yield f"{words(ticket.doing.success.text, MAX_LINE)}: after {_spell(ticket.recovered_after_s)}"
    if ticket.ended_by is not None and ticket.state == "refused":
        yield f"{_who(ticket.ended_by)} refused it"
    if ticket.text and ticket.state != "verified":
        yield words(ticket.text, MAX_WARNING)
    if ticket.state == "failed":
        yield _left_behind(ticket)
    if ticket.undone_by is not None:
        yield f"it was taken back by {_who(ticket.ended_by)}" if ticket.ended_by else "it was taken back"


def _left_behind(ticket: Ticket) -> str:
    """How things are now, and what to do next."""
    if ticket.execution is None or not ticket.execution.may_have_changed:
        return "*Nothing was changed.* Diagnose again."
    if not ticket.execution.done:
        return "*Whether it was changed is not known.* Look at the resource before anything else is tried."
    if ticket.doing.undo.writes and ticket.undoes is None:
        return "*The change is still in place.* Undo it, or diagnose again."
    return "*The change is still in place.* Diagnose again."


def _called(ticket: Ticket, approvers: People) -> tuple[Block, ...]:
    """Those who may approve are called, since they are who it waits for."""
    if ticket.state != "pending" or not approvers:
        return ()
    return (section(f"Who may approve: {_people(approvers)}"),)


def _people(people: People) -> str:
    groups = [f"<!subteam^{group}>" for group in sorted(people.groups) if group.isalnum()]
    users = [person(user) for user in sorted(people.users)]
    return " ".join([*groups, *users][:MAX_CALLED])


def _buttons(ticket: Ticket) -> tuple[Block, ...]:
    if ticket.state == "pending":
        return (actions(button("Review…", REVIEW, ticket.id), button("Refuse", REFUSE, ticket.id)),)
    can_undo = ticket.doing.undo.writes and ticket.undoes is None and ticket.execution is not None
    if ticket.state in {"executed", "verified", "failed"} and can_undo and ticket.execution and ticket.execution.done:
        undo = printable.line(ticket.doing.undo.text, 280) or "takes it back"
        confirm = {
            "title": {"type": "plain_text", "text": "Undo this?"},
            "text": {"type": "plain_text", "text": f"The undo {undo}."},
            "confirm": {"type": "plain_text", "text": "Undo"},
            "deny": {"type": "plain_text", "text": "Keep it"},
        }
        return (actions({**button("Undo…", UNDO, ticket.id), "confirm": confirm}),)
    return ()


def _spell(seconds: float) -> str:
    return spell(timedelta(seconds=seconds))


def _who(who: Who) -> str:
    return person(who.id)
