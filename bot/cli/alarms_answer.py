"""Which recommended alarms a target has, as other programs read it: `alb502 alarms --json`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal, Self

from pydantic import Field

from diagnostics.access_logs.answer import LogsTarget
from diagnostics.facts import Alarms, Gap, LoadBalancerAttributes, LoadBalancers, TargetGroups
from diagnostics.facts.fact import Frozen
from diagnostics.rules.recommended_alarms import NAMESPACE, PERIOD_S, Standing, Status, recommended, standings
from diagnostics.snapshot import Snapshot
from remediations.commands import lines_of
from remediations.steps import alarms

SCHEMA: Final = "alb502.alarms/1"


class WatchedBy(Frozen):
    """An alarm of the account, with the state that it is in."""

    name: str
    state: str
    metric: str
    statistic: str
    notifies: bool | None


class AlarmStanding(Frozen):
    """One recommended alarm. `name` is the one that it would get; `alarms` are those that watch the same, or seem to;
    `note`: why these are not enough."""

    name: str
    namespace: str
    metric: str
    dimensions: dict[str, str]
    statistic: str
    threshold: float
    period_seconds: int
    periods: int
    tells: str
    status: Status
    alarms: tuple[WatchedBy, ...]
    note: str | None


class Creation(Frozen):
    """What creates those that are missing or watch the wrong metric. `topic`: where they tell it, by the settings."""

    id: str
    alarms: tuple[str, ...]
    topic: str | None
    aws_cli: tuple[str, ...]


class AlarmsAnswer(Frozen):
    """`complete` False: the account has more alarms than were looked through; those on the same metric and dimensions
    were found nevertheless. `taken`: names of missing ones that another alarm has."""

    schema_: Literal["alb502.alarms/1"] = Field(SCHEMA, alias="schema", serialization_alias="schema")
    target: LogsTarget
    complete: bool
    alarms: tuple[AlarmStanding, ...]
    taken: tuple[str, ...]
    fix: Creation | None

    @classmethod
    def of(cls, snapshot: Snapshot, found: Iterable[Standing], topic: str | None) -> Self:
        subject, known = snapshot.subject, snapshot.get(Alarms)
        every = tuple(found)
        names = {alarm.name for alarm in known.items} if isinstance(known, Alarms) else set()
        wanted = [one.recommended for one in every if one.status != "exists"]
        free = [one for one in wanted if one.name not in names]
        lines = tuple(
            line for one in free for line in lines_of(alarms.plan(subject, [one], topic).writes, subject.region)
        )
        return cls(
            target=LogsTarget(**{name: getattr(subject, name) for name in LogsTarget.model_fields}),
            complete=isinstance(known, Alarms) and known.complete,
            alarms=tuple(map(_told, every)),
            taken=tuple(one.name for one in wanted if one.name in names),
            fix=Creation(id=alarms.FIX, alarms=tuple(one.name for one in free), topic=topic, aws_cli=lines)
            if free
            else None,
        )

    def to_json(self) -> str:
        return self.model_dump_json(by_alias=True, indent=2)


def standings_of(snapshot: Snapshot) -> tuple[Standing, ...] | Gap:
    """Of every recommended alarm; the gap when what it takes to tell could not be read."""
    known, balancers, groups = (snapshot.get(kind) for kind in (Alarms, LoadBalancers, TargetGroups))
    for outcome in (known, balancers):
        if isinstance(outcome, Gap):
            return outcome
    if not isinstance(known, Alarms) or not isinstance(balancers, LoadBalancers):
        return ()
    if isinstance(groups, Gap):
        return groups
    attributes = snapshot.get(LoadBalancerAttributes)
    wanted = recommended(
        snapshot.subject,
        balancers,
        TargetGroups(items=()) if not isinstance(groups, TargetGroups) else groups,
        attributes if isinstance(attributes, LoadBalancerAttributes) else None,
    )
    return standings(wanted, known)


def _told(one: Standing) -> AlarmStanding:
    wanted = one.recommended
    return AlarmStanding(
        name=wanted.name,
        namespace=NAMESPACE,
        metric=wanted.metric,
        dimensions=wanted.dimensions,
        statistic=wanted.statistic,
        threshold=wanted.threshold,
        period_seconds=PERIOD_S,
        periods=wanted.periods,
        tells=wanted.why,
        status=one.status,
        alarms=tuple(
            WatchedBy(**{name: getattr(alarm, name) for name in WatchedBy.model_fields}) for alarm in one.alarms
        ),
        note=one.why or None,
    )
