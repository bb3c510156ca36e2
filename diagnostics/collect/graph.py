"""Which collector waits for which, read from their annotations."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Mapping
from functools import cache
from graphlib import TopologicalSorter

from diagnostics.collect import sources
from diagnostics.collect.collector import CollectorSpec, registered
from diagnostics.facts.fact import Fact


@cache
def all_collectors() -> tuple[CollectorSpec, ...]:
    """Every collector in `diagnostics.collect.sources`; a new file there needs no other change.

    Raises graphlib.CycleError when collectors wait for one another, TypeError when a fact has none.
    """
    for module in pkgutil.iter_modules(sources.__path__, f"{sources.__name__}."):
        importlib.import_module(module.name)
    specs = registered()
    check(specs)
    return specs


def check(specs: Iterable[CollectorSpec]) -> None:
    by_fact = {spec.yields: spec for spec in specs}
    wanted = {fact for spec in by_fact.values() for fact in spec.may_wait_for}
    unknown = wanted - set(by_fact)
    if unknown:
        raise TypeError(f"no collector yields {', '.join(sorted(fact.__name__ for fact in unknown))}")
    TopologicalSorter({fact: spec.may_wait_for for fact, spec in by_fact.items()}).prepare()


def leading_to(*facts: type[Fact]) -> tuple[CollectorSpec, ...]:
    """The collectors of these facts and of everything that they wait for, also later."""
    by_fact = {spec.yields: spec for spec in all_collectors()}
    found: set[type[Fact]] = set()
    open_ends = set(facts)
    while open_ends:
        found |= open_ends
        open_ends = {need for fact in open_ends for need in by_fact[fact].may_wait_for} - found
    return tuple(spec for fact, spec in by_fact.items() if fact in found)


def order(specs: Iterable[CollectorSpec]) -> TopologicalSorter[type[Fact]]:
    """A prepared sorter over what must be there before each collector starts."""
    edges: Mapping[type[Fact], frozenset[type[Fact]]] = {spec.yields: spec.waits_for for spec in specs}
    sorter = TopologicalSorter(edges)
    sorter.prepare()
    return sorter
