"""What went wrong as far as it can be seen, before any cause is named.

Counters come from CloudWatch (https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html).
The load balancer's own errors have no TargetGroup dimension, so on a load balancer with several target groups they
belong to nobody in particular until something of this target group points the same way.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Literal

from diagnostics.facts import (
    EcsService,
    Frozen,
    Listeners,
    Metrics,
    NotApplicable,
    Point,
    ServiceHistory,
    StoppedTasks,
    TargetHealth,
    Task,
)
from diagnostics.rules.balancer_trouble import balancer_symptoms, has_empty_partner, known_without_503
from diagnostics.rules.counters import (
    NO_REQUESTS_FOR,
    Dimensions,
    counted_unhealthy,
    error_share,
    of_balancers,
    of_groups,
    series_at,
    series_of,
    total,
)
from diagnostics.rules.deployment_span import deployment_spans
from diagnostics.rules.deployment_trouble import is_in_trouble
from diagnostics.rules.ended import Ended, ended
from diagnostics.rules.health_history import HealthHistory
from diagnostics.rules.logged_errors import COUNTED_BY_ROWS_ONLY, COVERS, LoggedErrors, logged_errors
from diagnostics.rules.onset import Burst, Pattern, last_burst, merged, pattern_of, without_trickle
from diagnostics.rules.routing import is_idle_colour, may_be_empty
from diagnostics.rules.row_clusters import RowCluster
from diagnostics.rules.sharing import is_shared, sick_siblings
from diagnostics.snapshot import Snapshot

ELB_CODES = ("500", "502", "503", "504")
BY_COUNTER_AND_ROWS = (*(f"elb_{code}" for code in ELB_CODES), "target_5xx")
SURELY_MORE = 1.2
NOISE_ERRORS = 3
NOISE_RATE = 0.001
NOISE_BY_CALLERS = {"elb_400": 0.01, "elb_408": 0.01, "elb_460": 0.01} | dict.fromkeys(
    ("elb_414", "elb_501", "elb_505"), 0.01
)
"""Callers that give up or send garbage are daily life up to this part of all requests."""
NOISE_BY_GUARDS = {"elb_401": 0.2, "elb_403": 0.2}
"""Refusals are what a firewall and a login are for, up to this part of all requests."""
ABNORMAL_STOP_CODES = frozenset({"TaskFailedToStart", "EssentialContainerExited"})
_KILLED_BY_HEALTH = ("Task failed ELB health checks", "Task failed container health checks", "failed container health")
MIN_MINUTES_WITH_REQUESTS = 10

SymptomKind = Literal["errors", "capacity", "deployment", "none"]


class ErrorCounts(Frozen):
    """Errors in the window. None: could not be read. Codes 500, 502-504 are the load balancer's own.

    All other codes have no counter and are known from access log rows only. `lambda_errors` are requests that a
    function, or Lambda itself, did not answer.
    """

    elb_500: int | None = None
    elb_502: int | None = None
    elb_503: int | None = None
    elb_504: int | None = None
    target_5xx: int | None = None
    requests: int | None = None
    connection_errors: int | None = None
    lambda_errors: int | None = None
    tls_errors: int | None = None
    fixed_responses: int | None = None
    elb_400: int | None = None
    elb_401: int | None = None
    elb_403: int | None = None
    elb_408: int | None = None
    elb_413: int | None = None
    elb_414: int | None = None
    elb_460: int | None = None
    elb_463: int | None = None
    elb_464: int | None = None
    elb_501: int | None = None
    elb_505: int | None = None
    elb_507: int | None = None
    elb_561: int | None = None
    elb_562: int | None = None

    def elb(self, code: str) -> int:
        return getattr(self, f"elb_{code}") or 0

    @property
    def elb_total(self) -> int:
        return sum(self.elb(code) for code in ELB_CODES)


class Observations(Frozen):
    """The observed effects of whatever is wrong.

    `symptoms` are the words that findings use in `explains`: ``elb_500``…``elb_504``, ``target_5xx``, ``unhealthy``,
    with access logs also ``elb_400`` and the other codes of `COUNTED_BY_ROWS_ONLY`,
    ``unused``, ``no-targets``, ``no-requests`` (they stopped while the load balancer answers by itself),
    ``rejected`` (connections that it had no room for), ``balancer-state``, ``task-stops``, ``deployment``.
    `errors_are_ours`: the load balancer's own errors can only belong to this subject (it has the load balancer to
    itself, or its own metrics show connection errors, unhealthy or missing targets, or the rows name it).
    `sick_siblings`: other target groups of the load balancer that show trouble. `clusters` are the subject's error
    rows; None: access logs were not read. `counted_by_rows`: on a shared load balancer, the numbers are those of this
    subject's rows alone. `ended`: it was put right, and nothing has failed since.
    """

    counts: ErrorCounts = ErrorCounts()
    symptoms: frozenset[str] = frozenset()
    kind: SymptomKind = "none"
    shared_load_balancer: bool = False
    errors_are_ours: bool = True
    sick_siblings: tuple[str, ...] = ()
    onset: datetime | None = None
    last_seen: datetime | None = None
    pattern: Pattern = "none"
    onset_at_edge: bool = False
    error_minutes: tuple[Point, ...] = ()
    minutes_by_kind: tuple[tuple[str, tuple[Point, ...]], ...] = ()
    """Errors a minute, by the names of `ErrorCounts`; on a shared load balancer also those of others."""
    error_share: float | None = None
    """0-1 of the requests between `onset` and `last_seen`; None without errors or when requests were not read."""
    clusters: tuple[RowCluster, ...] | None = None
    counted_by_rows: bool = False
    ended: Ended | None = None

    @property
    def errors_unread(self) -> bool:
        """Whether nothing was read that counts failed requests: neither counters nor access log rows."""
        return self.clusters is None and all(getattr(self.counts, name) is None for name in BY_COUNTER_AND_ROWS)

    def saw(self, *symptoms: str) -> bool:
        return any(symptom in self.symptoms for symptom in symptoms)

    def known_quiet(self, symptoms: Iterable[str]) -> bool:
        """Whether none of these symptoms is there, as far as their counters were read; False where none is named."""
        wanted = tuple(symptoms)
        counted = (name for name in wanted if name in ErrorCounts.model_fields)
        return bool(wanted) and not self.saw(*wanted) and all(getattr(self.counts, n) is not None for n in counted)

    def rows_tell(self, symptom: str) -> bool:
        """Whether access log rows account for most of these errors, so that what they do not show is not there."""
        found = sum(cluster.count for cluster in self.clusters or () if cluster.symptom == symptom)
        counted = getattr(self.counts, symptom, None) or 0
        return found >= NOISE_ERRORS and found >= COVERS * counted


def observe(snapshot: Snapshot) -> Observations:
    """All observed effects of a snapshot; missing facts leave their part unobserved."""
    metrics = snapshot.get(Metrics)
    counts, minutes = _errors(snapshot)
    shared = is_shared(snapshot)
    own_trouble = _own_trouble(snapshot, counts)
    siblings = sick_siblings(snapshot, metrics) if shared and isinstance(metrics, Metrics) else ()
    errors_are_ours = not shared or own_trouble
    logged = logged_errors(snapshot)
    counted_by_rows = False
    if logged is not None:
        ours = not shared or any(_traffic_symptoms(snapshot, counts))
        if shared and logged.covers(counts.elb_total):
            errors_are_ours = counted_by_rows = logged.named_total >= NOISE_ERRORS or ours
            siblings = siblings if errors_are_ours else tuple(arn.rsplit(":", 1)[-1] for arn in logged.others)
        elif logged.named_total >= NOISE_ERRORS:
            errors_are_ours = True
        counts = _with_rows(counts, logged, ours=ours, replace=counted_by_rows)
        minutes = _minutes_with_rows(minutes, logged, ours=ours, replace=counted_by_rows)
    symptoms = set(_health_symptoms(snapshot)) | set(_ecs_symptoms(snapshot))
    symptoms |= set(_error_symptoms(counts, snapshot.subject.seen)) | set(_traffic_symptoms(snapshot, counts))
    symptoms |= set(balancer_symptoms(snapshot))
    callers = (NOISE_BY_CALLERS | NOISE_BY_GUARDS).keys() - symptoms
    own = {name: points for name, points in minutes.items() if name not in callers}
    relevant = minutes["target_5xx"] if not errors_are_ours else merged(own.values())
    above_noise = without_trickle(relevant) if _is_loud(symptoms) else ()
    burst = last_burst(above_noise, snapshot.window.end)
    covered_from = metrics.covered_from if isinstance(metrics, Metrics) else snapshot.window.start
    onset = burst.start if burst else _first_sign(snapshot, symptoms)
    return Observations(
        counts=counts,
        symptoms=frozenset(symptoms),
        kind=_kind(symptoms, errors_are_ours),
        shared_load_balancer=shared,
        errors_are_ours=errors_are_ours,
        sick_siblings=siblings,
        onset=onset,
        last_seen=burst.end if burst else None,
        pattern=_pattern(snapshot, above_noise, burst),
        onset_at_edge=bool(burst and burst.start - covered_from <= timedelta(minutes=2)),
        error_minutes=relevant,
        minutes_by_kind=tuple((name, points) for name, points in own.items() if points),
        error_share=error_share(snapshot, burst, above_noise, unreached=counts.elb("503")) if burst else None,
        clusters=logged.clusters if logged else None,
        counted_by_rows=counted_by_rows,
        ended=ended(snapshot, symptoms, [*(point.at for point in above_noise), *_abnormal_stops(snapshot)], onset),
    )


def _with_rows(counts: ErrorCounts, logged: LoggedErrors, *, ours: bool, replace: bool) -> ErrorCounts:
    """Codes without a counter, and counters that could not be read, from the rows; with `replace` also the load
    balancer's own 5xx, of which only the rows know whose they are."""
    rows = {name: logged.count(name, with_unnamed=ours) for name in BY_COUNTER_AND_ROWS}
    update = {
        name: count
        for name, count in rows.items()
        if (counted := getattr(counts, name)) is None
        or (replace and name.startswith("elb_"))
        or _counter_lacks(counted, count)
    }
    update |= {f"elb_{code}": logged.count(f"elb_{code}", with_unnamed=ours) for code in COUNTED_BY_ROWS_ONLY}
    if counts.requests is None and ours:
        update["requests"] = logged.rows
    return counts.model_copy(update=update)


def _minutes_with_rows(
    minutes: dict[str, tuple[Point, ...]], logged: LoggedErrors, *, ours: bool, replace: bool
) -> dict[str, tuple[Point, ...]]:
    by_rows = [f"elb_{code}" for code in COUNTED_BY_ROWS_ONLY]
    by_rows += [
        name
        for name in BY_COUNTER_AND_ROWS
        if _counter_lacks(sum(p.value for p in minutes.get(name, ())), logged.count(name, with_unnamed=ours))
    ]
    if replace:
        by_rows += [f"elb_{code}" for code in ELB_CODES]
    return minutes | {name: logged.minutes([name], with_unnamed=ours) for name in by_rows}


def _counter_lacks(counted: float, rows: int) -> bool:
    """A row is a record of an error; minutes that a counter did not report, or not yet, do not unsay it."""
    return not counted or rows > counted * SURELY_MORE


def is_abnormal_stop(task: Task) -> bool:
    """True for a task that did not stop because somebody or a roll-out wanted it to."""
    if task.stop_code in ABNORMAL_STOP_CODES:
        return True
    return any(words in (task.stopped_reason or "") for words in _KILLED_BY_HEALTH)


def _errors(snapshot: Snapshot) -> tuple[ErrorCounts, dict[str, tuple[Point, ...]]]:
    metrics, window = snapshot.get(Metrics), snapshot.window
    balancers = of_balancers(snapshot.subject)
    own = of_groups(snapshot.subject) or balancers

    def counted(where: list[Dimensions], *names: str) -> int | None:
        totals = [total(metrics, name, where, window.start, window.end) for name in names]
        known = [number for number in totals if number is not None]
        return sum(known) if known else None

    def by_minute(where: list[Dimensions], name: str) -> tuple[Point, ...]:
        return tuple(point for found in series_at(metrics, name, where) for point in found.points)

    codes = {f"elb_{code}": f"HTTPCode_ELB_{code}_Count" for code in ELB_CODES}
    counts = ErrorCounts(
        **{name: counted(balancers, metric) for name, metric in codes.items()},
        target_5xx=counted(own, "HTTPCode_Target_5XX_Count"),
        requests=counted(own, "RequestCount"),
        connection_errors=counted(own, "TargetConnectionErrorCount"),
        lambda_errors=counted(own, "LambdaUserError", "LambdaInternalError"),
        tls_errors=counted(own, "TargetTLSNegotiationErrorCount"),
        fixed_responses=counted(balancers, "HTTP_Fixed_Response_Count"),
    )
    minutes = {name: by_minute(balancers, metric) for name, metric in codes.items()}
    return counts, minutes | {"target_5xx": by_minute(own, "HTTPCode_Target_5XX_Count")}


def _own_trouble(snapshot: Snapshot, counts: ErrorCounts) -> bool:
    if counts.connection_errors or counts.tls_errors or (counts.lambda_errors or 0) >= NOISE_ERRORS:
        return True
    return any(_health_symptoms(snapshot)) or any(_traffic_symptoms(snapshot, counts))


def _health_symptoms(snapshot: Snapshot) -> Iterable[str]:
    health = snapshot.get(TargetHealth)
    if not isinstance(health, TargetHealth):
        if counted_unhealthy(snapshot):
            yield "unhealthy"
        return
    history = HealthHistory.of(snapshot.get, snapshot.window)
    starting = frozenset(key for group in history.groups() for key in history.starting(group))
    sick = any(target.key not in starting for _, target in health.in_state("unhealthy"))
    if sick or any(history.goes_on(group) for group in history.groups()):
        yield "unhealthy"
    listeners, service = snapshot.get(Listeners), snapshot.get(EcsService)
    if any(not is_idle_colour(group, service, listeners) for group, _ in health.in_state("unused")):
        yield "unused"
    empty = any(
        _is_empty(targets) and not may_be_empty(group, health, listeners, service)
        for group, targets in health.by_group.items()
    )
    nobody_asks = isinstance(service, NotApplicable) and known_without_503(snapshot)
    if (empty and not nobody_asks) or health.missing or has_empty_partner(snapshot):
        yield "no-targets"


def _traffic_symptoms(snapshot: Snapshot, counts: ErrorCounts) -> Iterable[str]:
    """Requests that came steadily and stopped, while the load balancer answered requests by itself."""
    if not counts.fixed_responses and not counts.elb_503:
        return
    quiet_since = snapshot.window.end - NO_REQUESTS_FOR
    found = series_at(snapshot.get(Metrics), "RequestCount", of_groups(snapshot.subject))
    points = [point for one in found for point in one.points if point.value > 0]
    if len(points) >= MIN_MINUTES_WITH_REQUESTS and all(point.at < quiet_since for point in points):
        yield "no-requests"


def _is_empty(targets: Iterable[object]) -> bool:
    return not any(getattr(target, "state", "") not in {"draining", "unused"} for target in targets)


def _ecs_symptoms(snapshot: Snapshot) -> Iterable[str]:
    if any(at >= snapshot.window.start for at in _abnormal_stops(snapshot)):
        yield "task-stops"
    service = snapshot.get(EcsService)
    if isinstance(service, EcsService) and is_in_trouble(service, snapshot.taken_at):
        yield "deployment"


def _error_symptoms(counts: ErrorCounts, asked: int | None) -> Iterable[str]:
    """A code that somebody asks about is no noise of daily life."""
    reached = (counts.requests or 0) + counts.elb_total
    tolerated = NOISE_BY_CALLERS | NOISE_BY_GUARDS
    for name in (*(f"elb_{code}" for code in (*ELB_CODES, *COUNTED_BY_ROWS_ONLY)), "target_5xx"):
        number = getattr(counts, name) or 0
        noise = 0.0 if name == f"elb_{asked}" and name in tolerated else tolerated.get(name, NOISE_RATE)
        if number >= NOISE_ERRORS and (reached == 0 or number / reached >= noise):
            yield name


def _is_loud(symptoms: Iterable[str]) -> bool:
    return any(symptom.startswith(("elb_", "target_5xx")) for symptom in symptoms)


def _kind(symptoms: set[str], errors_are_ours: bool) -> SymptomKind:
    own_errors = {s for s in symptoms if s == "target_5xx" or (s.startswith("elb_") and errors_are_ours)}
    if own_errors:
        return "errors"
    if symptoms & {"unhealthy", "unused", "no-targets", "no-requests", "task-stops", "rejected", "balancer-state"}:
        return "capacity"
    if "deployment" in symptoms:
        return "deployment"
    return "none"


def _pattern(snapshot: Snapshot, points: tuple[Point, ...], burst: Burst | None) -> Pattern:
    service = snapshot.get(EcsService)
    if not isinstance(service, EcsService):
        return pattern_of(points, burst, (), snapshot.window.end)
    began = tuple(deployment.created_at for deployment in service.deployments)
    spans = deployment_spans(service, snapshot.get(ServiceHistory), snapshot.window.start, snapshot.taken_at)
    return pattern_of(points, burst, began, snapshot.window.end, spans=spans)


def _first_sign(snapshot: Snapshot, symptoms: set[str]) -> datetime | None:
    """When the trouble began, where no error counter tells: the first minute with an unhealthy target, a task stop."""
    signs: list[datetime] = []
    if "unhealthy" in symptoms:
        groups = snapshot.subject.target_groups
        for found in series_of(snapshot.get(Metrics), "UnHealthyHostCount", "Maximum", groups):
            burst = last_burst(found.points, snapshot.window.end)
            signs.extend([burst.start] if burst else [])
        history = HealthHistory.of(snapshot.get, snapshot.window)
        signs.extend(report.at for group in history.groups() for report in history.reports(group))
    if "task-stops" in symptoms:
        signs.extend(_abnormal_stops(snapshot))
    return min(signs) if signs else None


def _abnormal_stops(snapshot: Snapshot) -> tuple[datetime, ...]:
    stopped = snapshot.get(StoppedTasks)
    items = stopped.items if isinstance(stopped, StoppedTasks) else ()
    return tuple(task.stopped_at for task in items if is_abnormal_stop(task) and task.stopped_at)
