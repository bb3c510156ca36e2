"""Makes the calls that answer many reads at once: merged where that is the same, and alone where it was not."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from dataclasses import dataclass, field, replace
from typing import Final

from diagnostics.aws_access import Pages, Reader
from diagnostics.aws_access.failures import OUT_OF_TIME
from diagnostics.aws_access.pacing import SERIAL_SERVICES
from diagnostics.collect.calling import execute
from diagnostics.collect.collector import Read
from diagnostics.facts.fact import Gap, GapKind
from diagnostics.scan.merging import Call, Member, alone, planned, question
from diagnostics.scan.task_lists import TaskList

SAME_FOR_ALL: Final[frozenset[GapKind]] = frozenset({"denied", "expired", "not-enabled", "throttled", "timeout"})
"""Whoever asks alone is refused as well; any other failure may be the fault of one name in the list."""

ROUND_S: Final = 15.0

Answers = Mapping[str, Pages]
"""By `question`."""


@dataclass(slots=True)
class Asking:
    """Asks one region of one account. What is asked of a thing that many share is asked once, also later."""

    reader: Reader
    until: float
    """On the clock of `time.monotonic`."""
    round_s: float = ROUND_S
    """A call that hangs holds up all the others of its round no longer than this."""
    _pools: dict[str, ThreadPoolExecutor] = field(default_factory=dict)
    _kept: dict[str, Pages] = field(default_factory=dict)

    def close(self) -> None:
        for pool in self._pools.values():
            pool.shutdown(wait=False, cancel_futures=True)

    def answers(self, reads: Iterable[Read]) -> Answers:
        """Of every read. Those that are not answered in time, or at all, have a gap instead."""
        wanted = {question(read): read for read in reads}
        new = [read for asked, read in wanted.items() if asked not in self._kept]
        answered: dict[str, Pages] = {}
        calls = planned(new)
        again: list[Read] = []
        for call, pages in zip(calls, self._made(calls), strict=True):
            if not call.is_merged:
                answered[question(call.read)] = pages
                if _is_whole(pages):
                    self._kept[question(call.read)] = pages
            elif _holds_for_all(call, pages):
                answered |= {question(member.read): _share(call, member, pages) for member in call.members}
            else:
                again += [member.read for member in call.members]
        singly = self._run([alone(read) for read in again])
        answered |= {question(read): pages for read, pages in zip(again, singly, strict=True)}
        return {asked: answered.get(asked) or self._kept[asked] for asked in wanted}

    def _made(self, calls: Sequence[Call]) -> list[Pages]:
        """The answers to calls; of lists of tasks, the tasks themselves."""
        answers = self._run(calls)
        for number, (call, pages) in enumerate(zip(calls, answers, strict=True)):
            if isinstance(call.way, TaskList) and _is_whole(pages):
                told = self._run([alone(read) for read in call.way.described(call.read, pages.items)])
                items = tuple(item for one in told for item in one.items)
                gaps = tuple(gap for one in told for gap in one.gaps)
                calls_made = pages.calls + max((one.calls for one in told), default=0)
                answers[number] = replace(pages, items=items, gaps=gaps, calls=calls_made)
        return answers

    def _run(self, calls: Sequence[Call]) -> list[Pages]:
        # What the caller has bound to its context, such as an id for the logs, holds in the pools too.
        futures = [
            self._pool(call.read.service).submit(copy_context().run, execute, self.reader, call.read) for call in calls
        ]
        wait(futures, timeout=min(max(self.until - time.monotonic(), 0.0), self.round_s))
        return [_result(call.read, future) for call, future in zip(calls, futures, strict=True)]

    def _pool(self, service: str) -> ThreadPoolExecutor:
        if service not in self._pools:
            threads = 1 if service in SERIAL_SERVICES else self.reader.parallel_per_service
            self._pools[service] = ThreadPoolExecutor(threads, thread_name_prefix=f"scan-{service}")
        return self._pools[service]


def own_words(read: Read, pages: Pages) -> Pages:
    """The answer for somebody who asked the same in other words: its gaps name what this read names."""
    if not pages.gaps:
        return pages
    return replace(pages, gaps=tuple(_of(read, gap) for gap in pages.gaps))


def _of(read: Read, gap: Gap) -> Gap:
    """A role that could not be assumed stays what the gap is about."""
    return gap.model_copy(update={"resource": read.resource}) if gap.action == read.action else gap


def _result(read: Read, future: Future[Pages]) -> Pages:
    if future.done():
        return future.result()
    future.cancel()
    gap = Gap(action=read.action, resource=read.resource, error=OUT_OF_TIME, kind="timeout")
    return Pages(gaps=(gap,))


def _is_whole(pages: Pages) -> bool:
    return not pages.gaps and not pages.truncated and pages.missing is None


def _holds_for_all(call: Call, pages: Pages) -> bool:
    if _is_whole(pages):
        return True
    if pages.failed is None or pages.failed.kind not in SAME_FOR_ALL:
        return False
    return not (pages.failed.kind == "denied" and call.way is not None and call.way.by_resource)


def _share(call: Call, member: Member, pages: Pages) -> Pages:
    if pages.failed is not None:
        return own_words(member.read, pages)
    return replace(pages, items=call.share_of(member, pages.items))
