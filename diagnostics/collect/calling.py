"""One read of a collector as a call, and how the delays of calls add up."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence

from diagnostics.aws_access import Pages, Reader, Usage
from diagnostics.aws_access.pacing import SERIAL_SERVICES
from diagnostics.collect.cache import Shelf
from diagnostics.collect.collector import Read
from diagnostics.collect.unread import STILL_BEING_READ
from diagnostics.facts.fact import Gap
from diagnostics.snapshot import ReadStats

_NAMES = {"cloudtrail": "CloudTrail"}

_logger = logging.getLogger(__name__)


def execute(reader: Reader, read: Read) -> Pages:
    """What AWS answers; a fault of our own is a gap too."""
    try:
        return reader.pages(
            read.service,
            read.operation,
            read.key,
            max_pages=read.max_pages,
            resource=read.resource,
            missing=read.missing,
            may_lack_key=read.may_lack_key,
            **read.params,
        )
    except Exception:
        _logger.exception("%s failed unexpectedly", read.action)
        return Pages(gaps=(Gap(action=read.action, resource=str(read.resource), error="UnexpectedError"),), calls=1)


def still_being_read(read: Read) -> Pages:
    """The answer of a call that nobody waits for any more."""
    gap = Gap(
        action=read.action,
        resource=str(read.resource),
        error=STILL_BEING_READ,
        kind="not-read",
        message=f"{_NAMES.get(read.service, read.service)} was still being read",
    )
    return Pages(gaps=(gap,))


def read_stats(usage: Usage, log_usage: Usage, *, longest_chain: int, seconds: float, shelf: Shelf) -> ReadStats:
    """What a collection has cost; log reads have a budget of their own and are told apart."""
    return ReadStats(
        aws_calls=usage.calls,
        aws_seconds=round(usage.seconds, 3),
        longest_chain=longest_chain,
        seconds=round(seconds, 3),
        cache_hits=shelf.hits,
        cache_age_s=shelf.oldest_s,
        calls_by_action=dict(Counter(usage.by_action) + Counter(log_usage.by_action)),
        log_calls=log_usage.calls,
    )


def delays(reads: Sequence[Read], answers: Sequence[Pages]) -> int:
    """Calls of one round that waited for one another: pages do, and those of a service that is asked serially."""
    serial: Counter[str] = Counter()
    for read, answer in zip(reads, answers, strict=True):
        if read.service in SERIAL_SERVICES:
            serial[read.service] += answer.calls
    return max([*(answer.calls for answer in answers), *serial.values()], default=0)
