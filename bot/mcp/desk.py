"""What each tool does: the same engine as in a terminal, and a few of its reports kept for questions about them."""

from __future__ import annotations

import difflib
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Final

from bot.mcp import asking, telling
from bot.mcp.telling import Told
from diagnostics import printable
from diagnostics.question import Ambiguous, Candidate, Diagnosed, Outcome, ProgressListener, Question, Refused, Unknown
from diagnostics.report import Report

KEPT_REPORTS: Final = 20
MAX_CANDIDATES: Final = 12
MAX_ERROR: Final = 2_000

Diagnose = Callable[[Question, ProgressListener], Outcome]
Stored = Callable[[str], Report | None]
"""A report that the bot keeps, by its id. May raise `NoAnswerError`."""


class NoAnswerError(Exception):
    """There is no answer. The message is one line and says what to do instead."""


class Desk:
    """Safe to call from several threads at once. Every method raises `NoAnswerError` or `BadArgumentsError`."""

    def __init__(self, diagnose: Diagnose, stored: Stored) -> None:
        self._diagnose = diagnose
        self._stored = stored
        self._kept: OrderedDict[str, Report] = OrderedDict()
        self._lock = threading.Lock()

    def diagnose(self, asked: asking.Diagnose, progress: ProgressListener) -> Told:
        return telling.diagnosis(self._report(asking.question(asked), progress))

    def timeline(self, asked: asking.Timeline, progress: ProgressListener) -> Told:
        if asked.report_id is None:
            return telling.timeline(self._report(asking.question(asked), progress))
        found = self._kept_report(asked.report_id) or self._stored(asked.report_id)
        if found is None:
            raise NoAnswerError(f"no report {asked.report_id} is kept; ask again with target")
        return telling.timeline(found)

    def explain(self, asked: asking.Explain, _: ProgressListener) -> Told:
        from bot.cli.causes import described
        from diagnostics.causes import catalogue

        specs = catalogue()
        if asked.code not in specs:
            near = difflib.get_close_matches(asked.code.lower(), specs, n=3)
            hint = f"the nearest are {', '.join(near)}" if near else "diagnose names the codes of what it finds"
            raise NoAnswerError(f"no cause has the code {telling.plain(asked.code, asking.MAX_CODE)!r}; {hint}")
        return telling.explained(described(specs[asked.code]))

    def _report(self, question: Question, progress: ProgressListener) -> Report:
        outcome = self._diagnose(question, progress)
        if not isinstance(outcome, Diagnosed):
            raise NoAnswerError(telling.plain(_why_not(outcome), MAX_ERROR))
        with self._lock:
            self._kept[outcome.report.id] = outcome.report
            while len(self._kept) > KEPT_REPORTS:
                self._kept.popitem(last=False)
        return outcome.report

    def _kept_report(self, report_id: str) -> Report | None:
        with self._lock:
            return self._kept.get(report_id)


def _why_not(outcome: Ambiguous | Unknown | Refused) -> str:
    if isinstance(outcome, Refused):
        return outcome.message or "no report could be made"
    name = repr(printable.line(outcome.words, asking.MAX_NAME))
    if isinstance(outcome, Ambiguous):
        total = len(outcome.candidates) + outcome.more
        what = "is an ECS cluster" if outcome.is_cluster else f"means {total} things"
        one = "one of its services" if outcome.is_cluster else "one"
        return f"{name} {what}; ask with target, account and region of {one}: {_listed(outcome.candidates)}"
    return "; ".join(_unknown(outcome, name))


def _unknown(outcome: Unknown, name: str) -> Iterator[str]:
    nearest = f"; the nearest: {_listed(outcome.nearest)}" if outcome.nearest else ""
    yield f"nothing found that is called {name}{nearest}"
    if outcome.hint:
        yield outcome.hint
    if outcome.searched:
        yield "searched: " + ", ".join(outcome.searched[:MAX_CANDIDATES])
    yield from (f"not read: {gap.action} on {gap.resource}: {gap.error}" for gap in outcome.gaps[:MAX_CANDIDATES])


def _listed(candidates: tuple[Candidate, ...]) -> str:
    return ", ".join(
        f"{one.words} ({one.kind}, account {one.account_name or one.account}, {one.region})"
        for one in candidates[:MAX_CANDIDATES]
    )
