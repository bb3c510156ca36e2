"""The diagnosis as one callable: find the target, read it, judge it. Terminal and Slack use the same one."""

from __future__ import annotations

import importlib
import math
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache, partial
from typing import Final

from bot.clock import Now, utc_now
from bot.settings import Settings
from diagnostics.app_logs.signs import all_signs
from diagnostics.aws_access import AccessLimits, Account, AwsAccess, CallMeter, Observer, RateGate, explain
from diagnostics.bounds import DEFAULT_WINDOW, MAX_WINDOW
from diagnostics.causes import catalogue
from diagnostics.collect.cache import FactCache
from diagnostics.collect.collector import CollectorSpec
from diagnostics.collect.earlier_scans import EarlierScans
from diagnostics.collect.first_answer import FirstAnswer
from diagnostics.collect.graph import leading_to
from diagnostics.collect.log_options import AthenaOptions, LogBudget, LogOptions
from diagnostics.collect.own_records import OwnMemory, OwnRecords
from diagnostics.collect.runner import collect
from diagnostics.collect.task_memory import TaskMemory, with_remembered
from diagnostics.collect.unread import STILL_BEING_READ
from diagnostics.engine import diagnose
from diagnostics.facts import AccessLogs, EcsService, Fact, Gap, LoadBalancers, Metrics, TargetGroups, TargetHealth
from diagnostics.locate import Nickname, Room, ServiceIndex, locate
from diagnostics.question import (
    Ambiguous,
    Diagnosed,
    Outcome,
    Progress,
    ProgressListener,
    Question,
    Refused,
    Unknown,
)
from diagnostics.snapshot import Snapshot, Subject, Window

LOG_ENGINE: Final = "diagnostics.access_logs.local"
FIXES: Final = "bot.remediating"
LINGER_S: Final = 10.0
SHARE_OF_A_STEP: Final = 0.4
"""Of the time until a useful answer, so much is waited for a region that does not answer while others do."""
LATER_LOOKUPS: Final = 10
"""What CloudTrail tells about more resources, and how long after the first answer it may do so."""
WHAT_MATTERS: Final[tuple[type[Fact], ...]] = (LoadBalancers, TargetGroups, TargetHealth, Metrics, EcsService)
"""When none of these can be read there is nothing to say, and no report."""
WHAT_IS_SEEN: Final[tuple[type[Fact], ...]] = (TargetHealth, Metrics, EcsService)
"""Nor when the credentials expired before any of these was read: what is known of the rest was kept from before."""


class Diagnoser:
    """Answers questions; safe to call from several threads at once."""

    def __init__(
        self,
        access: AwsAccess,
        *,
        nicknames: Mapping[str, Nickname],
        budget_s: float,
        cache_s: int,
        useful_s: float | None = None,
        linger_s: float = 0.0,
        logs: LogOptions | None = None,
        index: ServiceIndex | None = None,
        cache: FactCache | None = None,
        tasks: TaskMemory | None = None,
        own: OwnRecords | None = None,
        room: Room = lambda _: nullcontext(),
        remedy: Callable[[Diagnosed], Diagnosed] = lambda found: found,
        clock: Now = utc_now,
    ) -> None:
        self._access = access
        self._nicknames = nicknames
        self._budget_s = budget_s
        self._cache_s = cache_s
        self._useful_s = useful_s
        self._linger_s = linger_s
        self._logs = logs or LogOptions()
        self._index = index
        self._cache = cache
        self._tasks = tasks
        self._own = OwnMemory(own)
        self._room = room
        self._remedy = remedy
        self._clock = clock

    def __call__(self, question: Question, progress: ProgressListener) -> Outcome:
        """Never raises for what AWS or a person can do: that is an outcome. What `room` raises ends it.

        `progress` hears a first answer when the whole of it takes longer than a person should wait.
        """
        logs = self._logs if question.logs else replace(self._logs, wish="never")
        snapshot = self._read(question, logs, progress, self._first_answer(progress))
        if not isinstance(snapshot, Snapshot):
            return snapshot
        why_not = unreadable(snapshot)
        if why_not is not None:
            return Refused(message=explain(why_not), gaps=tuple(gap for _, gap in snapshot.gaps()))
        progress(Progress(step="judging", text="weighing what was read"))
        return self._remedy(Diagnosed(report=diagnose(snapshot), snapshot=snapshot))

    def logs(
        self, question: Question, wanted: Callable[[LogOptions], LogOptions], progress: ProgressListener
    ) -> Snapshot | Ambiguous | Unknown | Refused:
        """What the access logs say, and only what is needed to find them. `wanted` adapts the settings' options.

        The snapshot holds `AccessLogs`, or the gap that says why there are none.
        """
        return self._read(question, wanted(self._logs), progress, specs=leading_to(AccessLogs))

    def facts(
        self, question: Question, wanted: Sequence[type[Fact]], progress: ProgressListener
    ) -> Snapshot | Ambiguous | Unknown | Refused:
        """These facts about the target, and only what is needed to find them; no logs are read."""
        return self._read(question, replace(self._logs, wish="never"), progress, specs=leading_to(*wanted))

    def _read(
        self,
        question: Question,
        logs: LogOptions,
        progress: ProgressListener,
        first_answer: FirstAnswer | None = None,
        specs: Sequence[CollectorSpec] | None = None,
    ) -> Snapshot | Ambiguous | Unknown | Refused:
        window = window_of(question, self._clock())
        if isinstance(window, Refused):
            return window
        _load_meanwhile(with_logs=logs.wish != "never")
        meter = CallMeter()
        started_s = time.monotonic()
        located = locate(
            question,
            self._access,
            index=self._index,
            nicknames=self._nicknames,
            progress=progress,
            meter=meter,
            budget_s=self._budget_s / 2,
            patience_s=math.inf if self._useful_s is None else self._useful_s * SHARE_OF_A_STEP,
            room=self._room,
        )
        if not isinstance(located.outcome, Subject):
            return located.outcome
        subject = located.outcome.model_copy(update={"seen": question.seen})
        with self._room((subject.account,)):
            snapshot = collect(
                subject,
                window,
                self._access.reader(subject.account, subject.region, meter),
                clock=self._clock,
                progress=progress,
                cache=self._cache,
                cache_s=self._cache_s,
                refresh=question.refresh,
                budget_s=max(started_s + self._budget_s - time.monotonic(), 0.0),
                first_answer=first_answer,
                calls_before=located.delays,
                logs=logs,
                own=self._own,
                specs=specs,
            )
        return with_remembered(snapshot, self._tasks)

    def _first_answer(self, progress: ProgressListener) -> FirstAnswer | None:
        if self._useful_s is None:
            return None
        show = partial(_tell_so_far, progress, self._tasks)
        return FirstAnswer(show, useful_s=self._useful_s, linger_s=self._linger_s)


def _tell_so_far(progress: ProgressListener, tasks: TaskMemory | None, snapshot: Snapshot) -> None:
    if unreadable(snapshot) is None:
        snapshot = with_remembered(snapshot, tasks)
        unread = ", ".join(name.replace("_", " ") for name, gap in snapshot.gaps() if gap.error == STILL_BEING_READ)
        progress(Progress(step="reading", text=unread, so_far=diagnose(snapshot)))


@lru_cache
def _load_meanwhile(*, with_logs: bool) -> None:
    """What the first question of a process needs only after its first calls takes a second to import."""

    def load() -> None:
        all_signs()
        catalogue()
        if with_logs:
            importlib.import_module(LOG_ENGINE)
        importlib.import_module(FIXES).load()

    threading.Thread(target=load, name="load-meanwhile", daemon=True).start()


def diagnoser(
    settings: Settings,
    *,
    access: AwsAccess | None = None,
    index: ServiceIndex | None = None,
    cache: FactCache | None = None,
    tasks: TaskMemory | None = None,
    own: OwnRecords | None = None,
    room: Room = lambda _: nullcontext(),
    completes_answers: bool = False,
    asks_again: bool = False,
) -> Diagnoser:
    """The diagnosis that these settings describe. Makes no call.

    `access`: when others use it too; else it is made of the settings. `completes_answers`: whoever listens shows a
    first answer in time, so that the whole of it may come later. `asks_again`: the same question comes again and again,
    and what was scanned for money is used for the next ones too, even where everything else is to be read anew.
    """
    logs = replace(log_options_of(settings), earlier=EarlierScans() if asks_again else None)
    return Diagnoser(
        access or access_of(settings),
        nicknames=nicknames_of(settings),
        budget_s=settings.limits.diagnosis_s,
        useful_s=settings.limits.useful_answer_s,
        cache_s=settings.limits.cache_s,
        linger_s=LINGER_S if completes_answers else 0.0,
        logs=replace(logs, trail_lookups=LATER_LOOKUPS) if completes_answers else logs,
        index=index,
        cache=cache,
        tasks=tasks,
        own=own,
        room=room,
        remedy=partial(_remedied, settings),
    )


def _remedied(settings: Settings, found: Diagnosed) -> Diagnosed:
    """With the fixes for it. What they need is imported meanwhile, or here."""
    from bot.remediating import remedied

    return remedied(found, settings)


def access_of(
    settings: Settings,
    gate: RateGate | None = None,
    observer: Observer | None = None,
    limits: AccessLimits | None = None,
) -> AwsAccess:
    """The way to the accounts of the settings. `limits`: others than theirs."""
    accounts = tuple(
        Account(
            id=account.id,
            name=account.name,
            regions=account.regions,
            read_role=account.read_role,
            external_id=account.external_id.get_secret_value() if account.external_id else None,
        )
        for account in settings.accounts
    )
    usual = AccessLimits(parallel_per_service=settings.limits.aws_parallel_per_service)
    return AwsAccess(accounts, limits or usual, gate, observer)


def log_options_of(settings: Settings) -> LogOptions:
    """Budgets of the settings; Athena is off without a workgroup and a database."""
    budget, athena = settings.logs.local_budget, settings.logs.athena
    return LogOptions(
        budget=LogBudget(lines=budget.lines, bytes=budget.bytes, seconds=budget.seconds),
        athena=AthenaOptions(
            workgroup=athena.workgroup,
            database=athena.database,
            output=athena.output,
            max_bytes=athena.max_bytes,
            seconds=settings.limits.diagnosis_s,
        )
        if athena.workgroup and athena.database
        else None,
        app_log_scan_bytes=settings.logs.app_log_scan_bytes,
    )


def nicknames_of(settings: Settings) -> dict[str, Nickname]:
    return {
        name: Nickname(
            service=service.service,
            account=service.account,
            region=service.region,
            cluster=service.cluster,
            runbook=service.runbook,
        )
        for name, service in settings.services.items()
    }


def window_of(question: Question, now: datetime) -> Window | Refused:
    """The last hour, unless the question says otherwise; two weeks at most."""
    end = min(question.end or now, now)
    span = timedelta(seconds=question.since_s) if question.since_s else DEFAULT_WINDOW
    start = question.start or end - span
    if start >= end:
        return Refused(message="The time asked about must begin before it ends, and in the past.", bad_request=True)
    if end - start > MAX_WINDOW:
        return Refused(message=f"Ask about {MAX_WINDOW.days} days at most.", bad_request=True)
    return Window(start=start, end=end)


def unreadable(snapshot: Snapshot) -> Gap | None:
    """The gap to tell about when nothing that matters could be read."""
    for kinds, whatever in ((WHAT_MATTERS, True), (WHAT_IS_SEEN, False)):
        outcomes = [snapshot.get(kind) for kind in kinds]
        gaps = [one for one in outcomes if isinstance(one, Gap) and (whatever or one.kind == "expired")]
        if gaps and not any(isinstance(outcome, Fact) for outcome in outcomes):
            return gaps[0]
    return None
