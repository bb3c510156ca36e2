"""How a source of facts is written: a function that says what it needs and what it yields, and makes no call itself.

A collector is a generator. It yields `Read`s that do not depend on one another, gets their answers back in the same
order, and returns its fact. The runner alone makes calls, so nothing that runs in its pool ever waits on the pool:

    @collector(cached=True)
    def prefix_lists(groups: SecurityGroups) -> Reads[PrefixLists]:
        answers = yield [Read("ec2", "get_managed_prefix_list_entries", "Entries", {"PrefixListId": id}) for id in …]
        return PrefixLists(cidrs=…)

Parameters are `Subject`, `Window`, `Now`, `LogOptions`, `OwnMemory`, and facts. `groups: SecurityGroups` waits for that
fact, and a gap there becomes the gap here; `groups: SecurityGroups | Unread` waits and takes whatever it is; and
`groups: Later[SecurityGroups]` does not wait before ``yield groups`` says so, after which `groups.outcome` is set.
Work that makes many calls of its own, such as reading a thousand log files, is an `Errand`.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, Generic, Literal, TypeVar, get_args, get_origin, get_type_hints

from diagnostics.aws_access import Pages, iam_action
from diagnostics.collect.errand import Errand
from diagnostics.collect.log_options import LogOptions
from diagnostics.collect.own_records import OwnMemory
from diagnostics.facts.fact import Fact, Unread
from diagnostics.snapshot import Subject, Window

F = TypeVar("F", bound=Fact)


@dataclass(frozen=True, slots=True)
class Now:
    """When this collection began, UTC."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Read:
    """One call of a boto3 method, or a page loop of at most `max_pages`; the answer is what stands under `key`, or all
    of it where `key` is empty.

    `resource` is what a gap names. Error codes in `missing` mean "does not exist" and are no gap. `may_lack_key`: AWS
    leaves `key` out of an answer when there is nothing.
    """

    service: str
    operation: str
    key: str
    params: Mapping[str, Any] = field(default_factory=dict)
    resource: str = "*"
    max_pages: int = 1
    missing: tuple[str, ...] = ()
    may_lack_key: bool = False

    @property
    def action(self) -> str:
        return iam_action(self.service, self.operation)

    @property
    def identity(self) -> str:
        """Equal for reads that ask the same."""
        return json.dumps(
            [self.service, self.operation, self.max_pages, dict(self.params)], sort_keys=True, default=str
        )


class Later(Generic[F]):
    """A fact that a collector may wait for after its first calls have been made."""

    def __init__(self, kind: type[F]) -> None:
        self.kind = kind
        self._outcome: F | Unread | None = None

    def settle(self, outcome: F | Unread) -> None:
        self._outcome = outcome

    @property
    def outcome(self) -> F | Unread:
        """Raises RuntimeError when the collector did not yield this object before."""
        if self._outcome is None:
            raise RuntimeError(f"{self.kind.__name__} was used before it was waited for")
        return self._outcome


Step = Sequence[Read] | Later[Any] | Errand[Any]
Reads = Generator[Step, Sequence[Pages], F | Unread]
Need = Literal["subject", "window", "now", "logs", "memory", "known", "outcome", "later"]


@dataclass(frozen=True, slots=True)
class Parameter:
    name: str
    need: Need
    fact: type[Fact] | None = None


@dataclass(frozen=True, slots=True)
class CollectorSpec:
    """A registered collector. `cached`: its fact may be as old as the cache allows.

    `own_budget`: its calls are counted apart from those that describe the configuration. `patience_s`: once everything
    else is in, the collection waits so many seconds for it and goes on with what it has by then; None: to the end.
    """

    yields: type[Fact]
    parameters: tuple[Parameter, ...]
    cached: bool
    function: Callable[..., Reads[Any]]
    own_budget: bool = False
    patience_s: float | None = None

    @property
    def waits_for(self) -> frozenset[type[Fact]]:
        """Facts that must be there before it starts."""
        return frozenset(p.fact for p in self.parameters if p.fact and p.need != "later")

    @property
    def may_wait_for(self) -> frozenset[type[Fact]]:
        return frozenset(p.fact for p in self.parameters if p.fact)


CollectorFunction = TypeVar("CollectorFunction", bound=Callable[..., Reads[Any]])
_REGISTRY: dict[type[Fact], CollectorSpec] = {}
_PLAIN: Mapping[Any, Need] = MappingProxyType(
    {Subject: "subject", Window: "window", Now: "now", LogOptions: "logs", OwnMemory: "memory"}
)


def collector(
    *, cached: bool, own_budget: bool = False, patience_s: float | None = None
) -> Callable[[CollectorFunction], CollectorFunction]:
    """Registers a collector; its annotations say the rest. Raises TypeError when they do not, or the fact has one."""

    def register(function: CollectorFunction) -> CollectorFunction:
        spec = specify(function, cached=cached, own_budget=own_budget, patience_s=patience_s)
        if spec.yields in _REGISTRY:
            raise TypeError(f"{spec.yields.__name__} has two collectors")
        _REGISTRY[spec.yields] = spec
        return function

    return register


def registered() -> tuple[CollectorSpec, ...]:
    return tuple(_REGISTRY.values())


def specify(
    function: Callable[..., Reads[Any]], *, cached: bool, own_budget: bool = False, patience_s: float | None = None
) -> CollectorSpec:
    """What the annotations of a collector say."""
    hints = get_type_hints(function)
    returned = hints.pop("return", None)
    facts = _facts_in(get_args(returned)[2]) if get_origin(returned) is Generator else []
    if len(facts) != 1:
        raise TypeError(f"{function.__name__} must return Reads[a fact], not {returned}")
    names = inspect.signature(function).parameters
    parameters = tuple(_parameter(function.__name__, name, hints.get(name)) for name in names)
    return CollectorSpec(facts[0], parameters, cached, function, own_budget, patience_s)


def _parameter(function: str, name: str, hint: Any) -> Parameter:
    if hint in _PLAIN:
        return Parameter(name, _PLAIN[hint])
    if get_origin(hint) is Later:
        return Parameter(name, "later", get_args(hint)[0])
    facts = _facts_in(hint)
    if len(facts) != 1:
        raise TypeError(
            f"{function}: parameter {name} is neither Subject, Window, Now, LogOptions, OwnMemory nor one fact"
        )
    return Parameter(name, "known" if hint is facts[0] else "outcome", facts[0])


def _facts_in(hint: Any) -> list[type[Fact]]:
    return [part for part in (get_args(hint) or (hint,)) if isinstance(part, type) and issubclass(part, Fact)]
