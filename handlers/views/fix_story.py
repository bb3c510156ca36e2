"""The message that tells the story of a fix, and the last word on it after a time of quiet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

from diagnostics import printable
from diagnostics.fix_wording import within_words
from handlers.views.alarms import spell
from handlers.views.blocks import Block, Message, Part, actions, button, compose, context, section, whole_lines
from handlers.views.by_hand import MAX_CHANGES, change_line
from handlers.views.escape import code, moment, person, words
from handlers.views.whole_plan import MAX_WARNINGS
from remediations.approval import Ticket
from remediations.audit import Who
from remediations.closing import Closing, closing_of
from remediations.execute import Execution
from remediations.permission import People

REVIEW: Final = "fix-review"
REFUSE: Final = "fix-refuse"
UNDO: Final = "fix-undo"
"""Ids of actions."""
MAX_TITLE: Final = 150
MAX_WARNING: Final = 400
MAX_LINE: Final = 300
MAX_NAME: Final = 75
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


def story(ticket: Ticket, approvers: People, now: datetime) -> Message:
    """The message in the thread: what was asked, by whom, and how far it is."""
    plan = ticket.doing
    head = f"{_symbol(ticket)} *{words(plan.title, MAX_TITLE)}* — {state_in_words(ticket)}"
    lines = [f"• {change_line(change)}" for change in plan.changes[:MAX_CHANGES]]
    happened = list(_happened(ticket, now))
    parts = [
        Part(0, (section(head),)),
        Part(1, (section(whole_lines(lines, 2_000, total=len(plan.changes))),) if lines else ()),
        Part(1, (_at_a_glance(ticket),) if ticket.state == "pending" else ()),
        Part(0, (section("\n".join(happened)),) if happened else ()),
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
    after = f", {last.effect} after {in_time(last.recovered_after_s)}" if last.recovered_after_s is not None else ""
    by = who_of(last.approved_by or last.asked_by)
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


def state_in_words(ticket: Ticket) -> str:
    """``worked``, ``did not work``: and of what was never done, that nothing was changed."""
    if ticket.state == "refused" and ticket.ended_by is None:
        return "refused, nothing was changed"
    if ticket.state == "failed":
        return _failed_in_words(ticket.execution)
    return {
        "pending": "waits for approval",
        "approved": "approved, begins",
        "executed": "done, watching whether it works",
        "verified": "worked",
        "refused": "refused",
        "expired": "expired",
        "undone": "undone",
    }[ticket.state]


def _failed_in_words(execution: Execution | None) -> str:
    if execution is None or not execution.may_have_changed:
        return "could not be done"
    if execution.status == "unknown":
        return "not known whether it was done"
    return "done in part" if execution.status == "partial" else "did not work"


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


def _at_a_glance(ticket: Ticket) -> Block:
    """What somebody who may approve wants to know before they open it."""
    plan, target = ticket.doing, ticket.target
    return context(
        f"{RISKS[plan.risk]} · about {within_words(plan.eta_s)} · {UNDOS[plan.undo.kind]}",
        f"{code(target.label or target.query, MAX_NAME)} in {code(target.account_name or target.account)},"
        f" {code(target.region)}",
    )


def _happened(ticket: Ticket, now: datetime) -> Iterable[str]:
    if ticket.undoes is None and ticket.called_by is not None:
        yield f"{who_of(ticket.called_by)} asked for it at {moment(ticket.called_at or ticket.asked_at, now)}"
    if ticket.approved_by is not None and ticket.approved_at is not None:
        chosen = f": {words(ticket.doing.label, MAX_LINE)}" if ticket.chosen is not None else ""
        what = "pressed Undo" if ticket.undoes else "approved it"
        yield f"{who_of(ticket.approved_by)} {what} at {moment(ticket.approved_at, now)}{chosen}"
    if ticket.executed_at is not None and ticket.execution is not None and ticket.execution.done:
        yield f"done at {moment(ticket.executed_at, now, seconds=True)}"
    if ticket.state == "executed" and ticket.progress is not None:
        total = len(ticket.progress.holding) + len(ticket.progress.missing)
        waiting = (
            f", waits for: {words('; '.join(ticket.progress.missing), MAX_LINE)}" if ticket.progress.missing else ""
        )
        yield f"{len(ticket.progress.holding)} of {total} signs that it worked are there{waiting}"
    if ticket.state in {"verified", "undone"} and ticket.recovered_after_s is not None:
        sign, took = words(ticket.doing.success.text, MAX_LINE), in_time(ticket.recovered_after_s)
        yield f"worked after {took}: {sign}" if ticket.state == "verified" else f"it had worked after {took}"
    if ticket.ended_by is not None and ticket.state == "refused":
        yield f"{who_of(ticket.ended_by)} refused it"
    if ticket.text and ticket.state != "verified":
        yield words(ticket.text, MAX_WARNING)
    if ticket.state == "failed":
        yield _left_behind(ticket)
        yield f"In the audit and the log: {code(ticket.id)}"
    if (ticket.state == "refused" and ticket.ended_by is None) or ticket.state == "expired":
        yield _once_more(ticket)
    if ticket.state == "undone":
        yield f"it was taken back by {who_of(ticket.ended_by)}" if ticket.ended_by else "it was taken back"


def _once_more(ticket: Ticket) -> str:
    """Where a fix that came to nothing can be had again."""
    if ticket.undoes is not None:
        return "*Undo…* can be pressed again in the message of the fix, once that is cleared up."
    return "Press *Refresh* below the answer above, and then the fix in it, if it is still needed."


def _left_behind(ticket: Ticket) -> str:
    """How things are now, and what to do next."""
    if ticket.execution is None or not ticket.execution.may_have_changed:
        return f"*Nothing was changed.* {_once_more(ticket)}"
    if not ticket.execution.done:
        return "*Whether it was changed is not known.* Look at the resource before anything else is tried."
    if ticket.doing.undo.writes and ticket.undoes is None:
        return "*The change is still in place.* Undo it, or diagnose again."
    return "*The change is still in place.* Diagnose again."


def _called(ticket: Ticket, approvers: People) -> tuple[Block, ...]:
    """Those who may approve are called, since they are who it waits for."""
    if ticket.state != "pending" or not approvers:
        return ()
    return (section(f"Who may approve: {people_of(approvers)}"),)


def people_of(people: People) -> str:
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


def in_time(seconds: float) -> str:
    return spell(timedelta(seconds=seconds))


def who_of(who: Who) -> str:
    return person(who.id)
