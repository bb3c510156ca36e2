"""How sure the answers were, and how right: one pair for each incident and code that was reported or is true.

A band states a probability. A true code that was not reported counts as stated at 0. Answers that were not made (the
diagnosis or one of its checks failed) are counted apart: they are neither right nor wrong.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from diagnostics.engine import diagnose
from diagnostics.report import Band, Report
from tests.calibration.composing import Composed

STATED: Mapping[Band, float] = MappingProxyType({"confirmed": 0.95, "likely": 0.75, "possible": 0.35})
ABSTAINED = "insufficient-evidence"
BROKEN = "the check itself failed"
_logger = logging.getLogger(__name__)


class NothingScoredError(Exception):
    """There is nothing to make a table of: no incident was answered."""


@dataclass(frozen=True)
class Pair:
    """One code of one incident. `band` None: it is true and was not reported."""

    code: str
    band: Band | None
    true: bool

    @property
    def stated(self) -> float:
        return STATED[self.band] if self.band else 0.0


@dataclass(frozen=True)
class Answer:
    """What became of one incident. `blamed`: codes that are not true and were more than a guess."""

    incident: Composed
    ran: bool
    pairs: tuple[Pair, ...] = ()
    first: str | None = None
    first_is_right: bool = False
    abstained: bool = False
    blamed: tuple[str, ...] = ()
    guessed: tuple[str, ...] = ()
    why: str = ""


@dataclass
class Table:
    """Sums over answers; `lines` refuses to draw an empty one."""

    name: str
    answers: list[Answer] = field(default_factory=list)

    @property
    def ran(self) -> list[Answer]:
        return [answer for answer in self.answers if answer.ran]

    @property
    def did_not_run(self) -> list[Answer]:
        return [answer for answer in self.answers if not answer.ran]

    @property
    def accuracy(self) -> float:
        """Share of incidents whose first cause is the right one; None is right where nothing is wrong."""
        return self._share(sum(answer.first_is_right for answer in self.ran))

    @property
    def abstained(self) -> float:
        """Share that said openly that it cannot tell, though something could be told."""
        return self._share(sum(answer.abstained for answer in self.ran))

    @property
    def false_blame(self) -> float:
        return self._share(sum(bool(answer.blamed) for answer in self.ran))

    @property
    def brier(self) -> float:
        pairs = [pair for answer in self.ran for pair in answer.pairs]
        if not pairs:
            raise NothingScoredError(f"{self.name}: no pair of incident and code")
        return sum((pair.stated - pair.true) ** 2 for pair in pairs) / len(pairs)

    def reliability(self) -> dict[str, tuple[int, float | None]]:
        """How many pairs each band has, and the share of them that is true."""
        found: dict[str, tuple[int, float | None]] = {}
        for band in STATED:
            pairs = [pair.true for answer in self.ran for pair in answer.pairs if pair.band == band]
            found[band] = (len(pairs), sum(pairs) / len(pairs) if pairs else None)
        return found

    @property
    def missed(self) -> int:
        return sum(pair.band is None for answer in self.ran for pair in answer.pairs)

    def worst(self) -> Counter[tuple[str, str]]:
        """Which cause was blamed for which other one, the most frequent first."""
        return Counter(
            (answer.incident.truth.first or "nothing", code) for answer in self.ran for code in answer.blamed
        )

    def lines(self) -> list[str]:
        """The table. Raises NothingScoredError when no incident was answered."""
        if not self.ran:
            raise NothingScoredError(f"{self.name}: none of {len(self.answers)} incidents was answered")
        rates = (
            f"first cause right {self.accuracy:.1%}, says it cannot tell {self.abstained:.1%}",
            f"false blame {self.false_blame:.1%}, Brier {self.brier:.4f}, true codes missed {self.missed}",
        )
        return [
            f"{self.name}: {len(self.ran)} incidents answered, {len(self.did_not_run)} did not run",
            f"  {', '.join(rates)}",
            *(_line(band, *self.reliability()[band]) for band in STATED),
        ]

    def _share(self, count: int) -> float:
        if not self.ran:
            raise NothingScoredError(f"{self.name}: none of {len(self.answers)} incidents was answered")
        return count / len(self.ran)


def answer(incident: Composed) -> Answer:
    """Diagnoses one incident and compares with the truth."""
    try:
        report = diagnose(incident.snapshot)
    except Exception as fault:
        _logger.exception("no diagnosis of %s", incident.story)
        return Answer(incident, ran=False, why=f"{type(fault).__name__}: {fault}")
    broken = [check.code for check in report.checks if BROKEN in check.reason]
    if broken:
        return Answer(incident, ran=False, why=f"checks failed: {', '.join(broken)}")
    return _compared(incident, report)


def tables(incidents: Iterable[Composed]) -> tuple[Table, Table]:
    """Of the incidents that rules may be tuned with, and of those that are held out."""
    tuned, held_out = Table("for tuning"), Table("held out")
    for incident in incidents:
        (held_out if incident.held_out else tuned).answers.append(answer(incident))
    return tuned, held_out


def _line(band: Band, count: int, share: float | None) -> str:
    true = "  - " if share is None else f"{share:.2f}"
    return f"  {band:<9} stated {STATED[band]:.2f}  true {true}  ({count} pairs)"


def _compared(incident: Composed, report: Report) -> Answer:
    truth = incident.truth
    right = truth.allowed | truth.excused
    reported = {cause.code: cause.band for cause in report.causes if cause.code != ABSTAINED or ABSTAINED in right}
    pairs = [Pair(code, band, code in right) for code, band in reported.items()]
    pairs += [Pair(code, None, true=True) for code in sorted(truth.required - reported.keys() - {ABSTAINED})]
    first = report.causes[0].code if report.causes else None
    excused = first in truth.excused and bool(incident.denied)
    wrong = {code: band for code, band in reported.items() if code not in right}
    return Answer(
        incident,
        ran=True,
        pairs=tuple(pairs),
        first=first,
        first_is_right=first == truth.first or excused,
        abstained=first == ABSTAINED and truth.first not in {ABSTAINED, None},
        blamed=tuple(code for code, band in wrong.items() if band != "possible"),
        guessed=tuple(code for code, band in wrong.items() if band == "possible"),
    )
