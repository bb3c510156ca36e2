"""Whether AWS refused a request because of this machine's clock.

A request carries the time at which it was signed; AWS refuses it when that is more than 5 minutes (15 for some
services) from its own time.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html
https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#ErrorCodeList
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

WRONG_CLOCK: Final = "WrongClock"
SET_IT: Final = "set it, for example with chrony, and ask again"

REQUEST_EXPIRED: Final = "RequestExpired"
"""EC2 says so of a request that was signed too long ago, and of credentials that have expired."""

_CODES: Final = frozenset({REQUEST_EXPIRED, "RequestInTheFuture", "RequestTimeTooSkewed"})
_SIGNED: Final = re.compile(r"Signature (?:expired|not yet current): (\d{8}T\d{6}Z) ")
_OF_AWS: Final = re.compile(r"\((\d{8}T\d{6}Z) [-+] \d+ min\.\)")


def wrong_clock(code: str, message: str) -> str | None:
    """What is wrong with the clock, as part of a sentence; None when the error is another one."""
    signed = _SIGNED.match(message)
    if code not in _CODES and signed is None:
        return None
    now = _OF_AWS.search(message)
    off = _off(signed.group(1), now.group(1)) if signed and now else "wrong"
    if code == REQUEST_EXPIRED:
        off += ", or the credentials have expired"
    return f"the clock of this machine is {off}, so AWS refuses what it signs"


def _off(signed: str, now: str) -> str:
    try:
        minutes = round((_time(signed) - _time(now)).total_seconds() / 60)
    except ValueError:
        return "wrong"
    return f"{abs(minutes):,} minutes {'fast' if minutes > 0 else 'slow'}"


def _time(stamp: str) -> datetime:
    return datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
