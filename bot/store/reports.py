"""Reports and other answers: compressed, bounded in size and number, forgotten after a set time."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from redis import Redis

from bot.store.keys import DAY_S, HOUR_S, key, texts_of
from bot.store.packing import packed, unpacked
from bot.store.reading import read
from diagnostics.facts.fact import Frozen
from diagnostics.question import Ambiguous, Refused, Unknown
from diagnostics.report import Report
from handlers.ask import Answer, new_id

MAX_REPORT_BYTES: Final = 8_000_000
MAX_STORED_BYTES: Final = 1_000_000
MAX_REPORTS: Final = 20_000
ANSWER_KEEP_S: Final = HOUR_S


class ReportTooLargeError(Exception):
    """A report that would take more room than one report may."""


class _Kept(Frozen):
    """An answer as it is kept; a report is named, since it has a key of its own."""

    report_id: str | None = None
    other: Ambiguous | Unknown | Refused | None = None
    facts_at: datetime | None = None


class Reports:
    def __init__(self, redis: Redis, keep_days: int) -> None:
        self._redis = redis
        self._keep_s = keep_days * DAY_S

    def save(self, report: Report) -> None:
        """Keeps a report. Beyond `MAX_REPORTS` the oldest are dropped. Raises `ReportTooLargeError`."""
        small = packed(report.to_json(indent=None))
        if len(small) > MAX_STORED_BYTES:
            raise ReportTooLargeError(report.id)
        made_at_s = report.made_at.timestamp()
        pipe = self._redis.pipeline(transaction=True)
        pipe.set(_report(report.id), small, ex=self._keep_s)
        pipe.zadd(_index(), {report.id: made_at_s})
        pipe.zremrangebyscore(_index(), 0, made_at_s - self._keep_s)
        pipe.expire(_index(), self._keep_s)
        pipe.execute()
        self._drop_oldest()

    def load(self, report_id: str) -> Report | None:
        """The report, or None if there is none of this id (any more)."""
        return read(Report, unpacked(self._redis.get(_report(report_id)), MAX_REPORT_BYTES))

    def put_answer(self, answer: Answer, facts_at: datetime | None = None) -> str:
        """Keeps an answer until every asker has it; returns its id. A report is kept as `save` does as well.

        `facts_at` is when the oldest fact behind it was read, None if all were read for it.
        """
        if isinstance(answer, Report):
            self.save(answer)
            kept = _Kept(report_id=answer.id, facts_at=facts_at)
        else:
            kept = _Kept(other=answer, facts_at=facts_at)
        answer_id = new_id("a")
        self._redis.set(_answer(answer_id), packed(kept.model_dump_json()), ex=ANSWER_KEEP_S)
        return answer_id

    def answer(self, answer_id: str) -> tuple[Answer, datetime | None] | None:
        """What `put_answer` kept and when its oldest fact was read; None once it is forgotten."""
        kept = read(_Kept, unpacked(self._redis.get(_answer(answer_id)), MAX_REPORT_BYTES))
        if kept is None:
            return None
        answer = kept.other if kept.report_id is None else self.load(kept.report_id)
        return None if answer is None else (answer, kept.facts_at)

    def _drop_oldest(self) -> None:
        if surplus := texts_of(self._redis.zrange(_index(), 0, -(MAX_REPORTS + 1))):
            self._redis.delete(*map(_report, surplus))
            self._redis.zrem(_index(), *surplus)


def _report(report_id: str) -> str:
    return key("report", report_id)


def _index() -> str:
    return key("reports")


def _answer(answer_id: str) -> str:
    return key("answer", answer_id)
