"""The calls of one search: steps of parallel calls over all places, counted, with the gaps that they left."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from contextvars import copy_context
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Generic, Self, TypeVar

from diagnostics.aws_access import AwsAccess, CallMeter, Missing, Pages, Reader, Scope
from diagnostics.aws_access.failures import LOCATE_ACTION, OUT_OF_TIME, malformed
from diagnostics.facts.fact import Gap
from diagnostics.locate.seen import Where

MAX_THREADS: Final = 16
MAX_GAPS: Final = 50
MAX_LINES: Final = 5
DEFAULT_BUDGET_S: Final = 60.0

_logger = logging.getLogger(__name__)

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Looked(Generic[T_co]):
    """What one look-up found. `calls` counts its calls that waited for one another."""

    found: tuple[T_co, ...] = ()
    gaps: tuple[Gap, ...] = ()
    calls: int = 1


def looked(answer: dict[str, Any] | Missing | Gap, read: Callable[[dict[str, Any]], Iterable[T]]) -> Looked[T]:
    """What `read` finds in an answer; nothing where the thing that was asked about does not exist."""
    if isinstance(answer, Missing):
        return Looked()
    if isinstance(answer, Gap):
        return Looked(gaps=(answer,))
    return Looked(tuple(read(answer)))


def looked_through(pages: Pages, read: Callable[[Mapping[str, Any]], T]) -> Looked[T]:
    """The same for each item of a page loop."""
    return Looked(tuple(map(read, pages.items)), pages.gaps, pages.calls)


def of_kind(found: Iterable[object], kind: type[T]) -> tuple[T, ...]:
    return tuple(item for item in found if isinstance(item, kind))


@dataclass(frozen=True, slots=True)
class Place:
    where: Where
    reader: Reader


Step = tuple[Place, Callable[[Place], Looked[T]]]


class Search:
    """Owns the threads of one search; `with` ends them. Only its owner's thread starts calls, so it cannot deadlock.

    `delays` is the number of calls so far that had to wait for one another; `answered` says whether any call was.
    """

    def __init__(
        self,
        access: AwsAccess,
        scopes: Iterable[Scope],
        meter: CallMeter,
        *,
        budget_s: float = DEFAULT_BUDGET_S,
        patience_s: float = math.inf,
    ) -> None:
        """A place that has not answered for `patience_s`, or for half of the time that is left, is left alone from then
        on, so that the others get the rest of the time."""
        self._until_s = time.monotonic() + budget_s
        self._patience_s = patience_s
        self._left_alone: set[Where] = set()
        self.delays = 0
        self.answered = False
        self._access = access
        self._meter = meter
        self._gaps: dict[tuple[str, str, str, str], Gap] = {}
        self._places = {where: self._open(where) for where in map(where_of, scopes)}
        self._pool = ThreadPoolExecutor(MAX_THREADS, thread_name_prefix="locate")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    @property
    def places(self) -> tuple[Place, ...]:
        return tuple(self._places.values())

    @property
    def late(self) -> tuple[str, ...]:
        """The places that had no answer when the time was up."""
        return tuple(sorted({gap.resource for gap in self._gaps.values() if _is_late(gap)}))

    @property
    def late_accounts(self) -> tuple[str, ...]:
        """The accounts of the places that are left alone, by id."""
        return tuple(sorted({where.account for where in self._left_alone}))

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """What could not be searched, each with its account and region as the resource, without repetition."""
        return tuple(self._gaps.values())

    def gaps_at(self, account: str, account_name: str | None, region: str) -> tuple[Gap, ...]:
        """Those of one account and region."""
        here = (account_name or account, region)
        return tuple(gap for key, gap in self._gaps.items() if key[:2] == here)

    @property
    def unsearched(self) -> tuple[str, ...]:
        """The gaps as lines for people, one for each place and kind of failure."""
        places: dict[tuple[str, str, str], list[str]] = {}
        for (account, region, action, error), gap in sorted(self._gaps.items(), key=lambda item: item[0]):
            places.setdefault((account, region, gap.kind), []).append(f"{error} ({action})")
        return tuple(
            f"not searched: account {account}, {region}: {calls[0]}"
            + (f" and {len(calls) - 1} more" if len(calls) > 1 else "")
            for (account, region, _), calls in list(places.items())[:MAX_LINES]
        )

    def place(self, where: Where) -> Place:
        return self._places.get(where) or self._open(where)

    def together(self, steps: Iterable[Step[T]]) -> tuple[T, ...]:
        """Run look-ups at the same time; what they found in the order of `steps`.

        One that has no answer when the time is up leaves a gap, and its call is left to its own timeouts.
        """
        worth = [(place, look) for place, look in steps if place.where not in self._left_alone]
        started = [(place, self._pool.submit(copy_context().run, _tried, look, place)) for place, look in worth]
        places = {place.where for place, _ in started}
        answered = wait([future for _, future in started], timeout=self._wait_s(len(places))).done
        self._left_alone |= places - {place.where for place, future in started if future in answered}
        found: list[T] = []
        longest = 0
        for place, future in started:
            looked = future.result() if future in answered else Looked(gaps=(_too_slow(place.where),))
            found.extend(looked.found)
            longest = max(longest, looked.calls)
            self.answered = self.answered or not looked.gaps
            for gap in looked.gaps:
                self._remember(place.where, gap)
        self.delays += longest
        return tuple(found)

    def everywhere(self, *looks: Callable[[Place], Looked[T]]) -> tuple[T, ...]:
        """The same look-ups in every place."""
        return self.together([(place, look) for place in self.places for look in looks])

    def _wait_s(self, places: int) -> float:
        left_s = max(0.0, self._until_s - time.monotonic())
        return min(self._patience_s, left_s / 2) if places > 1 else left_s

    def _open(self, where: Where) -> Place:
        return Place(where, self._access.reader(where.account, where.region, self._meter))

    def _remember(self, where: Where, gap: Gap) -> None:
        if len(self._gaps) < MAX_GAPS:
            key = (where.account_name or where.account, where.region, gap.action, gap.error)
            self._gaps.setdefault(key, _placed(gap, where))


def where_of(scope: Scope) -> Where:
    return Where(account=scope.account_id, region=scope.region, account_name=scope.account_name)


def _tried(look: Callable[[Place], Looked[T]], place: Place) -> Looked[T]:
    """What a look-up finds. An answer that no look-up can read is a gap like any other."""
    try:
        return look(place)
    except Exception:
        _logger.exception("an answer of AWS could not be read while searching")
        return Looked(gaps=(malformed(LOCATE_ACTION, place.where.label, "the answer could not be read"),))


def _is_late(gap: Gap) -> bool:
    return (gap.action, gap.error) == (LOCATE_ACTION, OUT_OF_TIME)


def _too_slow(where: Where) -> Gap:
    return Gap(action=LOCATE_ACTION, resource=where.label, error=OUT_OF_TIME, kind="timeout")


def _placed(gap: Gap, where: Where) -> Gap:
    """Say where it was. The resource stays what it is where that is the point: the role, or a thing with an ARN."""
    resource = gap.resource if gap.resource.startswith("arn:") else where.label
    return gap.model_copy(update={"resource": resource, "message": f"{gap.message} [{where.label}]".strip()})
