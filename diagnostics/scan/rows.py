"""What a scan tells of one service, and in which order. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final, Literal

from diagnostics.aws_access import explain
from diagnostics.digest import digest
from diagnostics.facts import EcsService, Metrics, TargetHealth
from diagnostics.facts.fact import Fact, Frozen, Gap
from diagnostics.report import Band, Cause, Report, Role
from diagnostics.rules.observations import ELB_CODES, Observations
from diagnostics.snapshot import Snapshot

State = Literal["broken", "degraded", "unclear", "over", "unread", "at_risk", "well"]
Looked = Literal["full", "first"]

FAILING: Final[frozenset[State]] = frozenset({"broken", "degraded", "unclear"})
AFTER_FAILING: Final[tuple[State, ...]] = ("over", "unread", "at_risk", "well")
BANDS: Final[dict[Band, int]] = {"confirmed": 0, "likely": 1, "possible": 2}
DECIDING: Final[tuple[type[Fact], ...]] = (Metrics, TargetHealth, EcsService)
"""Where one of these is a gap, "no fault found" would be a guess."""
SERVING: Final = frozenset({"healthy", "initial", "draining"})
MAX_RISKS: Final = 20
MAX_GAPS: Final = 20


class ScannedCause(Frozen):
    """A cause or a risk in short; the report of a diagnosis has its evidence."""

    code: str
    title: str
    summary: str
    band: Band
    confidence: float
    role: Role
    since: datetime | None = None


class ScannedService(Frozen):
    """One service. `words` are what to type for a diagnosis of it.

    `state`: `broken` errors, or targets that should serve and do not; `degraded` a deployment that fails; `unclear`
    something is observed and its cause is not known; `over` trouble that has ended; `unread` what decides could not be
    read, see `unread`; `at_risk` settings that can hurt and have not; `well` none of that.
    `looked`: `full` everything that a diagnosis reads; `first` what a first look reads: then no cause is named, because
    what was not read may point to another one, and errors that only access logs know of are not seen.
    `judged_without`: calls that failed and left the state as it is, such as ``ec2:DescribeSubnets: AccessDenied``.
    A number that was not read is null. `errors_per_minute` counts from the onset on.
    """

    name: str
    words: str
    kind: str
    account: str
    account_name: str | None
    region: str
    cluster: str | None
    service: str | None
    load_balancers: tuple[str, ...]
    target_groups: tuple[str, ...]
    runbook: str | None
    state: State
    looked: Looked
    headline: str
    symptom: Literal["errors", "capacity", "deployment", "none"]
    error_rate: float | None
    errors_per_minute: float | None
    requests: int | None
    targets: int | None
    targets_not_serving: int | None
    since: datetime | None
    causes: tuple[ScannedCause, ...]
    risks: tuple[ScannedCause, ...]
    unread: tuple[str, ...]
    judged_without: tuple[str, ...]

    @property
    def is_failing(self) -> bool:
        return self.state in FAILING


def row_of(snapshot: Snapshot, report: Report, looked: Looked) -> ScannedService:
    """Of a subject whose query is the words that mean it."""
    target, symptom = report.target, report.symptom
    total, idle = _targets(snapshot)
    unread = tuple(dict.fromkeys(explain(gap) for kind in DECIDING if isinstance(gap := snapshot.get(kind), Gap)))
    return ScannedService(
        name="/".join(part for part in (target.cluster, target.service) if part) or target.label,
        words=target.query,
        kind=target.kind,
        account=target.account,
        account_name=target.account_name,
        region=target.region,
        cluster=target.cluster,
        service=target.service,
        load_balancers=target.load_balancers,
        target_groups=target.target_groups,
        runbook=target.runbook,
        state=_state(report, unread),
        looked=looked,
        headline=report.headline,
        symptom=symptom.kind,
        error_rate=symptom.error_rate if symptom.kind == "errors" else None,
        errors_per_minute=_errors_per_minute(report),
        requests=symptom.requests,
        targets=total,
        targets_not_serving=idle,
        since=symptom.onset,
        causes=tuple(map(_short, report.causes)) if looked == "full" else (),
        risks=tuple(sorted(map(_short, report.risks), key=lambda one: BANDS[one.band]))[:MAX_RISKS],
        unread=unread,
        judged_without=tuple(dict.fromkeys(f"{gap.action}: {gap.error}" for gap in report.gaps))[:MAX_GAPS],
    )


def worst_first(rows: Iterable[ScannedService]) -> tuple[ScannedService, ...]:
    """What fails: by errors a minute, their share, targets that do not serve, then deployments. Then what is over, what
    could not be read, risks by how sure they are, and the rest by name."""
    return tuple(sorted(rows, key=_badness))


def errors_of_nobody(observed: Observations) -> bool:
    """The load balancer answers with errors, and nothing says that they are this service's."""
    return observed.saw(*(f"elb_{code}" for code in ELB_CODES)) and not observed.errors_are_ours


def _badness(row: ScannedService) -> tuple[object, ...]:
    name = (row.account_name or row.account, row.region, row.name, row.words)
    if row.is_failing:
        share = (row.targets_not_serving or 0) / row.targets if row.targets else 0.0
        return (
            0,
            -(row.errors_per_minute or 0.0),
            -(row.error_rate or 0.0),
            -share,
            row.symptom != "deployment",
            *name,
        )
    risks = (min((BANDS[risk.band] for risk in row.risks), default=len(BANDS)), -len(row.risks))
    return (1 + AFTER_FAILING.index(row.state), *risks, 0, 0, *name)


def _state(report: Report, unread: Sequence[str]) -> State:
    if report.symptom.kind == "none" and not report.symptom.over:
        return "unread" if unread else "at_risk" if report.risks else "well"
    mood = digest(report).mood
    return "well" if mood == "unread" else mood


def _targets(snapshot: Snapshot) -> tuple[int | None, int | None]:
    health = snapshot.get(TargetHealth)
    if not isinstance(health, TargetHealth):
        return None, None
    states = [target.state for _, target in health.all()]
    return len(states), sum(state not in SERVING for state in states)


def _errors_per_minute(report: Report) -> float | None:
    symptom = report.symptom
    if symptom.kind != "errors":
        return None
    own = [symptom.target_5xx]
    if symptom.generated_by in {"load-balancer", "mixed"}:
        own += [symptom.elb_500, symptom.elb_502, symptom.elb_503, symptom.elb_504]
    counted = [number for number in own if number is not None]
    if not counted:
        return None
    begin = max(symptom.onset or report.window.start, report.window.start)
    end = symptom.last_seen or report.window.end
    return round(sum(counted) / max((end - begin).total_seconds() / 60, 1.0), 2)


def _short(cause: Cause) -> ScannedCause:
    return ScannedCause(
        code=cause.code,
        title=cause.title,
        summary=cause.summary,
        band=cause.band,
        confidence=cause.confidence,
        role=cause.role,
        since=cause.since,
    )
