"""One subject's collectors, run up to what they want to read next: who drives many of them can ask for all at once."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from diagnostics.aws_access import Pages
from diagnostics.collect.arguments import arguments, blocked
from diagnostics.collect.collector import CollectorSpec, Later, Now, Read, Reads
from diagnostics.collect.errand import Errand
from diagnostics.collect.log_options import LogOptions
from diagnostics.collect.own_records import OwnMemory
from diagnostics.collect.unread import broken, out_of_time
from diagnostics.facts import (
    ContainerInstances,
    EcsService,
    Fact,
    Gap,
    LambdaTargets,
    Listeners,
    LoadBalancerAttributes,
    LoadBalancers,
    Metrics,
    NetworkAcls,
    NetworkInterfaces,
    PrefixLists,
    RouteTables,
    RunningTasks,
    SecurityGroups,
    SiblingHealth,
    StoppedTasks,
    Subnets,
    Tags,
    TargetGroupAttributes,
    TargetGroups,
    TargetHealth,
)
from diagnostics.snapshot import Outcome, Snapshot, Subject, Window

FIRST_LOOK: Final[tuple[type[Fact], ...]] = (
    LoadBalancers,
    LoadBalancerAttributes,
    Listeners,
    TargetGroups,
    TargetGroupAttributes,
    TargetHealth,
    SiblingHealth,
    LambdaTargets,
    EcsService,
    RunningTasks,
    StoppedTasks,
    ContainerInstances,
    NetworkInterfaces,
    SecurityGroups,
    PrefixLists,
    Subnets,
    NetworkAcls,
    RouteTables,
    Tags,
    Metrics,
)
"""What is read of every service: what decides whether something is broken, and costs little for many together. Each
waits for others of these only."""

_logger = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class _Running:
    spec: CollectorSpec
    generator: Reads[Any]
    reads: Sequence[Read] = ()
    waiting_for: Later[Any] | None = None


@dataclass(slots=True, eq=False)
class Look:
    """`wanted` are the reads that all collectors stand at; `take` gives them the answers, in the same order."""

    subject: Subject
    window: Window
    now: Now
    specs: Sequence[CollectorSpec]
    outcomes: dict[type[Fact], Outcome] = field(default_factory=dict)
    _waiting: list[CollectorSpec] = field(default_factory=list)
    _running: dict[type[Fact], _Running] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._waiting = list(self.specs)
        self._go_on()

    def wanted(self) -> list[Read]:
        return [read for running in self._running.values() for read in running.reads]

    def take(self, answers: Sequence[Pages]) -> None:
        taken = 0
        for running in [one for one in self._running.values() if one.reads]:
            own = answers[taken : taken + len(running.reads)]
            taken += len(running.reads)
            self._advance(running, own)
        self._go_on()

    def give_up(self) -> None:
        """Leaves a gap for everything that is not read yet."""
        for running in self._running.values():
            running.generator.close()
        for spec in self.specs:
            if spec.yields not in self.outcomes:
                reading = self._running.get(spec.yields)
                self.outcomes[spec.yields] = out_of_time(spec, reading.reads if reading else (), ())
        self._running.clear()
        self._waiting.clear()

    def snapshot(self) -> Snapshot:
        return Snapshot(
            taken_at=self.now.at,
            subject=self.subject,
            window=self.window,
            facts={fact.name: outcome for fact, outcome in self.outcomes.items()},
        )

    def _go_on(self) -> None:
        """Start and resume whatever can be, until nothing can."""
        before = -1
        while before != len(self.outcomes):
            before = len(self.outcomes)
            for spec in [one for one in self._waiting if one.waits_for <= self.outcomes.keys()]:
                self._waiting.remove(spec)
                self._start(spec)
            for running in [one for one in self._running.values() if one.waiting_for]:
                later = running.waiting_for
                if later is not None and later.kind in self.outcomes:
                    running.waiting_for = None
                    later.settle(self.outcomes[later.kind])
                    self._advance(running, ())

    def _start(self, spec: CollectorSpec) -> None:
        outcome = blocked(spec, self.outcomes)
        if outcome is not None:
            self.outcomes[spec.yields] = outcome
            return
        running = _Running(spec, spec.function(**arguments(spec, self.outcomes, self._plain())))
        self._running[spec.yields] = running
        self._advance(running, None)

    def _plain(self) -> Mapping[str, Any]:
        return {
            "subject": self.subject,
            "window": self.window,
            "now": self.now,
            "logs": LogOptions(wish="never"),
            "memory": OwnMemory(),
        }

    def _advance(self, running: _Running, answers: Sequence[Pages] | None) -> None:
        """Up to the collector's next reads, its next wait, or its end."""
        asked, running.reads = running.reads, ()
        try:
            step = next(running.generator) if answers is None else running.generator.send(answers)
            while True:
                if isinstance(step, Later):
                    if step.kind not in self.outcomes:
                        running.waiting_for = step
                        return
                    step.settle(self.outcomes[step.kind])
                elif isinstance(step, Errand):
                    step.settle(out_of_time(running.spec, (), ()))
                elif step:
                    running.reads = step
                    return
                step = running.generator.send(())
        except StopIteration as end:
            self._finish(running, end.value)
        except Exception:
            _logger.exception("collecting %s failed", running.spec.yields.name)
            self._finish(running, broken(running.spec, asked))

    def _finish(self, running: _Running, outcome: Outcome) -> None:
        running.generator.close()
        self._running.pop(running.spec.yields, None)
        self.outcomes[running.spec.yields] = outcome


def known(spec: CollectorSpec, outcome: Outcome | None) -> CollectorSpec:
    """A collector whose fact was read a moment ago and is not read again; what was a gap is tried once more."""
    if outcome is None or isinstance(outcome, Gap) or (isinstance(outcome, Fact) and outcome.gaps):
        return spec

    def read_before() -> Reads[Any]:
        yield ()
        return outcome

    return CollectorSpec(spec.yields, (), cached=False, function=read_before)
