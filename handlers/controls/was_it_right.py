"""Was this right? Yes, partly or no, and what it really was. It is kept, exported and counted."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import Final

from diagnostics import causes, printable
from diagnostics.report import Report
from handlers.controls.control import Outcome, Visit, Window, control
from handlers.feedback import MAX_WORDS, Feedback, Verdict
from handlers.views.blocks import Message, section
from handlers.views.escape import words
from handlers.views.modals import Option, grouped_choice, modal, radio, typed

TITLE: Final = "Was this right?"
VERDICT: Final = "verdict"
REAL: Final = "real"
WORDS: Final = "words"
MAX_TITLE: Final = 200
MAX_NAMED: Final = 10
VERDICTS: Final[tuple[tuple[Verdict, str], ...]] = (
    ("right", "Yes, that was the cause"),
    ("partly", "Partly: it was one of several"),
    ("wrong", "No, it was something else"),
)


def _keep(visit: Visit) -> Outcome:
    given = visit.click.values
    verdict = next((known for known, _ in VERDICTS if known == given.get(VERDICT)), None)
    if verdict is None:
        return Message("Choose whether it was right; nothing was kept.")
    first = visit.report.causes[0] if visit.report.causes else None
    real = given.get(REAL)
    kept = Feedback(
        report=visit.report.id,
        at=visit.now,
        verdict=verdict,
        user=visit.click.user,
        team=visit.click.team,
        channel=visit.click.channel,
        target=visit.report.target.label,
        account=visit.report.target.account,
        region=visit.report.target.region,
        named=first.code if first else None,
        band=first.band if first else None,
        real=real if real in causes.catalogue() else None,
        words=printable.lines(given.get(WORDS, ""), MAX_WORDS) or None,
    )
    is_new = visit.hands.keep(kept)
    text = "Thank you, kept." if is_new else "Kept in place of what you said before."
    return Message(f"{text} `alb502 feedback` prints all of it.")


@control(
    name="was-it-right",
    label="Was this right?",
    rank=30,
    opens=True,
    submitted=_keep,
)
def was_it_right(visit: Visit) -> Outcome:
    """Asks for the verdict, and for the real cause by the catalogue or in words."""
    blocks = [
        section(f"*The answer*: {words(_answer(visit.report), MAX_TITLE)}"),
        radio(VERDICT, TITLE, [(text, verdict) for verdict, text in VERDICTS]),
        grouped_choice(REAL, "What it really was", list(_groups(visit.report)), optional=True),
        typed(WORDS, "In your own words", longest=MAX_WORDS, optional=True, many_lines=True),
    ]
    return Window(modal(TITLE, blocks, callback_id="control-was-it-right", about=visit.click.id, submit="Send"))


def _answer(report: Report) -> str:
    return report.causes[0].title if report.causes else report.headline


def _groups(report: Report) -> Iterable[tuple[str, list[Option]]]:
    """What the answer names comes first; each cause stands there once."""
    specs = causes.catalogue()
    named = [one.code for one in report.causes[1:] if one.code in specs][:MAX_NAMED]
    named = list(dict.fromkeys(named))
    if named:
        yield "Named in this answer", [(specs[code].title, code) for code in named]
    rest = sorted((spec for spec in specs.values() if spec.code not in named), key=lambda spec: spec.family)
    for family, members in groupby(rest, key=lambda spec: spec.family):
        yield family.replace("-", " "), [(spec.title, spec.code) for spec in members]
