"""One read of a collector as a call, and how the delays of calls add up."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence

from diagnostics.aws_access import Pages, Reader
from diagnostics.aws_access.pacing import SERIAL_SERVICES
from diagnostics.collect.collector import Read
from diagnostics.facts.fact import Gap

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
        return Pages(gaps=(Gap(action=read.action, resource=read.resource, error="UnexpectedError"),), calls=1)


def still_being_read(read: Read) -> Pages:
    """The answer of a call that nobody waits for any more."""
    gap = Gap(
        action=read.action,
        resource=read.resource,
        error="StillBeingRead",
        kind="not-read",
        message=f"{_NAMES.get(read.service, read.service)} was still being read",
    )
    return Pages(gaps=(gap,))


def delays(reads: Sequence[Read], answers: Sequence[Pages]) -> int:
    """Calls of one round that waited for one another: pages do, and those of a service that is asked serially."""
    serial: Counter[str] = Counter()
    for read, answer in zip(reads, answers, strict=True):
        if read.service in SERIAL_SERVICES:
            serial[read.service] += answer.calls
    return max([*(answer.calls for answer in answers), *serial.values()], default=0)
