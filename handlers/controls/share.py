"""Share: tells another channel of the answer, if the person and that channel may know of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from diagnostics.digest import digest, foremost, sentence
from diagnostics.report import Report
from handlers.controls.control import Outcome, Visit, Window, control
from handlers.views.blocks import Message, Part, compose, context, section, whole_lines
from handlers.views.escape import code, link, person, words
from handlers.views.modals import channel, modal
from handlers.views.summary import headline

TITLE: Final = "Share this answer"
WHERE: Final = "where"
INVITE: Final = "Type `/invite @alb502` there, then share again."
MAX_EVIDENCE: Final = 3
MAX_SUMMARY: Final = 320
MAX_TEXT: Final = 240
MAX_BODY: Final = 2_600
MAX_CHANNEL: Final = 40


def _share(visit: Visit) -> Outcome:
    where = visit.click.values.get(WHERE, "")[:MAX_CHANNEL]
    if not (where.isascii() and where.isalnum()):
        return Message("Choose a channel; nothing was shared.")
    if where == visit.about.place.channel:
        return Message("That is the channel where the answer stands; nothing was shared.")
    refused = visit.hands.why_not_told(visit, where)
    if refused is not None:
        return Message(f"Nothing was shared: {refused}")
    address = visit.hands.address(visit)
    made = shared(visit.report, visit.click.user, address)
    posted = visit.hands.post(visit, "share", lambda _: made, where)
    there = f"<#{where}>" if posted != "unreachable" else "that channel"
    return Message(
        {
            "posted": f"Shared in {there}.",
            "known": f"It was shared in {there} before; nothing was posted again.",
            "unreachable": f"Nothing was shared: I am not in that channel. {INVITE}",
        }[posted]
    )


@control(
    name="share",
    label="Share…",
    rank=70,
    reach="elsewhere",
    opens=True,
    submitted=_share,
)
def share(visit: Visit) -> Outcome:
    """Asks where."""
    blocks = [
        section(f"Posts the headline, the cause and a link to this thread:\n{headline(visit.report)}"),
        channel(WHERE, "Channel"),
    ]
    return Window(modal(TITLE, blocks, callback_id="control-share", about=visit.click.id, submit="Share"))


def shared(report: Report, by: str, address: str | None) -> Message:
    """What the other channel reads. Buttons are not shared: what they do belongs to the thread."""
    where = (link(address, "the thread with the whole answer") if address else None) or "a thread of another channel"
    below = f"shared by {person(by)} · {where}"
    if address is None:
        below += f" · in a terminal {code(f'alb502 report {report.id}')}"
    body = whole_lines([*_lines(report)], MAX_BODY)
    head = section(headline(report))
    parts = [Part(0, (head, section(body)) if body else (head,)), Part(0, (context(below),))]
    return compose("\n".join([headline(report), *_lines(report)]), parts)


def _lines(report: Report) -> Iterable[str]:
    first = digest(report).first
    if first is None:
        return
    yield f"*{words(sentence(first.summary), MAX_SUMMARY)}* — {first.band}"
    for item in foremost(first.evidence, MAX_EVIDENCE):
        yield f"• {words(item.text, MAX_TEXT)}"
    if first.advice:
        yield f"*What to do:* {words(first.advice, MAX_SUMMARY)}"
