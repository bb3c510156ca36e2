"""How a cause is written: metadata and one pure function from facts to findings.

The decorator registers and does nothing else. `needs` are the facts without which the cause cannot judge: when one of
them is a gap, the engine marks the check `unknown` and the function is not called. `uses` are facts that sharpen it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from types import MappingProxyType
from typing import TypeVar

from pydantic import JsonValue

from diagnostics.facts.fact import Fact, Frozen, Gap, NotApplicable
from diagnostics.report import Band, Role
from diagnostics.rules.observations import Observations
from diagnostics.snapshot import Snapshot, Subject, Window

F = TypeVar("F", bound=Fact)


class Strength(Enum):
    """DECISIVE: this record alone would suffice. SUPPORTING: it fits, as a metric pattern or a default does."""

    DECISIVE = "decisive"
    SUPPORTING = "supporting"


class Evidence(Frozen):
    """One observed record in words. `source` is the AWS call (``elbv2:DescribeTargetHealth``): two records of one
    source do not confirm each other."""

    text: str
    source: str
    strength: Strength = Strength.SUPPORTING
    at: datetime | None = None
    value: JsonValue = None


def decisive(text: str, source: str, at: datetime | None = None, value: JsonValue = None) -> Evidence:
    return Evidence(text=text, source=source, strength=Strength.DECISIVE, at=at, value=value)


def supporting(text: str, source: str, at: datetime | None = None, value: JsonValue = None) -> Evidence:
    return Evidence(text=text, source=source, strength=Strength.SUPPORTING, at=at, value=value)


class Finding(Frozen):
    """What a cause found about one resource.

    `effect_seen`: an effect of its kind was observed (errors with its signature, an unhealthy target, a failed task);
    without one the finding is a risk. `affects` are the targets (``ip:port``), tasks, target groups or deployments
    that it explains; empty means the whole subject. `explains` names observed symptoms (see `Observations.symptoms`).
    `since` is when the fault began, if known. `at_most` caps the confidence and `against` should say why.
    `advice` marks a command by backticks behind a colon or in brackets (see `diagnostics.commands`); in the report it
    stands apart, whole.
    `surely_hurts`: whoever asked meanwhile got an error, as when tasks end with their host; it is a guess, and no mere
    risk, where nothing was read that counts errors.
    `circumstantial`: only the order in time speaks for it, or it may pass by itself; it gives way to a well-founded
    cause that explains the same and does not name it among those that help it.
    `of_before`: it is about settings that have been changed since, and says so.
    """

    resource: str
    summary: str
    supports: tuple[Evidence, ...]
    against: tuple[Evidence, ...] = ()
    effect_seen: bool
    role: Role = "root"
    affects: frozenset[str] = frozenset()
    explains: frozenset[str] = frozenset()
    since: datetime | None = None
    overturned_by: str | None = None
    advice: str | None = None
    at_most: Band | None = None
    circumstantial: bool = False
    surely_hurts: bool = False
    of_before: bool = False


class UndeclaredFactError(Exception):
    """A cause asked for a fact that its metadata does not name."""


class Facts:
    """What a cause may see: its declared facts, the subject, the window, and what was observed."""

    def __init__(
        self,
        snapshot: Snapshot,
        observed: Observations,
        needs: Sequence[type[Fact]],
        uses: Sequence[type[Fact]],
        explained: frozenset[str] = frozenset(),
    ) -> None:
        self._snapshot = snapshot
        self._needs = frozenset(needs)
        self._declared = frozenset(needs) | frozenset(uses)
        self.observed = observed
        self.explained = explained

    @property
    def subject(self) -> Subject:
        return self._snapshot.subject

    @property
    def window(self) -> Window:
        return self._snapshot.window

    @property
    def now(self) -> datetime:
        return self._snapshot.taken_at

    def __getitem__(self, kind: type[F]) -> F:
        """A fact from `needs`; the engine has made sure that it is known."""
        if kind not in self._needs:
            raise UndeclaredFactError(f"{kind.__name__} is not among the needs of this cause")
        found = self._snapshot.get(kind)
        if isinstance(found, Gap | NotApplicable):
            raise UndeclaredFactError(f"{kind.__name__} was not read; the engine should not have asked this cause")
        return found

    def maybe(self, kind: type[F]) -> F | Gap | NotApplicable:
        """A fact from `needs` or `uses` that may be missing; the type makes the caller look."""
        if kind not in self._declared:
            raise UndeclaredFactError(f"{kind.__name__} is not declared by this cause")
        return self._snapshot.get(kind)


CauseFunction = Callable[[Facts], Iterator[Finding]]


@dataclass(frozen=True, slots=True)
class CauseSpec:
    """A registered cause.

    `family`: the folder that it lies in.
    `clear_needs`: facts in `uses` without which "nothing found" does not mean that it is clear.
    `shows`: symptoms of which one is always seen where it is the cause; without any of them, it is clear all the same.
    `replaces`: general codes that are not reported beside this one when both speak of the same thing.
    `leads_to`: codes that are a consequence when this one is found beside them.
    `helped_by`: codes that contribute, and no more, when this one is found beside them.
    `residual`: runs after all others and sees which symptoms they explained.
    """

    code: str
    family: str
    title: str
    description: str
    needs: tuple[type[Fact], ...]
    uses: tuple[type[Fact], ...]
    clear_needs: tuple[type[Fact], ...]
    docs: tuple[str, ...]
    replaces: frozenset[str]
    leads_to: frozenset[str]
    helped_by: frozenset[str]
    residual: bool
    function: CauseFunction
    shows: tuple[str, ...] = ()


_REGISTRY: dict[str, CauseSpec] = {}
_CODE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*\Z")


def cause(
    *,
    code: str,
    title: str,
    needs: tuple[type[Fact], ...],
    uses: tuple[type[Fact], ...] = (),
    clear_needs: tuple[type[Fact], ...] = (),
    shows: tuple[str, ...] = (),
    docs: tuple[str, ...] = (),
    replaces: tuple[str, ...] = (),
    leads_to: tuple[str, ...] = (),
    helped_by: tuple[str, ...] = (),
    residual: bool = False,
) -> Callable[[CauseFunction], CauseFunction]:
    """Registers a cause; the function's docstring says what decides it and what refutes it, and is shown to users.

    Raises ValueError for a code that is malformed or taken.
    """

    def register(function: CauseFunction) -> CauseFunction:
        if not _CODE.match(code):
            raise ValueError(f"cause code {code!r} must be words joined by hyphens")
        if code in _REGISTRY:
            raise ValueError(f"cause code {code!r} is registered twice")
        if not function.__doc__:
            raise ValueError(f"cause {code!r} needs a docstring")
        _REGISTRY[code] = CauseSpec(
            code=code,
            family=_family_of(function.__module__),
            title=title,
            description=function.__doc__,
            needs=needs,
            uses=tuple(kind for kind in dict.fromkeys(uses) if kind not in needs),
            clear_needs=clear_needs,
            shows=shows,
            docs=docs,
            replaces=frozenset(replaces),
            leads_to=frozenset(leads_to),
            helped_by=frozenset(helped_by),
            residual=residual,
            function=function,
        )
        return function

    return register


def _family_of(module: str) -> str:
    """``health-check`` for a module of the package ``health_check``; no package can be called ``lambda``."""
    return module.split(".")[-2].removesuffix("_target").replace("_", "-")


def registered() -> Mapping[str, CauseSpec]:
    return MappingProxyType(_REGISTRY)
