"""Error rows put together by what they have in common, before anything explains them.

Rows are parted by family and status first. What is left in one kind may still be two stories: resets within
milliseconds and workers killed after thirty seconds, one route that always fails beside a trickle on all others.
Fields: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html
"""

from __future__ import annotations

import itertools
import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from typing import Literal, NamedTuple

from diagnostics.facts import AccessLogs, ErrorCount, Frozen, LoggedRow, RowFamily
from diagnostics.rules.row_traffic import RowTraffic
from diagnostics.rules.target_ends import ORDERED_KINDS, EndKind, TargetEnd, end_of

MIN_POPULATION = 3
"""Fewer rows of the sample are no population of their own."""
SCALES_APART = math.log10(3.0)
FASTEST_S = 0.05
"""Below it, all times are the same scale: no work was done in between."""
CONSTANT_ROWS = 5
CONSTANT_FROM_S = 3.0
CONSTANT_WITHIN_S = 1.0
CONSTANT_WITHIN_SHARE = 0.05
ALWAYS = 0.5
"""A route that fails this often while the rows last fails by itself, not by chance."""
NEARLY_ALL_TRAFFIC = 0.9
SICKER = 5.0
TARGET_ROWS = 5
MOST = 0.8
AROUND_ENDS = timedelta(minutes=5)
BY_CHANCE = 3.0
"""What fails everywhere fails on a target that is about to leave as well: so many times more rows are its end's."""

Population = Literal["whole", "at-end-of-target", "constant", "route", "target", "rest", "scattered"]
_TIMED_BY: dict[RowFamily, Literal["target_s", "elapsed_s"]] = {
    "closed-before-response": "target_s",
    "client-gone": "elapsed_s",
}
_OF_TARGETS: frozenset[RowFamily] = frozenset(
    {"closed-before-response", "not-dispatched-fast", "not-dispatched-timeout", "response-timeout", "answered"}
)


class Spread(Frozen):
    """Of times in seconds: the tenth part that is lowest ends at `low`, the highest begins at `high`."""

    low: float
    middle: float
    high: float

    @property
    def is_constant(self) -> bool:
        """True when nearly all took equally long, as a timer makes it."""
        width = max(CONSTANT_WITHIN_S, CONSTANT_WITHIN_SHARE * self.middle)
        return self.middle >= CONSTANT_FROM_S and self.high - self.low <= width


class Share(Frozen):
    """The most frequent key among the rows, the part of them that has it (0-1), and how many keys there are."""

    key: str
    share: float
    of_how_many: int


class RowCluster(Frozen):
    """Error rows of one kind and one population. `rows` are of the sample; `count` is scaled to all rows.

    `of_kind` counts all rows of the kind, `ended` the tasks or instances at whose end the rows stand, and `end_kind`
    who ended them.
    """

    key: str
    family: RowFamily
    elb_status: int
    target_status: int | None
    error_reason: str | None
    target_group: str | None
    population: Population
    rows: tuple[LoggedRow, ...]
    count: int
    of_kind: int
    first: datetime
    last: datetime
    ended: frozenset[str] = frozenset()
    end_kind: EndKind | None = None

    @property
    def symptom(self) -> str:
        """The word of `Observations.symptoms` that these rows are a part of."""
        return "target_5xx" if (self.target_status or 0) >= 500 else f"elb_{self.elb_status}"

    @property
    def explains(self) -> frozenset[str]:
        """What a finding that accounts for these rows puts into `explains`."""
        return frozenset({self.key, self.symptom})

    @cached_property
    def targets(self) -> frozenset[str]:
        return frozenset(row.target for row in self.rows if row.target)

    @cached_property
    def minutes(self) -> frozenset[datetime]:
        """The beginnings of those in which there are rows."""
        return frozenset(row.at.replace(second=0, microsecond=0) for row in self.rows)

    @cached_property
    def target_s(self) -> Spread | None:
        return spread(row.target_s for row in self.rows)

    @cached_property
    def elapsed_s(self) -> Spread | None:
        return spread(row.elapsed_s for row in self.rows)

    @cached_property
    def top_target(self) -> Share | None:
        return top_share(row.target for row in self.rows)

    @cached_property
    def top_route(self) -> Share | None:
        return top_share(row.route for row in self.rows)

    @cached_property
    def top_zone(self) -> Share | None:
        return top_share(row.zone for row in self.rows)


def spread(values: Iterable[float | None]) -> Spread | None:
    """None when no value was measured; the log says -1 for a stage that was not reached."""
    known = sorted(value for value in values if value is not None and value >= 0)
    if not known:
        return None
    last = len(known) - 1
    return Spread(low=known[round(last * 0.1)], middle=known[round(last * 0.5)], high=known[round(last * 0.9)])


def top_share(keys: Iterable[str | None]) -> Share | None:
    counted = Counter(key for key in keys if key)
    if not counted:
        return None
    key, number = min(counted.items(), key=lambda item: (-item[1], item[0]))
    return Share(key=key, share=number / counted.total(), of_how_many=len(counted))


def clusters_of(
    logs: AccessLogs, target_groups: tuple[str, ...], ends: Sequence[TargetEnd] = ()
) -> tuple[RowCluster, ...]:
    """Clusters of the subject's own error rows (no target groups: all rows), largest first.

    `ends` are the ends of targets that are known; rows around them belong to them and to nothing else.
    """
    own = tuple(logs.own_errors(target_groups)) if target_groups else logs.errors
    kinds: dict[_Key, list[ErrorCount]] = defaultdict(list)
    for error in own:
        kinds[_kind_of(error)].append(error)
    samples: dict[_Key, list[LoggedRow]] = defaultdict(list)
    for row in logs.sample:
        samples[_kind_of(row)].append(row)
    traffic = RowTraffic.of(logs)
    found = [
        cluster for key, counts in kinds.items() for cluster in _clusters(key, counts, samples[key], traffic, ends)
    ]
    return tuple(sorted(found, key=lambda cluster: (-cluster.count, cluster.key)))


_Key = tuple[RowFamily, int, int | None, str | None, str | None]


class _Part(NamedTuple):
    population: Population
    rows: list[LoggedRow]
    ended: frozenset[str] = frozenset()
    end_kind: EndKind | None = None


def _kind_of(item: ErrorCount | LoggedRow) -> _Key:
    return item.row_family, item.elb_status, item.target_status, item.error_reason, item.target_group


def _clusters(
    kind: _Key, counts: list[ErrorCount], rows: list[LoggedRow], traffic: RowTraffic, ends: Sequence[TargetEnd]
) -> Iterable[RowCluster]:
    family, elb_status, target_status, reason, group = kind
    total = sum(error.count for error in counts)
    first, last = min(error.first for error in counts), max(error.last for error in counts)
    scale = total / len(rows) if rows else 1.0
    parts = _parts(family, rows, scale, traffic, ends) if rows else [_Part("whole", [])]
    name = ":".join(("rows", family, str(elb_status), str(target_status or "-"), reason or "-", _tail(group)))
    for number, (population, members, ended, end_kind) in enumerate(parts):
        whole = len(parts) == 1
        yield RowCluster(
            key=f"{name}:{population}:{number}",
            family=family,
            elb_status=elb_status,
            target_status=target_status,
            error_reason=reason,
            target_group=group,
            population=population,
            rows=tuple(members),
            count=total if whole else max(1, round(len(members) * scale)),
            of_kind=total,
            first=first if whole else min(row.at for row in members),
            last=last if whole else max(row.at for row in members),
            ended=ended,
            end_kind=end_kind,
        )


def _parts(
    family: RowFamily, rows: list[LoggedRow], scale: float, traffic: RowTraffic, ends: Sequence[TargetEnd]
) -> list[_Part]:
    if family not in _OF_TARGETS and family not in _TIMED_BY:
        return [_Part("whole", rows)]
    parts, rest = _at_ends(rows, ends)
    stray: list[LoggedRow] = []
    for group in _by_scale(rest, _TIMED_BY.get(family)):
        for population, members in _populations(family, group, scale, traffic):
            if len(members) < MIN_POPULATION:
                stray.extend(members)
            else:
                parts.append(_Part(population, members))
    if stray:
        parts.append(_Part("scattered" if parts else "rest", sorted(stray, key=lambda row: row.at)))
    return parts


def _at_ends(rows: Iterable[LoggedRow], ends: Sequence[TargetEnd]) -> tuple[list[_Part], list[LoggedRow]]:
    """A part for each kind of end, and the rows that stand at none."""
    at_end: dict[EndKind, list[tuple[LoggedRow, TargetEnd]]] = defaultdict(list)
    rest: list[LoggedRow] = []
    for row in rows:
        end = end_of(row, ends)
        if end is None:
            rest.append(row)
        else:
            at_end[end.kind].append((row, end))
    by_chance = [kind for kind, taken in at_end.items() if not _stand_out(kind, taken, rest)]
    rest += [row for kind in by_chance for row, _ in at_end.pop(kind)]
    parts = [
        _Part(
            "at-end-of-target",
            [row for row, _ in taken],
            frozenset(end.task_id for _, end in taken if end.task_id),
            kind,
        )
        for kind, taken in sorted(at_end.items())
    ]
    return parts, sorted(rest, key=lambda row: row.at)


def _stand_out(kind: EndKind, taken: list[tuple[LoggedRow, TargetEnd]], rest: list[LoggedRow]) -> bool:
    """Whether targets lose more requests at an ordered end than targets lose in the same minutes anyway."""
    first, last = min(row.at for row, _ in taken) - AROUND_ENDS, max(row.at for row, _ in taken) + AROUND_ENDS
    near = [row for row in rest if first <= row.at <= last]
    if kind not in ORDERED_KINDS or not near:
        return True
    a_target_a_minute = len(near) / _minutes(last - first) / len({row.target for row in near})
    expected = a_target_a_minute * sum(_minutes(end.lasts) for end in {end for _, end in taken})
    return len(taken) >= BY_CHANCE * expected


def _minutes(length: timedelta) -> float:
    return length.total_seconds() / 60


def _by_scale(rows: list[LoggedRow], timed_by: Literal["target_s", "elapsed_s"] | None) -> list[list[LoggedRow]]:
    """Rows in groups of one order of magnitude each: a gap of three times parts them."""
    if timed_by is None or not rows:
        return [rows] if rows else []

    def scale(row: LoggedRow) -> float:
        return math.log10(max(getattr(row, timed_by) or 0.0, FASTEST_S))

    ordered = sorted(rows, key=scale)
    groups = [[ordered[0]]]
    for before, row in itertools.pairwise(ordered):
        if scale(row) - scale(before) > SCALES_APART:
            groups.append([])
        groups[-1].append(row)
    return groups


def _populations(
    family: RowFamily, rows: list[LoggedRow], scale: float, traffic: RowTraffic
) -> list[tuple[Population, list[LoggedRow]]]:
    timed_by = _TIMED_BY.get(family)
    times = spread(getattr(row, timed_by) for row in rows) if timed_by else None
    if times and times.is_constant and len(rows) >= CONSTANT_ROWS:
        return [("constant", rows)]
    found: list[tuple[Population, list[LoggedRow]]] = []
    if family == "closed-before-response":
        always, rows = _split(rows, _failing_routes(rows, scale, traffic), lambda row: row.route)
        found += [("route", always)] if always else []
    sick, rows = _split(rows, _sick_target(rows, traffic), lambda row: row.target)
    found += [("target", sick)] if sick else []
    return [*found, ("rest", rows)] if rows else found


def _split(
    rows: list[LoggedRow], keys: frozenset[str], key_of: Callable[[LoggedRow], str | None]
) -> tuple[list[LoggedRow], list[LoggedRow]]:
    return [row for row in rows if key_of(row) in keys], [row for row in rows if key_of(row) not in keys]


def _failing_routes(rows: Sequence[LoggedRow], scale: float, traffic: RowTraffic) -> frozenset[str]:
    """Routes that nearly always fail while others do not; none where they are nearly all of the traffic."""
    first, last = min(row.at for row in rows), max(row.at for row in rows)
    asked: dict[str, float] = {}
    for route, number in Counter(row.route for row in rows if row.route).items():
        requests = traffic.requests_of_route(route, first, last)
        if number >= MIN_POPULATION and requests and number * scale / requests >= ALWAYS:
            asked[route] = requests
    everything = traffic.requests_between(first, last)
    if everything and sum(asked.values()) / everything >= NEARLY_ALL_TRAFFIC:
        return frozenset()
    return frozenset(asked)


def _sick_target(rows: Sequence[LoggedRow], traffic: RowTraffic) -> frozenset[str]:
    """The one target that fails far more often than its equals do."""
    top = top_share(row.target for row in rows)
    if top is None or top.share * len(rows) < TARGET_ROWS or traffic.targets < 2:
        return frozenset()
    weight = traffic.share_of_target(top.key)
    others = max((1 - top.share) / (1 - weight) if weight < 1 else 1.0, 0.0)
    alone = top.share >= MOST and weight < MOST
    return frozenset({top.key}) if alone or top.share / weight >= SICKER * max(others, 0.01) else frozenset()


def _tail(group: str | None) -> str:
    return group.split("/")[-2] if group and group.count("/") >= 2 else "-"
