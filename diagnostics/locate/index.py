"""The service index: what a bot remembers of every place, so that a name needs no call to be found.

It holds ECS services, load balancers and target groups; Lambda functions and alarms are asked for when it knows no
such name. It may be old: whatever it names is read again by the diagnosis itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol

from pydantic import ValidationError

from diagnostics.aws_access import AwsAccess, CallMeter
from diagnostics.facts.fact import Frozen, Gap
from diagnostics.locate.ecs import all_services
from diagnostics.locate.lookups.load_balancing import all_load_balancers, all_target_groups
from diagnostics.locate.search import Search, of_kind
from diagnostics.locate.seen import SeenLoadBalancer, SeenService, SeenTargetGroup, Where

REFRESH_AFTER_S: Final = 300
MAX_AGE_S: Final = 3600
MAX_BYTES: Final = 20_000_000


@dataclass(frozen=True, slots=True)
class Stored:
    """A text and the seconds since it was put."""

    text: str
    age_s: float


class ServiceIndex(Protocol):
    """Where the index is kept. Keys are ``account/region``. Failures of the store are its own: it answers None then."""

    def get(self, key: str) -> Stored | None:
        """What was put last, None when there is nothing (any more)."""

    def put(self, key: str, text: str) -> None:
        """Keep `text`, at least for `MAX_AGE_S`."""

    def refreshing(self, key: str) -> AbstractContextManager[bool]:
        """Claim the refresh of `key`: True for the one that holds it, False (at once) for everybody else."""


class PlaceIndex(Frozen):
    """One region of one account."""

    version: Literal[1] = 1
    services: tuple[SeenService, ...] = ()
    load_balancers: tuple[SeenLoadBalancer, ...] = ()
    target_groups: tuple[SeenTargetGroup, ...] = ()


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What `refresh` did: places read anew, places left alone (young enough, or somebody is at it), and gaps."""

    read: tuple[str, ...]
    left: tuple[str, ...]
    gaps: tuple[Gap, ...]


class Catalogue:
    """The index as one question sees it, read once; places without a usable entry are not covered."""

    def __init__(self, places: Mapping[Where, PlaceIndex]) -> None:
        self._places = places
        self._groups = {group.arn: group for entry in places.values() for group in entry.target_groups}

    @classmethod
    def read(cls, index: ServiceIndex | None, wheres: Iterable[Where]) -> Catalogue:
        entries = {where: _read(index, where) for where in wheres} if index else {}
        return cls({where: entry for where, entry in entries.items() if entry is not None})

    def covers(self, wheres: Iterable[Where]) -> bool:
        return all(where in self._places for where in wheres)

    def services(self, wheres: Iterable[Where]) -> tuple[SeenService, ...]:
        return tuple(service for entry in self._of(wheres) for service in entry.services)

    def load_balancers(self, wheres: Iterable[Where]) -> tuple[SeenLoadBalancer, ...]:
        return tuple(item for entry in self._of(wheres) for item in entry.load_balancers)

    def target_groups(self, wheres: Iterable[Where]) -> tuple[SeenTargetGroup, ...]:
        return tuple(group for entry in self._of(wheres) for group in entry.target_groups)

    def groups(self, arns: Sequence[str]) -> tuple[SeenTargetGroup, ...] | None:
        """These target groups; None unless all of them are known."""
        found = tuple(self._groups[arn] for arn in arns if arn in self._groups)
        return found if len(found) == len(arns) else None

    def _of(self, wheres: Iterable[Where]) -> tuple[PlaceIndex, ...]:
        return tuple(self._places[where] for where in wheres if where in self._places)


def refresh(
    access: AwsAccess, index: ServiceIndex, meter: CallMeter, *, older_than_s: float = REFRESH_AFTER_S
) -> Refreshed:
    """Read every place whose entry is older than `older_than_s`. One caller at a time does it for a place.

    A place that could not be read completely keeps its old entry: half a list would make names unknown.
    """
    scopes = access.scopes(meter)
    if isinstance(scopes, Gap):
        return Refreshed((), (), (scopes,))
    read: list[str] = []
    left: list[str] = []
    gaps: list[Gap] = []
    for scope in scopes:
        key = index_key(Where(account=scope.account_id, region=scope.region))
        with index.refreshing(key) as ours:
            if not ours or _is_young(index.get(key), older_than_s):
                left.append(key)
                continue
            with Search(access, (scope,), meter) as search:
                text = everything(search).model_dump_json(exclude_defaults=True)
                gaps.extend(search.gaps)
                incomplete = bool(search.gaps) or len(text) > MAX_BYTES
            if incomplete:
                left.append(key)
            else:
                index.put(key, text)
                read.append(key)
    return Refreshed(tuple(read), tuple(left), tuple(gaps))


def index_key(where: Where) -> str:
    return f"{where.account}/{where.region}"


def everything(search: Search) -> PlaceIndex:
    """What the index holds, of all places of a search: three delays."""
    looks: list[Any] = [all_load_balancers, all_target_groups]
    found = search.everywhere(*looks)
    return PlaceIndex(
        services=all_services(search),
        load_balancers=of_kind(found, SeenLoadBalancer),
        target_groups=of_kind(found, SeenTargetGroup),
    )


def _read(index: ServiceIndex, where: Where) -> PlaceIndex | None:
    stored = index.get(index_key(where))
    if stored is None or stored.age_s > MAX_AGE_S:
        return None
    try:
        return PlaceIndex.model_validate_json(stored.text)
    except ValidationError:
        return None  # another version wrote it


def _is_young(stored: Stored | None, older_than_s: float) -> bool:
    return stored is not None and stored.age_s <= older_than_s
