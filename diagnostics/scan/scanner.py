"""A scan: find every service, look at all of them together, and look into those that fail, worst first."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import groupby
from typing import Final

from diagnostics.aws_access import AwsAccess, CallMeter, explain
from diagnostics.bounds import DEFAULT_WINDOW
from diagnostics.collect.answers import batches
from diagnostics.collect.collector import Now
from diagnostics.collect.graph import all_collectors
from diagnostics.collect.log_options import LogOptions
from diagnostics.collect.own_records import OwnMemory
from diagnostics.collect.runner import collect
from diagnostics.engine import diagnose
from diagnostics.facts.fact import Fact, Gap
from diagnostics.locate.inquiry import Nickname
from diagnostics.locate.places import open_to
from diagnostics.locate.seen import Where
from diagnostics.printable import counted
from diagnostics.question import Progress, ProgressListener, Refused
from diagnostics.report import ReportWindow
from diagnostics.rules.observations import observe
from diagnostics.scan.answer import Scan, ScannedPlace, ScanStats, UnscannedPlace
from diagnostics.scan.asking import Asking
from diagnostics.scan.look import known
from diagnostics.scan.rows import ScannedService, errors_of_nobody, row_of, worst_first
from diagnostics.scan.services import Services, balancer_of, find_services
from diagnostics.scan.together import look_at
from diagnostics.snapshot import Snapshot, Subject, Window

TOGETHER: Final = 50
"""So many services are looked at in one round of calls; their snapshots are in memory at the same time."""
MAX_FULL: Final = 5
BUDGET_S: Final = 90.0
FIRST_LOOKS_SHARE: Final = 0.6
"""So much of the time may pass before the first full look."""
FULL_LOOK_S: Final = 30.0
LEAST_FULL_LOOK_S: Final = 3.0
LOGS_S: Final = 8.0


@dataclass(slots=True, eq=False)
class _Seen:
    """What is known of one service. The snapshot is kept of those that may be looked into."""

    row: ScannedService
    snapshot: Snapshot | None


@dataclass(slots=True, eq=False)
class Scanner:
    """Never raises for what AWS or a person can do. `budget_s` bounds the whole of a scan."""

    access: AwsAccess
    nicknames: Mapping[str, Nickname]
    logs: LogOptions
    budget_s: float
    clock: Callable[[], datetime]
    own: OwnMemory = field(default_factory=OwnMemory)
    max_full: int = MAX_FULL

    def __call__(self, account: str | None, region: str | None, progress: ProgressListener) -> Scan | Refused:
        started, meter = time.monotonic(), CallMeter()
        progress(Progress(step="finding", text="every load-balanced service"))
        found = self._find(account, region, meter, started)
        if isinstance(found, Refused):
            return found
        now = Now(self.clock())
        run = _Run(self, found, meter, now, Window(start=now.at - DEFAULT_WINDOW, end=now.at), progress, started)
        run.look_at_all()
        run.look_into_failing()
        return run.answer()

    def _find(self, account: str | None, region: str | None, meter: CallMeter, started: float) -> Services | Refused:
        scopes = open_to(self.access, meter, account, region, timeout_s=self.budget_s / 2)
        if isinstance(scopes, Refused):
            return scopes
        left_s = max(started + self.budget_s / 2 - time.monotonic(), 0.0)
        found = find_services(self.access, scopes, meter, nicknames=self.nicknames, budget_s=left_s)
        if not found.answered and found.unsearched:
            gaps = tuple(gap for _, gap in found.unsearched)
            return Refused(message=explain(gaps[0]), gaps=gaps)
        return found


@dataclass(slots=True, eq=False)
class _Run:
    options: Scanner
    found: Services
    meter: CallMeter
    now: Now
    window: Window
    progress: ProgressListener
    started: float
    seen: list[_Seen] = field(default_factory=list)
    not_looked_at: list[str] = field(default_factory=list)
    log_calls: int = 0
    full_looks: int = 0

    def look_at_all(self) -> None:
        for _, same in groupby(self.found.subjects, key=lambda one: (one.account, one.region)):
            self._look_at_place(tuple(same))

    def _look_at_place(self, subjects: Sequence[Subject]) -> None:
        until = self.started + self.options.budget_s * FIRST_LOOKS_SHARE
        reader = self.options.access.reader(subjects[0].account, subjects[0].region, self.meter)
        asking = Asking(reader, until)
        nobodys: dict[str, list[Subject]] = {}
        here: list[_Seen] = []
        try:
            for some in batches(subjects, TOGETHER):
                if time.monotonic() >= until:
                    self.not_looked_at += [subject.query for subject in some]
                    continue
                for snapshot in self._looked(some, asking):
                    here.append(_judged(snapshot))
                    if errors_of_nobody(observe(snapshot)):
                        for arn in snapshot.subject.load_balancers:
                            nobodys.setdefault(arn, []).append(snapshot.subject)
                self._keep(here[-len(some) :])
            explained = {arn for one in here if one.row.is_failing for arn in one.row.load_balancers}
            whole = [balancer_of(arn, behind) for arn, behind in nobodys.items() if arn not in explained]
            if whole and time.monotonic() < until:
                judged = map(_judged, self._looked(whole, asking))
                self._keep([one for one in judged if one.row.is_failing or one.row.state == "over"])
        finally:
            asking.close()

    def _looked(self, subjects: Sequence[Subject], asking: Asking) -> tuple[Snapshot, ...]:
        where = f"{subjects[0].account_name or subjects[0].account}, {subjects[0].region}"

        def tell(done: int, total: int) -> None:
            before, among = len(self.seen), max(len(self.found.subjects), len(self.seen) + len(subjects))
            now = before + len(subjects) * done // max(total, 1)
            self.progress(Progress(step="reading", text=f"services in {where}", done=now, total=among))

        return look_at(subjects, self.window, asking, now=self.now, tell=tell)

    def _keep(self, judged: Sequence[_Seen]) -> None:
        """Only the snapshots of the worst stay in memory."""
        self.seen += judged
        worst = [one for one in self._in_order() if one.snapshot]
        for one in worst[self.options.max_full :]:
            one.snapshot = None

    def look_into_failing(self) -> None:
        """Everything that a diagnosis reads, of the worst; what a first look has read is not read again."""
        worst = [one for one in self._in_order() if one.snapshot]
        for number, one in enumerate(worst):
            left_s = self.started + self.options.budget_s - time.monotonic()
            if left_s < LEAST_FULL_LOOK_S:
                return
            text = f"into {one.row.name}"
            self.progress(Progress(step="judging", text=text, done=number, total=len(worst)))
            if one.snapshot is not None:
                one.row = self._in_full(one.snapshot, min(left_s, FULL_LOOK_S))
                one.snapshot = None

    def _in_full(self, first: Snapshot, budget_s: float) -> ScannedService:
        subject = first.subject
        outcomes = {Fact.registry[name]: outcome for name, outcome in first.facts.items()}
        snapshot = collect(
            subject,
            self.window,
            self.options.access.reader(subject.account, subject.region, self.meter),
            clock=lambda: self.now.at,
            budget_s=budget_s,
            logs=self.options.logs,
            own=self.options.own,
            specs=[known(spec, outcomes.get(spec.yields)) for spec in all_collectors()],
        )
        self.full_looks += 1
        self.log_calls += snapshot.stats.log_calls
        return row_of(snapshot, diagnose(snapshot), "full")

    def _in_order(self) -> list[_Seen]:
        by_row = {id(one.row): one for one in self.seen}
        return [by_row[id(row)] for row in worst_first(one.row for one in self.seen)]

    def answer(self) -> Scan:
        places = [ScannedPlace(**where.model_dump()) for where in self.found.places]
        return Scan(
            made_at=self.now.at,
            window=ReportWindow(start=self.window.start, end=self.window.end),
            places=tuple(places),
            unscanned=tuple(_unscanned(*found) for found in groupby(self.found.unsearched, key=lambda one: one[0])),
            services=worst_first(one.row for one in self.seen),
            not_looked_at=tuple(self.not_looked_at),
            left_out=self.found.left_out,
            stats=ScanStats(
                aws_calls=self.meter.usage().calls,
                log_calls=self.log_calls,
                seconds=round(time.monotonic() - self.started, 3),
                full_looks=self.full_looks,
            ),
        )


def _judged(first: Snapshot) -> _Seen:
    row = row_of(first, diagnose(first), "first")
    return _Seen(row, first if row.is_failing else None)


def _unscanned(where: Where, gaps: Iterable[tuple[Where, Gap]]) -> UnscannedPlace:
    """One line for a place, whatever the number of calls that failed there."""
    found = [gap for _, gap in gaps]
    more = f" And {counted(len(found) - 1, 'more call')}." if len(found) > 1 else ""
    first = found[0]
    return UnscannedPlace(
        **where.model_dump(), action=first.action, error=first.error, reason=f"{explain(first)}{more}"
    )


def cheap(logs: LogOptions) -> LogOptions:
    """Logs as a scan reads them: only where there are errors, for a short time, and nothing that costs money."""
    budget = replace(logs.budget, seconds=min(logs.budget.seconds, LOGS_S))
    return replace(logs, wish="when-errors", budget=budget, athena=None, athena_first=False, app_log_scan_bytes=0)
