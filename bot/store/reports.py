"""Reports and other answers: compressed, bounded in size and number, forgotten after a set time."""

from __future__ import annotations

import zlib
from typing import Final

from pydantic import BaseModel, TypeAdapter
from redis import Redis

from bot.store.keys import DAY_S, HOUR_S, key
from diagnostics.question import Ambiguous, Refused, Unknown
from diagnostics.report import Report
from handlers.ask import Answer, new_id

MAX_REPORT_BYTES: Final = 8_000_000
MAX_STORED_BYTES: Final = 1_000_000
MAX_REPORTS: Final = 20_000
ANSWER_KEEP_S: Final = HOUR_S

_KINDS: Final[dict[str, type[BaseModel]]] = {"ambiguous": Ambiguous, "unknown": Unknown, "refused": Refused}


class ReportTooLargeError(Exception):
    """A report that would take more room than one report may."""


class Reports:
    def __init__(self, redis: Redis, keep_days: int) -> None:
        self._redis = redis
        self._keep_s = keep_days * DAY_S

    def save(self, report: Report) -> None:
        """Keeps a report. Beyond `MAX_REPORTS` the oldest are dropped. Raises `ReportTooLargeError`."""
        packed = zlib.compress(report.to_json(indent=None).encode())
        if len(packed) > MAX_STORED_BYTES:
            raise ReportTooLargeError(report.id)
        made_at_s = report.made_at.timestamp()
        pipe = self._redis.pipeline(transaction=True)
        pipe.set(_report(report.id), packed, ex=self._keep_s)
        pipe.zadd(_index(), {report.id: made_at_s})
        pipe.zremrangebyscore(_index(), 0, made_at_s - self._keep_s)
        pipe.execute()
        self._drop_oldest()

    def load(self, report_id: str) -> Report | None:
        """The report, or None if there is none of this id (any more)."""
        packed = self._redis.get(_report(report_id))
        return None if packed is None else Report.from_json(_unpacked(packed))

    def put_answer(self, answer: Answer) -> str:
        """Keeps an answer until every asker has it; returns its id. A report is kept as `save` does."""
        if isinstance(answer, Report):
            self.save(answer)
            return f"report:{answer.id}"
        kind = next(word for word, model in _KINDS.items() if isinstance(answer, model))
        answer_id = f"{kind}:{new_id('a')}"
        self._redis.set(key("answer", answer_id), zlib.compress(answer.model_dump_json().encode()), ex=ANSWER_KEEP_S)
        return answer_id

    def answer(self, answer_id: str) -> Answer | None:
        """What `put_answer` kept, or None once it is forgotten."""
        kind, _, rest = answer_id.partition(":")
        if kind == "report":
            return self.load(rest)
        packed = self._redis.get(key("answer", answer_id))
        if packed is None or kind not in _KINDS:
            return None
        answer: Answer = TypeAdapter(_KINDS[kind]).validate_json(_unpacked(packed))
        return answer

    def _drop_oldest(self) -> None:
        surplus = self._redis.zcard(_index()) - MAX_REPORTS
        if surplus > 0:
            dropped = [raw.decode() for raw, _ in self._redis.zpopmin(_index(), surplus)]
            self._redis.delete(*(_report(report_id) for report_id in dropped))


def _unpacked(packed: bytes) -> bytes:
    """At most `MAX_REPORT_BYTES`, whatever the store holds."""
    return zlib.decompressobj().decompress(packed, MAX_REPORT_BYTES)


def _report(report_id: str) -> str:
    return key("report", report_id)


def _index() -> str:
    return key("reports")
