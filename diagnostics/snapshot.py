"""Everything that was read for one question, frozen, with a JSON round trip."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BeforeValidator, Field, PlainSerializer

from diagnostics.facts.fact import Fact, Frozen, Gap, NotApplicable, Unread

F = TypeVar("F", bound=Fact)

SubjectKind = Literal["ecs-service", "target-group", "load-balancer", "lambda"]
SCHEMA = "alb502.snapshot/1"
OWN_ACTIONS = "alb502"
"""Prefix of the actions in gaps that no AWS call stands for."""


class Window(Frozen):
    """The time that was asked about, UTC."""

    start: datetime
    end: datetime


class Subject(Frozen):
    """What the question turned out to be about."""

    query: str
    kind: SubjectKind
    account: str
    region: str
    account_name: str | None = None
    load_balancers: tuple[str, ...] = ()
    target_groups: tuple[str, ...] = ()
    cluster: str | None = None
    service: str | None = None
    function: str | None = None
    rule_arn: str | None = None
    seen: int | None = None
    runbook: str | None = None
    notes: tuple[str, ...] = ()
    """What was taken for granted on the way to it, one line each, such as a rule that a header could divert to."""
    gaps: tuple[Gap, ...] = ()
    """What could not be asked in its account and region while it was searched; something of it may be missing here."""

    def unread(self, service: str) -> Gap | None:
        """The gap that may have hidden what this AWS service knows of it, by the prefix of its IAM actions; so may a
        search that ran out of time, whatever it was asking."""
        return next((gap for gap in self.gaps if gap.action.split(":")[0] in {service, OWN_ACTIONS}), None)

    @property
    def label(self) -> str:
        """The short name that people use for it."""
        if self.service:
            return self.service
        if self.function:
            parts = self.function.split(":")
            return parts[6] if self.function.startswith("arn:") and len(parts) > 6 else parts[-1]
        if self.kind == "target-group" and self.target_groups:
            return _name_in(self.target_groups[0])
        if self.load_balancers:
            return _name_in(self.load_balancers[0])
        return self.query


class ReadStats(Frozen):
    """What reading cost. `longest_chain` counts calls that had to wait for one another.

    `cache_age_s` is the age of the oldest fact that came from the cache; None when all were read anew. `log_calls` are
    those that read logs: they depend on the traffic and stay out of `aws_calls`.
    """

    aws_calls: int = 0
    aws_seconds: float = 0.0
    longest_chain: int = 0
    seconds: float = 0.0
    cache_hits: int = 0
    cache_age_s: float | None = None
    log_calls: int = 0
    calls_by_action: dict[str, int] = Field(default_factory=dict)


Outcome = Fact | Unread


def _name_in(arn: str) -> str:
    """The name in the ARN of a load balancer or a target group; the whole of what is none."""
    return (arn.split("/")[-2:] if "/" in arn else [arn])[0]


def _to_json(facts: Mapping[str, Outcome]) -> dict[str, Any]:
    def one(value: Outcome) -> dict[str, Any]:
        if isinstance(value, Gap):
            return {"gap": value.model_dump(mode="json")}
        if isinstance(value, NotApplicable):
            return {"not_applicable": value.model_dump(mode="json")}
        return {"known": value.model_dump(mode="json")}

    return {name: one(value) for name, value in sorted(facts.items())}


def _from_json(raw: Any) -> Any:
    if not isinstance(raw, Mapping):
        return raw
    facts: dict[str, Any] = {}
    for name, value in raw.items():
        if isinstance(value, Fact | Unread):
            facts[name] = value
        elif name not in Fact.registry:
            raise ValueError(f"unknown fact {name!r}: was this file saved by a newer version?")
        elif "gap" in value:
            facts[name] = Gap.model_validate(value["gap"])
        elif "not_applicable" in value:
            facts[name] = NotApplicable.model_validate(value["not_applicable"])
        else:
            facts[name] = Fact.registry[name].model_validate(value["known"])
    return facts


FactMap = Annotated[dict[str, Any], BeforeValidator(_from_json), PlainSerializer(_to_json)]


class Snapshot(Frozen):
    """Facts by name; a fact that nobody collected is missing and counts as a gap."""

    schema_version: Literal["alb502.snapshot/1"] = "alb502.snapshot/1"
    taken_at: datetime
    subject: Subject
    window: Window
    facts: FactMap
    stats: ReadStats = ReadStats()

    @classmethod
    def of(
        cls,
        *facts: Fact,
        subject: Subject,
        window: Window,
        taken_at: datetime,
        missing: Mapping[type[Fact], Unread] | None = None,
        stats: ReadStats | None = None,
    ) -> Snapshot:
        outcomes: dict[str, Outcome] = {fact.name: fact for fact in facts}
        outcomes.update({kind.name: why for kind, why in (missing or {}).items()})
        return cls(taken_at=taken_at, subject=subject, window=window, facts=outcomes, stats=stats or ReadStats())

    def get(self, kind: type[F]) -> F | Unread:
        found = self.facts.get(kind.name)
        if found is None:
            return Gap(action="alb502:Collect", resource=kind.name, error="NotRead", kind="not-read")
        if not isinstance(found, (kind, Gap, NotApplicable)):  # asked by the thousand: a union takes twice as long
            raise TypeError(f"fact {kind.name} holds a {type(found).__name__}")
        return found

    def gaps(self) -> Iterable[tuple[str, Gap]]:
        """Every gap with the name of the fact it belongs to, whole facts and parts of facts."""
        for name, value in sorted(self.facts.items()):
            if isinstance(value, Gap):
                yield name, value
            elif isinstance(value, Fact):
                for gap in value.gaps:
                    yield name, gap
