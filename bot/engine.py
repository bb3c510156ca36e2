"""What a process is started with: what diagnoses, and what carries out fixes."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Literal, Protocol

from redis import Redis

from bot.alarming import AskAws
from bot.answering import Diagnose
from bot.ending import Ending
from bot.fix_lane import FixLane
from bot.jobs import Send
from bot.known_services import Known
from bot.ops import Check
from bot.own_changes import AuditedChanges
from bot.settings import Settings
from bot.store.audit import StoredAudit
from bot.store.facts import StoredFacts, StoredIndex
from bot.store.task_memory import StoredTasks
from bot.store.turns import SharedRateGate
from diagnostics.aws_access import RateGate
from diagnostics.collect.cache import FactCache
from diagnostics.collect.own_records import OwnRecords
from diagnostics.collect.task_memory import TaskMemory
from diagnostics.locate.index import ServiceIndex
from remediations.reading import ReadsSource

Role = Literal["all", "web", "worker", "executor"]


@dataclass(frozen=True, slots=True)
class Shared:
    """What every replica's diagnosis shares through the store."""

    cache: FactCache
    index: ServiceIndex
    gate: RateGate
    tasks: TaskMemory | None = None
    own: OwnRecords | None = None


def shared_through(redis: Redis) -> Shared:
    own = AuditedChanges(StoredAudit(redis))
    return Shared(StoredFacts(redis), StoredIndex(redis), SharedRateGate(redis), StoredTasks(redis), own)


@dataclass(frozen=True, slots=True)
class Engine:
    """What diagnoses. `alarm` says what AWS knows of an alarm; without it alarms are left alone. `reads` looks
    at what a fix is based on. `known` is what there is to ask about. `upkeep` is called at
    the start and then again and again, in the background. `has_room` raises `AccountFullError` where a job about an
    account would find all threads that it may have taken."""

    diagnose: Diagnose
    alarm: AskAws | None = None
    reads: ReadsSource | None = None
    upkeep: Callable[[], object] | None = None
    known: Callable[[], Known] | None = None
    has_room: Callable[[str], None] = lambda _: None


MakeEngine = Callable[[Settings, Shared], Engine]


class Fixing(Protocol):
    """What carries out fixes: the only part that may write to AWS."""

    def start(self, stack: ExitStack, checks: dict[str, Check], ending: Ending) -> None: ...


MakeFixing = Callable[[Settings, Redis, FixLane, Send], Fixing]
"""Called for the roles `all` and `executor` only. `Send` has people told about a ticket."""
