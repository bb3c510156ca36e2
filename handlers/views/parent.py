"""The line in the channel: who asked what, then the headline. And the reply while it is still being worked on."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from diagnostics import printable
from diagnostics.digest import in_words
from diagnostics.question import Ambiguous, Progress, Refused, Unknown
from diagnostics.report import Report
from handlers.views.answers import nothing_called
from handlers.views.blocks import Block, Message, Part, compose, context, section
from handlers.views.escape import code, moment, person, words
from handlers.views.summary import headline

MAX_STEP: Final = 200
MAX_LABEL: Final = 120
BAR_CELLS: Final = 10
_STEPS: Final = {
    "finding": "Find what it is",
    "reading": "Read what AWS says of it",
    "judging": "Weigh the causes",
}
_STEP_WORDS: Final = {
    "finding": "Finding",
    "reading": "Reading",
    "judging": "Judging",
    "done": "Done",
}


def parent(asker: str, label: str) -> Message:
    """``@you asked about checkout · looking…``; `asker` is a Slack user id."""
    return _line(f"{person(asker)} asked about {code(in_words(label))} · looking…")


def parent_headline(report: Report, asker: str) -> Message:
    """The parent line once the answer is known."""
    return _line(headline(report), asker)


def parent_without_report(asker: str, label: str, outcome: Ambiguous | Unknown | Refused) -> Message:
    """The parent line when there is no report; the reply in the thread says more. `label` is what was asked about."""
    if isinstance(outcome, Ambiguous):
        what = "is an ECS cluster" if outcome.is_cluster else "means several things"
        return _line(f":white_circle: {code(label)} {what}", asker)
    if isinstance(outcome, Unknown):
        return _line(f":white_circle: {nothing_called(outcome, code(label))}", asker)
    return _line(f":white_circle: No diagnosis of {code(label)}: the thread says why", asker)


def parent_failed(asker: str, label: str) -> Message:
    """The parent line when something went wrong on our side."""
    return _line(f":white_circle: The diagnosis of {code(label)} failed", asker)


def progress(step: Progress, label: str, started: datetime, *, plain: bool = True) -> Message:
    """The reply while the diagnosis runs; it is edited in place until the summary overwrites it."""
    counted = f" {bar(step.done, step.total)} {step.done} of {step.total}" if step.total > 0 else ""
    text = words(step.text, MAX_STEP)
    label = in_words(label)
    head = f":hourglass_flowing_sand: Looking at {code(label)}"
    detail = f"{_STEP_WORDS[step.step]}{counted}{f' · {text}' if text else ''} · since {moment(started, started)}"
    shown = context(detail) if plain else _plan(step, label)
    return compose(head, [Part(0, (section(head),) if plain else ()), Part(1, (shown,))])


def _plan(step: Progress, label: str) -> Block:
    """The steps as cards. They are no answer, so nothing of them is kept.

    https://docs.slack.dev/reference/block-kit/blocks/plan-block
    """
    reached = list(_STEPS).index(step.step) if step.step in _STEPS else len(_STEPS)
    return {
        "type": "plan",
        "title": f"Looking at {printable.line(label, MAX_LABEL) or '(no name)'}",
        "tasks": [
            _card(name, title, "complete" if number < reached else "pending", "")
            if number != reached
            else _card(name, _so_far(title, step), "in_progress", step.text)
            for number, (name, title) in enumerate(_STEPS.items())
        ],
    }


def _so_far(title: str, step: Progress) -> str:
    return f"{title}: {step.done} of {step.total}" if step.total > 0 else title


def _card(name: str, title: str, status: str, detail: str) -> Block:
    card: Block = {"type": "task_card", "task_id": name, "title": title, "status": status}
    if text := printable.line(detail, MAX_STEP):
        inner = {"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}
        card["details"] = {"type": "rich_text", "elements": [inner]}
    return card


def bar(done: int, total: int) -> str:
    """Ten cells, so many of them full as of `total` is `done`."""
    full = 0 if total <= 0 else max(0, min(BAR_CELLS, BAR_CELLS * done // total))
    return "▰" * full + "▱" * (BAR_CELLS - full)


def _line(text: str, asker: str = "") -> Message:
    below = (context(f"asked by {person(asker)}"),) if asker else ()
    return compose(text, [Part(0, (section(text), *below))])
