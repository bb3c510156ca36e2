"""Runs the collectors, each as soon as its inputs exist, with all calls in one bounded pool. Never fails as a whole."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Container, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from diagnostics.aws_access import CallMeter, Pages, Reader
from diagnostics.aws_access.pacing import SERIAL_SERVICES
from diagnostics.collect import graph
from diagnostics.collect.arguments import arguments, blocked
from diagnostics.collect.cache import FactCache, Shelf
from diagnostics.collect.calling import delays, execute, read_stats, still_being_read
from diagnostics.collect.collector import CollectorSpec, Later, Now, Read, Reads
from diagnostics.collect.errand import Errand, Leash
from diagnostics.collect.first_answer import FirstAnswer
from diagnostics.collect.log_options import LogOptions
from diagnostics.collect.own_records import OwnMemory
from diagnostics.collect.unread import broken, failed, out_of_time, still_reading
from diagnostics.facts.fact import Fact, Gap
from diagnostics.question import Progress, ProgressListener
from diagnostics.snapshot import Outcome, Snapshot, Subject, Window

POOL_THREADS = 28
DEFAULT_BUDGET_S = 60.0
DEFAULT_CACHE_S = 30
ERRAND_MARGIN_S = 1.0
"""An errand ends so long before the collection, so that what it found is part of it."""
TIDY_UP_S = 3.0
"""How long errands that were called back may take to end what they began at AWS."""

_logger = logging.getLogger(__name__)


def collect(
    subject: Subject,
    window: Window,
    reader: Reader,
    *,
    clock: Callable[[], datetime],
    progress: ProgressListener | None = None,
    cache: FactCache | None = None,
    cache_s: int = DEFAULT_CACHE_S,
    refresh: bool = False,
    budget_s: float = DEFAULT_BUDGET_S,
    calls_before: int = 0,
    logs: LogOptions | None = None,
    own: OwnMemory | None = None,
    specs: Sequence[CollectorSpec] | None = None,
    first_answer: FirstAnswer | None = None,
) -> Snapshot:
    """Everything about `subject` that can be read within `budget_s` seconds; what could not be is a gap.

    `cache` may answer for configuration and logs up to `cache_s` seconds old, unless `refresh`; health, tasks, the
    service and metrics are always read. `calls_before`: dependent calls that led to the subject, for the longest chain.
    Calls that are under way when the time is up are left to their own timeouts; errands are called back.
    """
    pool = ThreadPoolExecutor(max_workers=POOL_THREADS, thread_name_prefix="collect")
    now, options = Now(clock()), logs or LogOptions()
    collection = _Collection(
        specs=graph.all_collectors() if specs is None else specs,
        calls_before=calls_before,
        first_answer=first_answer,
        subject=subject,
        window=window,
        now=now,
        reader=reader,
        pool=pool,
        progress=progress,
        logs=options,
        memory=own or OwnMemory(),
        log_reader=reader.metered(CallMeter()),
        shelf=Shelf(cache, cache_s, refresh, reader.account_id, reader.region, subject, window, now.at, options),
    )
    try:
        collection.run(until=collection.started + budget_s)
    finally:
        collection.call_back()
        pool.shutdown(wait=False, cancel_futures=True)
    return collection.snapshot()


@dataclass(slots=True, eq=False)
class _Running:
    """`depth`: calls behind it that waited for one another. `left`: nobody waits for what it still wants to read.
    `context` is what its calls run in, with what the caller has bound, such as an id for the logs."""

    spec: CollectorSpec
    generator: Reads[Any]
    depth: int
    context: Context
    told: Callable[[str], None]
    rounds: int = 0
    key: str | None = None
    reads: Sequence[Read] = ()
    answers: dict[int, Pages] = field(default_factory=dict)
    waiting_for: Later[Any] | None = None
    left: bool = False


@dataclass(slots=True, eq=False)
class _Collection:
    specs: Sequence[CollectorSpec]
    calls_before: int
    first_answer: FirstAnswer | None
    subject: Subject
    window: Window
    now: Now
    reader: Reader
    pool: ThreadPoolExecutor
    progress: ProgressListener | None
    logs: LogOptions
    memory: OwnMemory
    log_reader: Reader
    shelf: Shelf
    started: float = field(default_factory=time.monotonic)
    outcomes: dict[type[Fact], Outcome] = field(default_factory=dict)
    depths: dict[type[Fact], int] = field(default_factory=dict)
    _running: dict[type[Fact], _Running] = field(default_factory=dict)
    _parked: dict[type[Fact], list[_Running]] = field(default_factory=lambda: defaultdict(list))
    _queues: dict[str, deque[tuple[_Running, int]]] = field(default_factory=lambda: defaultdict(deque))
    _in_flight: Counter[str] = field(default_factory=Counter)
    _futures: dict[Future[Pages], tuple[_Running, int]] = field(default_factory=dict)
    _errands: dict[Future[Any], tuple[_Running, Errand[Any], float]] = field(default_factory=dict)
    _called_back: threading.Event = field(default_factory=threading.Event)
    _telling: threading.Lock = field(default_factory=threading.Lock)
    _until: float = 0.0
    _alone_since: float | None = None

    def snapshot(self) -> Snapshot:
        """What there is; of the facts that are still being read, the gap that says so."""
        own = {spec.yields for spec in self.specs if spec.own_budget}
        chains = (depth for fact, depth in self.depths.items() if fact not in own)
        stats = read_stats(
            self.reader.meter.usage(),
            self.log_reader.meter.usage(),
            longest_chain=self.calls_before + max(chains, default=0),
            seconds=time.monotonic() - self.started,
            shelf=self.shelf,
        )
        facts = {
            spec.yields: self.outcomes.get(spec.yields) or self._unread(spec, still_reading) for spec in self.specs
        }
        return Snapshot(
            taken_at=self.now.at,
            subject=self.subject,
            window=self.window,
            facts={fact.name: outcome for fact, outcome in facts.items()},
            stats=stats,
        )

    def call_back(self) -> None:
        """Ends the errands that are still under way, and gives them a moment to leave nothing running behind."""
        self._called_back.set()
        if self._errands:
            wait(self._errands, timeout=TIDY_UP_S)

    def run(self, until: float) -> None:
        self._until = until
        by_fact = {spec.yields: spec for spec in self.specs}
        sorter = graph.order(self.specs)
        finished: set[type[Fact]] = set()
        while sorter.is_active():
            for fact in sorter.get_ready():
                self._start(by_fact[fact])
            newly = set(self.outcomes) - finished
            if newly:
                finished |= newly
                sorter.done(*newly)
                continue
            self._submit()
            patient_until = self._patience_ends()
            first = self.first_answer
            if self._await(min(until, patient_until or until, first.at if first else until)):
                continue
            if first and first.is_shown_now(self.snapshot):
                continue
            if patient_until is None or not self._leave():
                break
        self._give_up()

    def _start(self, spec: CollectorSpec) -> None:
        outcome = blocked(spec, self.outcomes)
        if outcome is not None:
            self.depths[spec.yields] = 0
            self._conclude(spec, outcome)
            return
        depth = max((self.depths[fact] for fact in spec.waits_for), default=0)
        generator, context = spec.function(**arguments(spec, self.outcomes, self._plain())), copy_context()
        told = context.run(self.reader.observer.collecting, spec.yields.name)
        running = _Running(spec, generator, depth, context, told)
        self._running[spec.yields] = running
        self._advance(running, None)

    def _plain(self) -> dict[str, Any]:
        return {
            "subject": self.subject,
            "window": self.window,
            "now": self.now,
            "logs": self.logs,
            "memory": self.memory,
        }

    def _advance(self, running: _Running, answers: Sequence[Pages] | None) -> None:
        """Run a collector up to its next calls, its next wait, or its end."""
        try:
            step = next(running.generator) if answers is None else running.generator.send(answers)
            while True:
                unread: Sequence[Pages] = ()
                if isinstance(step, Later):
                    if step.kind not in self.outcomes:
                        running.waiting_for = step
                        self._parked[step.kind].append(running)
                        return
                    self._settle(running, step)
                elif isinstance(step, Errand):
                    if not running.left:
                        self._send_off(running, step)
                        return
                    step.settle(still_reading(running.spec, (), ()))
                elif running.left:
                    unread = [still_being_read(read) for read in step]
                elif step:
                    if not self._found_on_shelf(running, step):
                        self._enqueue(running, step)
                    return
                step = running.generator.send(unread)
        except StopIteration as end:
            self._finish(running, end.value)
        except Exception:
            _logger.exception("collecting %s failed", running.spec.yields.name)
            self._finish(running, broken(running.spec, running.reads))

    def _settle(self, running: _Running, later: Later[Any]) -> None:
        later.settle(self.outcomes[later.kind])
        running.waiting_for = None
        running.depth = max(running.depth, self.depths[later.kind])

    def _found_on_shelf(self, running: _Running, reads: Sequence[Read]) -> bool:
        if running.rounds:
            return False
        running.key = self.shelf.key(running.spec, reads)
        found = self.shelf.find(running.spec, running.key) if running.key else None
        if found is None:
            return False
        running.key = None
        self._finish(running, found)
        return True

    def _enqueue(self, running: _Running, reads: Sequence[Read]) -> None:
        running.rounds += 1
        running.reads = reads
        running.answers = {}
        for index, read in enumerate(reads):
            self._queues[read.service].append((running, index))

    def _submit(self) -> None:
        """Hand calls to the pool, so few per service that none of its threads stands in a queue."""
        for service, queue in self._queues.items():
            limit = 1 if service in SERIAL_SERVICES else self.reader.parallel_per_service
            while queue and self._in_flight[service] < limit:
                running, index = queue.popleft()
                self._in_flight[service] += 1
                run = running.context.copy().run
                reader = self.log_reader if running.spec.own_budget else self.reader
                self._futures[self.pool.submit(run, execute, reader, running.reads[index])] = (running, index)

    def _send_off(self, running: _Running, errand: Errand[Any]) -> None:
        until = min(time.monotonic() + errand.seconds, self._until - ERRAND_MARGIN_S)
        leash = Leash(until, self._say, self._called_back, None if self.shelf.refresh else self.shelf.cache)
        run = running.context.copy().run
        self._errands[self.pool.submit(run, errand.run, self.log_reader, leash)] = (running, errand, until)

    def _await(self, until: float) -> bool:
        """Take in at least one answer; False when the time is up."""
        left_s = until - time.monotonic()
        under_way = [*self._futures, *self._errands]
        done = wait(under_way, timeout=max(left_s, 0.0), return_when=FIRST_COMPLETED).done
        for future in done:
            if future in self._errands:
                running, errand, _ = self._errands.pop(future)
                if not running.left:
                    errand.settle(_result(future, running))
                    self._advance(running, ())
                continue
            running, index = self._futures.pop(future)
            read = running.reads[index]
            self._in_flight[read.service] -= 1
            running.answers[index] = future.result()
            if len(running.answers) == len(running.reads):
                answers = [running.answers[number] for number in range(len(running.reads))]
                running.depth += delays(running.reads, answers)
                self._advance(running, answers)
        return bool(done)

    def _patience_ends(self) -> float | None:
        """When the collection stops to wait for the collectors that are still running; None while any of them is one
        that it waits for to the end. An errand that was sent off has its time, as it may have cost money by then."""
        patience = [running.spec.patience_s for running in self._running.values()]
        if not patience or None in patience:
            self._alone_since = None
            return None
        self._alone_since = self._alone_since or time.monotonic()
        patient_until = self._alone_since + max(seconds for seconds in patience if seconds is not None)
        if self.first_answer:
            patient_until = self.first_answer.patience_until(patient_until)
        errands_end = (until + ERRAND_MARGIN_S for _, _, until in self._errands.values())
        return max([patient_until, *errands_end])

    def _leave(self) -> bool:
        """Let the running collectors end with what they have; False when the whole collection's time is up."""
        if time.monotonic() >= self._until:
            return False
        errands = {id(running): errand for running, errand, _ in self._errands.values()}
        for running in tuple(self._running.values()):
            running.left, running.key = True, None
            if errand := errands.get(id(running)):
                errand.settle(still_reading(running.spec, (), ()))
                self._advance(running, ())
                continue
            for queue in self._queues.values():
                for waiting in [item for item in queue if item[0] is running]:
                    queue.remove(waiting)
            for future in [future for future, (owner, _) in self._futures.items() if owner is running]:
                _, index = self._futures.pop(future)
                self._in_flight[running.reads[index].service] -= 1
                future.cancel()
            reads = enumerate(running.reads)
            answers = [running.answers.get(index) or still_being_read(read) for index, read in reads]
            running.depth += delays(running.reads, answers)
            self._advance(running, answers)
        return True

    def _finish(self, running: _Running, outcome: Outcome) -> None:
        self._end(running, "read" if isinstance(outcome, Fact) else type(outcome).__name__.lower())
        fact = running.spec.yields
        self._running.pop(fact, None)
        self.depths[fact] = running.depth
        if running.key:
            self.shelf.keep(running.key, outcome)
        self._conclude(running.spec, outcome)

    def _end(self, running: _Running, result: str) -> None:
        running.generator.close()
        running.context.run(running.told, result)

    def _conclude(self, spec: CollectorSpec, outcome: Outcome) -> None:
        fact = spec.yields
        self.outcomes[fact] = outcome
        self._say(fact.name.replace("_", " "))
        for parked in self._parked.pop(fact, []):
            later = parked.waiting_for
            if later is not None:
                self._settle(parked, later)
                self._advance(parked, ())

    def _say(self, words: str) -> None:
        """Errands tell from their own threads; a listener hears one after the other."""
        if self.progress is None:
            return
        try:
            with self._telling:
                self.progress(Progress(step="reading", text=words, done=len(self.outcomes), total=len(self.specs)))
        except Exception:
            _logger.exception("a progress listener failed")

    def _give_up(self) -> None:
        """Leave a gap for everything that has no outcome yet."""
        for future in self._futures:
            future.cancel()
        for spec in self.specs:
            if spec.yields in self.outcomes:
                continue
            outcome = self._unread(spec, out_of_time)
            running = self._running.pop(spec.yields, None)
            if running is not None:
                self._end(running, "out of time")
            self.outcomes[spec.yields] = outcome

    def _unread(self, spec: CollectorSpec, why: Callable[[CollectorSpec, Sequence[Read], Container[int]], Gap]) -> Gap:
        running = self._running.get(spec.yields)
        return why(spec, running.reads, running.answers) if running else why(spec, (), ())


def _result(future: Future[Any], running: _Running) -> Any:
    try:
        return future.result()
    except Exception:
        _logger.exception("reading %s failed unexpectedly", running.spec.yields.name)
        return failed(running.spec)
