"""A fix as people see it: the buttons below an answer, and the plan in a modal. Its story is told by `fix_story`.

Limits of modals: https://docs.slack.dev/reference/views/modal-views
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from diagnostics.fix_wording import within_words
from diagnostics.report import Remediation, Report
from handlers.views.blocks import Block, Message, button, context, in_a_section, section
from handlers.views.by_hand import commands, table
from handlers.views.escape import code, moment, utc_time, words
from handlers.views.fix_story import MAX_LINE, MAX_TITLE, MAX_WARNING, RISKS, UNDOS, in_time, people_of, who_of
from handlers.views.modals import View, modal, radio, typed
from handlers.views.whole_plan import MAX_WARNINGS, in_commands, is_shown_whole
from remediations.approval import Denied, Ticket, is_old
from remediations.permission import People
from remediations.plan import Plan

OPEN: Final = "fix-open"
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
MAX_VALUE: Final = 400
REFRESH_FIRST: Final = "press Refresh below it, and then the fix in the new answer."
TOO_MUCH: Final = "More than can be shown here, so it is not approved here. In a terminal:"
MAX_TYPED: Final = 300


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
    """A button for each fix that has an id behind it: to review it where it may be approved, else for its commands.

    The first one stands out, unless it is for another cause than the first.
    """
    made: list[Block] = []
    for remediation in offered(report):
        if (behind := ids.get(remediation.id)) is not None:
            label = f"{remediation.title}…" if remediation.allowed else f"Commands: {remediation.title}"
            made.append(button(label, f"{OPEN}-{len(made)}", behind))
    if made and report.causes[0].remediations and offered(report)[0].allowed:
        made[0]["style"] = "primary"
    return tuple(made)


def loading() -> View:
    """The modal while what it shows is read."""
    return _modal("Fix", [context(":hourglass_flowing_sand: Reading what it would change…")])


def told(text: str) -> View:
    """A modal with one line in it."""
    return _modal("Fix", [section(words(text, MAX_LINE * 4) or "Nothing was done.")])


def age(read_at: datetime, now: datetime) -> str:
    """``This answer was read 3 h 5 min ago``"""
    return f"This answer was read {in_time((now - read_at).total_seconds())} ago"


def commands_modal(remediation: Remediation, read: str = "") -> View:
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


def plan_modal(ticket: Ticket, viewer: Viewer, looked: Looked | None, role: str | None, now: datetime) -> View:
    """Everything that would happen, and what this person may do about it. `looked` None: AWS is still being asked."""
    plan, target = ticket.plan, ticket.target
    blocks = [
        section(f"*{words(plan.title, MAX_TITLE)}*"),
        context(
            f"{RISKS[plan.risk]} · about {within_words(plan.eta_s)} · {UNDOS[plan.undo.kind]}",
            *([f"asked by {who_of(ticket.called_by)}"] if ticket.called_by else []),
            *([f"{age(ticket.read_at, now)} ({utc_time(ticket.read_at)})"] if ticket.read_at else []),
        ),
        *_first_of_all(viewer, looked),
        *table(plan.changes),
        section(
            f"*Resource* {code(plan.resource, MAX_VALUE)}\n"
            f"*Account* {code(target.account_name or target.account)} · *Region* {code(target.region)}"
        ),
        *_risk("", plan.touches, plan.warnings),
        section(f"*Worked when* {words(plan.success.text, MAX_LINE)}, within {within_words(plan.success.within_s)}"),
        section(f"*Undo* {words(plan.undo.text, MAX_LINE)}"),
        *([] if looked and looked.changed else [_checked(looked)]),
        *_role(role),
        *in_commands(plan, ticket.target.region),
    ]
    carried = f"{ticket.id}{SHOWN_SIGN}{ticket.digest}"
    if looked.changed if looked is not None else is_old(ticket.read_at, now):
        return _modal("Fix", blocks, carried)
    if viewer.denied is not None:
        return _modal("Fix", blocks, carried, submit=None if viewer.is_asked else ASK_LABEL)
    if not is_shown_whole(plan, ticket.target.region, blocks):
        blocks.append(context(f":lock: {TOO_MUCH} {code(f'alb502 fix {ticket.report} {ticket.offer}', MAX_VALUE)}"))
        return _modal("Fix", blocks, carried)
    blocks += _choice(plan)
    blocks += _typed(ticket)
    blocks.append(context(f"Open until {moment(ticket.expires_at, now)}; it begins within a minute after you approve."))
    return _modal("Fix", blocks, carried, submit=APPROVE_LABEL)


def denied(refused: Denied) -> Message:
    """For the person alone: why nothing was done, and who may."""
    return in_a_section(f":no_entry: {_why(refused)}")


def _why(refused: Denied) -> str:
    """With those who may as Slack shows them, instead of by their ids."""
    who = people_of(People(groups=frozenset(refused.may_groups), users=frozenset(refused.may_users)))
    text = words(refused.text.partition(" Who may:")[0] if who else refused.text, MAX_LINE)
    return f"{text} Who may: {who}" if who else text


def _modal(title: str, blocks: Sequence[Block], about: str = "", submit: str | None = None) -> View:
    return modal(title, blocks, callback_id=PLAN, about=about, submit=submit, close="Close")


def _risk(risk: str, touches: str, warnings: Sequence[str]) -> list[Block]:
    lines = [f"*Risk* {RISKS[risk]}"] if risk else []
    if touches:
        lines.append(f"*Touches* {words(touches, MAX_WARNING)}")
    lines += [f":warning: {words(warning, MAX_WARNING)}" for warning in warnings[:MAX_WARNINGS]]
    return [section("\n".join(lines))] if lines else []


def _first_of_all(viewer: Viewer, looked: Looked | None) -> list[Block]:
    """What decides whether it is worth reading on: on a phone the rest is far below."""
    if looked is not None and looked.changed:
        return [_checked(looked)]
    return [section(f":lock: {_why(viewer.denied)}")] if viewer.denied is not None else []


def _checked(looked: Looked | None) -> Block:
    if looked is None:
        return context(":hourglass_flowing_sand: Looking whether all of this is still so…")
    at = f"{looked.at:%H:%M:%S} UTC"
    if not looked.changed:
        return context(
            f":white_check_mark: Looked at {at}: all of this is still so. It is looked at again just before the change."
        )
    what = "\n".join(f"• no longer so: {words(text, MAX_LINE)}" for text in looked.changed[:MAX_WARNINGS])
    return section(f":warning: *Looked at {at}: this does not fit any more.* Press Refresh below the answer.\n{what}")


def _role(role: str | None) -> list[Block]:
    return [section(f"*Role* {code(role, MAX_VALUE)}, cut down to these calls")] if role else []


def _choice(plan: Plan) -> list[Block]:
    narrower = [(one.label, str(number)) for number, one in enumerate(plan.narrower)]
    return [radio(CHOICE, "How much of it", [("all of it", WHOLE), *narrower])] if narrower else []


def _typed(ticket: Ticket) -> list[Block]:
    if ticket.word_to_type is None:
        return []
    return [typed(TYPED, f"High risk: type {ticket.word_to_type} to approve", longest=MAX_TYPED)]
