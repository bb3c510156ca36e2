"""What the service index knows, for people who choose from a list. It is read from the store, never from AWS."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from diagnostics.aws_access import AwsAccess, CallMeter
from diagnostics.facts.fact import Gap
from diagnostics.locate.candidates import candidate
from diagnostics.locate.index import Catalogue, ServiceIndex, index_key
from diagnostics.locate.seen import Where
from diagnostics.question import Candidate

WITHIN_S: Final = 5.0
YOUNG_S: Final = 30.0
"""So long one reading serves everybody: an index of many services takes a while to unpack."""


@dataclass(frozen=True, slots=True)
class KnownPlace:
    """One region of one account. `age_s` None: it was not read yet, or long ago."""

    label: str
    things: int
    age_s: float | None


@dataclass(frozen=True, slots=True)
class Known:
    """`candidates` in the order of their names; `trouble` says why the places are not known."""

    candidates: tuple[Candidate, ...] = ()
    places: tuple[KnownPlace, ...] = ()
    trouble: str | None = None

    @property
    def is_complete(self) -> bool:
        return self.trouble is None and all(place.age_s is not None for place in self.places)


class KnownServices:
    def __init__(self, access: AwsAccess, index: ServiceIndex, clock: Callable[[], float] = time.monotonic) -> None:
        self._access = access
        self._index = index
        self._clock = clock
        self._lock = threading.Lock()
        self._last: tuple[float, Known] | None = None

    def __call__(self) -> Known:
        """Never raises for what AWS or the store does."""
        with self._lock:
            if self._last is None or self._clock() - self._last[0] >= YOUNG_S:
                self._last = (self._clock(), self._read())
            return self._last[1]

    def _read(self) -> Known:
        scopes = self._access.scopes(CallMeter(), timeout_s=WITHIN_S)
        if isinstance(scopes, Gap):
            return Known(trouble=f"{scopes.action}: {scopes.error}")
        wheres = [
            Where(account=scope.account_id, region=scope.region, account_name=scope.account_name) for scope in scopes
        ]
        found: list[Candidate] = []
        places: list[KnownPlace] = []
        for where in wheres:
            catalogue = Catalogue.read(self._index, (where,))
            here = list(_candidates(catalogue, where))
            stored = self._index.get(index_key(where)) if catalogue.covers((where,)) else None
            places.append(KnownPlace(where.label, len(here), stored.age_s if stored else None))
            found += here
        found.sort(key=lambda one: (one.name, one.words, one.account, one.region))
        return Known(tuple(found), tuple(places))


def _candidates(catalogue: Catalogue, where: Where) -> Iterable[Candidate]:
    """Services behind a load balancer, and target groups that no service owns, such as those of functions."""
    services = catalogue.services((where,))
    owned = {arn for service in services for arn in service.target_groups}
    groups = (group for group in catalogue.target_groups((where,)) if group.arn not in owned and group.load_balancers)
    found = [candidate(service) for service in services if service.target_groups]
    found += [candidate(group) for group in groups]
    yield from (one.model_copy(update={"account_name": where.account_name}) for one in found)
