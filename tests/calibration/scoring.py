"""How sure the answers were, and how right: one pair for each incident and code that was reported or is true.

The number is the one that the report shows. A true code that was not reported counts as stated at 0, unless nobody
could have told: then it is counted apart, as honest. Answers that were not made (the diagnosis or one of its checks
failed) are counted apart too: they are neither right nor wrong.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import get_args

from diagnostics.engine import diagnose
from diagnostics.report import Band, Report
from tests.calibration.composing import Composed
from tests.calibration.honesty import could_not_tell, denied_in_full

BANDS: tuple[Band, ...] = get_args(Band)
ABSTAINED = "insufficient-evidence"
BROKEN = "the check itself failed"
LEFT_OPEN = frozenset({"unknown", "risk"})
"""What a check says that could not be excluded: it could not be judged, or its effect was not to be seen."""
_logger = logging.getLogger(__name__)


class NothingScoredError(Exception):
    """There is nothing to make a table of: no incident was answered."""


@dataclass(frozen=True)
class Pair:
    """One code of one incident. `band` None: it is true and was not reported."""

    code: str
    band: Band | None
    stated: float
    true: bool

    @property
    def cost(self) -> float:
        return (self.stated - self.true) ** 2


@dataclass(frozen=True)
class Answer:
    """What became of one incident.

    `blamed`: codes that are not true and were more than a guess. `honest`: codes that are true, could not be told any
    more from what was left to read, and were not replaced by blame; they are no pair. `in_part`: those of them of which
    only a part of what decides together was denied. `left_open`: of the other codes that were missed, those whose check
    says that it could not exclude them.
    """

    incident: Composed
    ran: bool
    pairs: tuple[Pair, ...] = ()
    first: str | None = None
    first_is_right: bool = False
    abstained: bool = False
    blamed: tuple[str, ...] = ()
    guessed: tuple[str, ...] = ()
    honest: tuple[str, ...] = ()
    in_part: tuple[str, ...] = ()
    left_open: tuple[str, ...] = ()
    why: str = ""


@dataclass(frozen=True)
class Reliability:
    """Of one band: how many pairs, what they stated on average, and the share of them that is true."""

    count: int
    stated: float | None = None
    true: float | None = None

    @classmethod
    def of(cls, pairs: Sequence[Pair]) -> Reliability:
        if not pairs:
            return cls(0)
        count = len(pairs)
        return cls(count, sum(pair.stated for pair in pairs) / count, sum(pair.true for pair in pairs) / count)


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
        """Share that said that it cannot tell, or found nothing, though something could have been told."""
        return self._share(sum(answer.abstained and not answer.honest for answer in self.ran))

    @property
    def honest(self) -> float:
        """Share in which a true code is missing, rightly: what decides was denied, and nobody else was blamed."""
        return self._share(sum(bool(answer.honest) for answer in self.ran))

    @property
    def false_blame(self) -> float:
        return self._share(sum(bool(answer.blamed) for answer in self.ran))

    @property
    def brier(self) -> float:
        return self._mean_cost([pair.cost for answer in self.ran for pair in answer.pairs])

    @property
    def brier_with_honest(self) -> float:
        """The same where an honest silence costs as much as any other."""
        costs = [pair.cost for answer in self.ran for pair in answer.pairs]
        return self._mean_cost(costs + [1.0 for answer in self.ran for _ in answer.honest])

    @property
    def brier_with_part(self) -> float:
        """The same where it costs only when some of what decides together could be read."""
        costs = [pair.cost for answer in self.ran for pair in answer.pairs]
        return self._mean_cost(costs + [1.0 for answer in self.ran for _ in answer.in_part])

    def reliability(self) -> dict[Band, Reliability]:
        return {band: Reliability.of(self._in(band)) for band in BANDS}

    def _in(self, band: Band) -> list[Pair]:
        return [pair for answer in self.ran for pair in answer.pairs if pair.band == band]

    def _mean_cost(self, costs: Sequence[float]) -> float:
        if not costs:
            raise NothingScoredError(f"{self.name}: no pair of incident and code")
        return sum(costs) / len(costs)

    @property
    def missed(self) -> int:
        return sum(pair.band is None for answer in self.ran for pair in answer.pairs)

    @property
    def left_open(self) -> int:
        return sum(len(answer.left_open) for answer in self.ran)

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
            f"first cause right {self.accuracy:.1%}",
            f"honest {self.honest:.1%}",
            f"cannot tell {self.abstained:.1%}",
            f"false blame {self.false_blame:.2%}",
            f"true codes missed {self.missed} ({self.left_open} of them left open by their checks)",
            f"Brier {self.brier:.4f}",
            f"with those denied in part as missed {self.brier_with_part:.4f}",
            f"with all honest as missed {self.brier_with_honest:.4f}",
        )
        return [
            f"{self.name}: {len(self.ran)} incidents answered, {len(self.did_not_run)} did not run",
            f"  {', '.join(rates)}",
            *(_line(band, found) for band, found in self.reliability().items()),
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


def _line(band: Band, found: Reliability) -> str:
    if found.stated is None or found.true is None:
        return f"  {band:<9} no pair"
    return f"  {band:<9} stated {found.stated:.2f}  true {found.true:.3f}  ({found.count} pairs)"


def _compared(incident: Composed, report: Report) -> Answer:
    truth = incident.truth
    right = truth.allowed | truth.excused
    reported = {cause.code: cause for cause in report.causes if cause.code != ABSTAINED}
    wrong = [cause for code, cause in reported.items() if code not in right]
    blamed = tuple(cause.code for cause in wrong if cause.band != "possible")
    missed = sorted(truth.required - reported.keys() - {ABSTAINED})
    open_codes = {check.code for check in report.checks if check.status in LEFT_OPEN}
    honest = tuple(code for code in missed if not blamed and code in open_codes and could_not_tell(code, incident))
    pairs = [Pair(code, cause.band, cause.confidence, code in right) for code, cause in reported.items()]
    counted = [code for code in missed if code not in honest]
    pairs += [Pair(code, None, 0.0, true=True) for code in counted]
    first = report.causes[0].code if report.causes else None
    excused = first in truth.excused and bool(incident.denied)
    return Answer(
        incident,
        ran=True,
        pairs=tuple(pairs),
        first=first,
        first_is_right=first == truth.first or excused,
        abstained=first in {ABSTAINED, None} and truth.first not in {ABSTAINED, None},
        blamed=blamed,
        guessed=tuple(cause.code for cause in wrong if cause.band == "possible"),
        honest=honest,
        in_part=tuple(code for code in honest if not denied_in_full(code, incident)),
        left_open=tuple(code for code in counted if code in open_codes),
    )
