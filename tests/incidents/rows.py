"""Access log rows of a given signature, put into an incident.

The signatures are what the load balancer writes: ``times`` are request, target and response processing time.
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from diagnostics.facts import AccessLogs, ErrorCount, KeyCount, Latency, LoggedRow, Point
from tests.incidents.building import LB_DIMENSION, NOW, PORT, SUBNETS, TARGETS, TG, TG_DIMENSION, Incident, ago

ALL_TARGETS = tuple(f"{ip}:{PORT}" for ip in TARGETS)
ROUTES = ("GET shop.example.com/", "GET shop.example.com/cart", "POST shop.example.com/cart/:id")
REQUESTS_A_MINUTE = 600
COVERED_MINUTES = 60


@dataclass(frozen=True)
class Rows:
    """Equal rows, spread evenly from `since` to `until` minutes ago. A pair of seconds means: anything between."""

    family: str
    elb: int
    count: int
    target_status: int | None = None
    since: float = 50
    until: float = 6
    targets: Sequence[str] = ALL_TARGETS
    routes: Sequence[str] = ROUTES
    clients: Sequence[str] = tuple(f"198.51.100.{n}" for n in range(1, 41))
    group: str | None = TG
    request_s: float = 0.001
    target_s: float | tuple[float, float] = -1.0
    response_s: float = -1.0
    elapsed_s: float | tuple[float, float] | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)

    def each(self) -> Iterator[LoggedRow]:
        chance = random.Random(f"{self.family}{self.elb}{self.count}{self.since}")  # noqa: S311
        for number in range(self.count):
            target_s = _pick(self.target_s, chance)
            elapsed = _pick(self.elapsed_s, chance) if self.elapsed_s is not None else max(target_s, 0) + 0.002
            minutes = self.since - (self.since - self.until) * number / max(self.count, 1)
            target = self.targets[number % len(self.targets)] if self.targets else None
            values: dict[str, Any] = {
                "at": ago(minutes) + timedelta(milliseconds=chance.randrange(1000)),
                "elapsed_s": round(elapsed, 3),
                "elb_status": self.elb,
                "target_status": self.target_status,
                "row_family": self.family,
                "target_group": self.group,
                "target": target,
                "zone": _zone(target),
                "request_s": self.request_s,
                "target_s": round(target_s, 3),
                "response_s": self.response_s,
                "route": self.routes[number * 7 % len(self.routes)] if self.routes else "",
                "client": self.clients[number * 3 % len(self.clients)] if self.clients else None,
                "actions": "forward",
                "trace_id": f"Root=1-{number:08x}",
            }
            yield LoggedRow(**{**values, **self.fields})


def closed(count: int, target_s: float | tuple[float, float], **changes: Any) -> Rows:
    """502: the target closed the connection before it answered."""
    return Rows("closed-before-response", 502, count, target_s=target_s, **changes)


def refused(count: int, **changes: Any) -> Rows:
    """502 within milliseconds: no connection, or no TLS handshake."""
    return Rows("not-dispatched-fast", 502, count, request_s=-1.0, **{"elapsed_s": (0.001, 0.004), **changes})


def connect_timeouts(count: int, **changes: Any) -> Rows:
    """504 after ten seconds without a connection."""
    return Rows("not-dispatched-timeout", 504, count, request_s=-1.0, **{"elapsed_s": (10.0, 10.01), **changes})


def slow(count: int, idle_s: float = 60, **changes: Any) -> Rows:
    """504 after the idle timeout: dispatched, and no answer."""
    return Rows("response-timeout", 504, count, elapsed_s=(idle_s, idle_s + 0.4), **changes)


def answered(count: int, status: int = 500, **changes: Any) -> Rows:
    """An error that the target answered."""
    return Rows(
        "answered", status, count, **{"target_status": status, "target_s": (0.01, 0.2), "response_s": 0.0, **changes}
    )


def no_target(count: int, **changes: Any) -> Rows:
    """503: the target group had nobody to send to."""
    return Rows("no-target", 503, count, targets=(), request_s=-1.0, elapsed_s=0.001, **changes)


def fixed(count: int, status: int = 503, priority: str = "5", **changes: Any) -> Rows:
    """An answer of a listener rule."""
    extra = {"actions": "fixed-response", "rule_priority": priority}
    return Rows(
        "rule-action", status, count, targets=(), group=None, request_s=-1.0, elapsed_s=0.0, fields=extra, **changes
    )


def gave_up(count: int, after_s: float | tuple[float, float], **changes: Any) -> Rows:
    """460: the client closed before the answer."""
    return Rows("client-gone", 460, count, elapsed_s=after_s, **changes)


def by_balancer(count: int, status: int, **changes: Any) -> Rows:
    """A request that the load balancer did not take."""
    return Rows("refused-by-lb", status, count, **{"elapsed_s": 0.0, "request_s": -1.0, "targets": (), **changes})


def logged(
    incident: Incident,
    *kinds: Rows,
    share_read: float = 1.0,
    sample: int | None = None,
    per_minute: float = REQUESTS_A_MINUTE,
    target_share: Mapping[str, float] | None = None,
    route_share: Mapping[str, float] | None = None,
    zone_share: Mapping[str, float] | None = None,
    latency: Latency | None = None,
    always: Iterable[str] = (),
    routes_counted: bool = True,
    counted: bool = True,
    tls: bool = False,
) -> Incident:
    """The incident with access logs of the last hour: these error rows among `per_minute` good ones.

    CloudWatch counts them too unless `counted` is False; failed connections count as TLS errors with `tls`.

    Shares are the parts of the good traffic; a route without one gets an equal part. `always`: routes or clients
    that have no good rows since their errors began. `sample`: keep so many rows a kind, as a reader of many files
    would.
    """
    rows = [row for kind in kinds for row in kind.each()]
    own = [row for row in rows if row.target_group in (None, TG)]
    failing = [row for row in own if row.elb_status >= 500 or row.elb_status in {460, 463, 464}]
    good = round(per_minute * COVERED_MINUTES)
    minutes = Counter(_minute(row) for row in failing)
    starts = [NOW - timedelta(minutes=m) for m in range(COVERED_MINUTES, 0, -1)]
    keep = set(always)
    if counted:
        _count(incident, rows, tls=tls)
    return incident.replace(
        AccessLogs(
            source="s3",
            engine="local",
            covered_from=ago(COVERED_MINUTES),
            covered_to=ago(5),
            rows=good + len(own),
            files=24,
            share_read=share_read,
            errors=tuple(_counts(rows)),
            latency=latency or Latency(p50=0.02, p95=0.1, p99=0.2, max=0.6),
            by_target=_keys(
                failing, lambda row: row.target, dict.fromkeys(ALL_TARGETS, 1 / 4) | dict(target_share or {}), good
            ),
            by_zone=_keys(
                failing, lambda row: row.zone, {z: 1 / 2 for z, _ in SUBNETS.values()} | dict(zone_share or {}), good
            ),
            by_minute=tuple(
                KeyCount(
                    key=at.isoformat(),
                    rows=round(per_minute) + minutes[at],
                    errors=minutes[at],
                )
                for at in starts
            ),
            by_route=_errors_only(failing, lambda row: row.route, route_share or {}, good, keep)
            if routes_counted
            else (),
            by_client=_errors_only(failing, lambda row: row.client, {}, good, keep),
            by_rule=tuple(
                KeyCount(key=key, errors=n) for key, n in Counter(r.rule_priority or "-" for r in failing).items()
            ),
            sample=tuple(_sampled([row for row in rows if row.target_group in (None, TG)], sample)),
        )
    )


def _count(incident: Incident, rows: Sequence[LoggedRow], *, tls: bool) -> None:
    both = {"LoadBalancer": LB_DIMENSION, "TargetGroup": TG_DIMENSION}
    for code in (500, 502, 503, 504):
        made = [row for row in rows if row.elb_status == code and row.target_status is None]
        if made:
            incident.metric(f"HTTPCode_ELB_{code}_Count", _points(made), LoadBalancer=LB_DIMENSION)
    own = [row for row in rows if row.target_group == TG]
    if sent := [row for row in own if (row.target_status or 0) >= 500]:
        incident.metric("HTTPCode_Target_5XX_Count", _points(sent), **both)
    if failed := [row for row in own if row.row_family.startswith("not-dispatched")]:
        metric = "TargetTLSNegotiationErrorCount" if tls else "TargetConnectionErrorCount"
        incident.metric(metric, _points(failed), **both)
    if given := [row for row in rows if row.row_family == "rule-action"]:
        incident.metric("HTTP_Fixed_Response_Count", _points(given), LoadBalancer=LB_DIMENSION)


def _points(rows: Iterable[LoggedRow]) -> tuple[Point, ...]:
    return tuple(Point(at=at, value=n) for at, n in sorted(Counter(_minute(row) for row in rows).items()))


def _minute(row: LoggedRow) -> datetime:
    return row.at.replace(second=0, microsecond=0)


def _pick(value: float | tuple[float, float], chance: random.Random) -> float:
    return chance.uniform(*value) if isinstance(value, tuple) else value


def _zone(target: str | None) -> str | None:
    subnet = TARGETS.get(target.rpartition(":")[0]) if target else None
    return SUBNETS[subnet][0] if subnet else None


def _kind(row: LoggedRow) -> tuple[Any, ...]:
    return row.elb_status, row.target_status, row.row_family, row.error_reason, row.target_group


def _counts(rows: Iterable[LoggedRow]) -> Iterator[ErrorCount]:
    kinds: dict[tuple[Any, ...], list[LoggedRow]] = defaultdict(list)
    for row in rows:
        kinds[_kind(row)].append(row)
    for same in kinds.values():
        first = same[0]
        yield ErrorCount(
            elb_status=first.elb_status,
            target_status=first.target_status,
            generated_by="target" if first.target_status else "load-balancer",
            row_family=first.row_family,
            error_reason=first.error_reason,
            target_group=first.target_group,
            count=len(same),
            first=min(row.at for row in same),
            last=max(row.at for row in same),
        )


def _sampled(rows: Iterable[LoggedRow], limit: int | None) -> Iterator[LoggedRow]:
    kinds: dict[tuple[Any, ...], list[LoggedRow]] = defaultdict(list)
    for row in rows:
        kinds[_kind(row)].append(row)
    for same in kinds.values():
        step = max(len(same) / limit, 1.0) if limit else 1.0
        yield from (same[int(n * step)] for n in range(min(limit or len(same), len(same))))


def _keys(rows: Iterable[LoggedRow], key_of: Any, shares: Mapping[str, float], good: int) -> tuple[KeyCount, ...]:
    errors = Counter(key for row in rows if (key := key_of(row)))
    return tuple(
        KeyCount(key=key, rows=round(good * shares.get(key, 0)) + errors[key], errors=errors[key])
        for key in dict.fromkeys((*shares, *errors))
    )


def _errors_only(
    rows: Iterable[LoggedRow], key_of: Any, shares: Mapping[str, float], good: int, always: set[str]
) -> tuple[KeyCount, ...]:
    errors = Counter(key for row in rows if (key := key_of(row)))
    equal = 1 / max(len(errors), len(ROUTES))
    return tuple(
        KeyCount(key=key, rows=number + (0 if key in always else round(good * shares.get(key, equal))), errors=number)
        for key, number in errors.items()
    )
