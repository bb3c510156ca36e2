"""ECS services of many clusters: by name without listing them, or all of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from itertools import groupby
from typing import Final, TypeVar

from diagnostics.collect.answers import batches
from diagnostics.facts.fact import Gap
from diagnostics.locate.lookups.containers import (
    MAX_SERVICES_A_CALL,
    clusters,
    services_listed,
    services_named,
)
from diagnostics.locate.search import Looked, Place, Search, Step
from diagnostics.locate.seen import SeenCluster, SeenService, SeenServiceName

MAX_DESCRIBED: Final = 2_000

T = TypeVar("T")


def services_called(search: Search, known: Iterable[SeenCluster], name: str) -> tuple[SeenService, ...]:
    """The services of this name in these clusters: one delay."""
    return search.together([(search.place(cluster.where), services_named(cluster.name, (name,))) for cluster in known])


def names_in(search: Search, known: Iterable[SeenCluster]) -> list[Step[SeenServiceName]]:
    """The steps that list every service of these clusters."""
    return [(search.place(cluster.where), services_listed(cluster.name)) for cluster in known]


def all_services(search: Search, known: Sequence[SeenCluster] | None = None) -> tuple[SeenService, ...]:
    """Every service of every place, at most `MAX_DESCRIBED`: three delays, two with known clusters."""
    found = search.everywhere(clusters) if known is None else known
    names = search.together(names_in(search, found))
    kept = names[:MAX_DESCRIBED]
    steps: list[Step[SeenService]] = [
        (search.place(batch[0].where), services_named(batch[0].cluster, [service.name for service in batch]))
        for _, same_cluster in groupby(kept, key=lambda service: (service.where, service.cluster))
        for batch in batches(same_cluster, MAX_SERVICES_A_CALL)
    ]
    if len(names) > len(kept):
        steps.append((search.place(names[-1].where), partial(_cut, len(names))))
    return search.together(steps)


def _cut(listed: int, place: Place) -> Looked[SeenService]:
    gap = Gap(
        action="ecs:DescribeServices",
        resource=place.where.label,
        error="TooManyServices",
        kind="not-read",
        message=f"only {MAX_DESCRIBED} of {listed} services were read",
    )
    return Looked(gaps=(gap,), calls=0)
