"""Asks AWS, region by region, which actions the role that reads is permitted. Reads only; bounded in calls and time."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final, Literal

from diagnostics.aws_access import Missing, Reader
from diagnostics.aws_access.actions import method_of
from diagnostics.aws_access.clock import WRONG_CLOCK
from diagnostics.aws_access.failures import (
    MALFORMED_ANSWER,
    NO_CONNECTION,
    NO_CREDENTIALS,
    NO_SUCH_PROFILE,
    OBJECT_TOO_LARGE,
    UNKNOWN_CREDENTIALS,
)
from diagnostics.facts.fact import Gap
from diagnostics.permissions.probes import NO_PLAN, PROBES, TURNS, UNASKED, Place, Probe

THREADS: Final = 8
FILE_BYTES: Final = 1
"""That more would come is known by then."""
FILE_S: Final = 5.0
GATE: Final = "elasticloadbalancing:DescribeLoadBalancers"
"""Asked before all others: whether the region answers at all."""
TOO_LATE: Final = "the time for looking was over"

_ENDS_IT: Final = frozenset({"expired", "not-enabled"})

Status = Literal["permitted", "denied", "unknown"]


@dataclass(frozen=True, slots=True)
class Probed:
    """What became of one action. `gap`: AWS's answer when it is not permitted, or nobody knows; `why` it is unknown."""

    action: str
    status: Status
    gap: Gap | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class RegionProbed:
    """`stopped_by`: why nothing else was asked there. `no_plan`: AWS Health is not for this account."""

    region: str
    actions: tuple[Probed, ...] = ()
    stopped_by: Gap | None = None
    no_plan: bool = False
    learned: Mapping[str, str] | None = None

    def denied(self) -> tuple[Probed, ...]:
        return tuple(one for one in self.actions if one.status == "denied")


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose credentials these are. `clock_s`: how far this machine's clock is ahead of AWS's, if AWS said the time."""

    account: str
    arn: str
    clock_s: float | None = None


def identity_of(reader: Reader) -> Identity | Gap:
    """https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html: it needs no permission."""
    answer = reader.call("sts", "get_caller_identity", expects=("Account", "Arn"))
    if isinstance(answer, Gap):
        return answer
    headers = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    return Identity(str(answer["Account"]), str(answer["Arn"]), ahead_s(headers.get("date"), datetime.now(UTC)))


def ahead_s(date: object, now: datetime) -> float | None:
    """By how much `now` is ahead of the time in an answer's header, which has no fractions of a second."""
    try:
        told = parsedate_to_datetime(str(date))
    except ValueError:
        return None
    return None if told.tzinfo is None else (now - told).total_seconds()


def probe(reader: Reader, place: Place, actions: Collection[str], until_s: float) -> RegionProbed:
    """Asks for each action once. `until_s`: on the monotonic clock; what was not asked by then is unknown."""
    first, found = _asked(reader, place, GATE, PROBES[GATE], until_s)
    if first.gap is not None and _stops(first.gap):
        return RegionProbed(place.region, stopped_by=first.gap)
    place = _with(place, found)
    results = {GATE: first} if GATE in actions else {}
    wanted = [action for action in sorted(actions) if action != GATE]
    with ThreadPoolExecutor(THREADS, thread_name_prefix="probe") as pool:
        for turn in range(TURNS):
            due = [action for action in wanted if action in PROBES and PROBES[action].turn == turn]
            asking = [pool.submit(copy_context().run, _asked, reader, place, one, PROBES[one], until_s) for one in due]
            for told, learned in (one.result() for one in asking):
                results[told.action] = told
                place = _with(place, learned)
    for action in wanted:
        if action not in PROBES:
            why = UNASKED.get(action, "no call of this version tells")
            results[action] = Probed(action, "unknown", why=why)
    gaps = (one.gap for one in results.values() if one.gap is not None)
    return RegionProbed(
        place.region,
        tuple(results[action] for action in sorted(results)),
        stopped_by=next((gap for gap in gaps if gap.kind in _ENDS_IT), None),
        no_plan=any(one.why == NO_PLAN for one in results.values()),
        learned=place.learned,
    )


def _asked(reader: Reader, place: Place, action: str, probe: Probe, until_s: float) -> tuple[Probed, dict[str, str]]:
    """The worst of the answers, and what they teach. Calls wait for their turn, so that each looks at the clock."""
    calls = list(probe.asks(place))
    if not calls:
        return Probed(action, "unknown", why=probe.lacks), {}
    learned: dict[str, str] = {}
    told: list[Probed] = []
    for parameters in calls:
        if time.monotonic() >= until_s:
            told.append(Probed(action, "unknown", why=TOO_LATE))
            break
        answer = _answer(reader, action, probe.proves, parameters)
        if isinstance(answer, Gap):
            told.append(_judged(action, answer))
            break
        if isinstance(answer, Missing):
            told.append(Probed(action, "permitted", why=NO_PLAN if answer.error == NO_PLAN else ""))
            continue
        told.append(Probed(action, "permitted"))
        learned = _taught(probe, answer)
        if learned:
            break
    return told[-1], learned


def _taught(probe: Probe, answer: Mapping[str, Any]) -> dict[str, str]:
    """An answer that lacks what it should have teaches nothing."""
    try:
        return probe.learns(answer)
    except (LookupError, TypeError, AttributeError):
        return {}


def _answer(
    reader: Reader, action: str, proves: Iterable[str], parameters: Mapping[str, Any]
) -> Mapping[str, Any] | Missing | Gap:
    if action == "s3:GetObject":
        return _opened(reader, tuple(proves), parameters)
    service, operation = method_of(action)
    return reader.find(service, operation, missing=tuple(proves), **parameters)


def _opened(reader: Reader, proves: tuple[str, ...], parameters: Mapping[str, Any]) -> Mapping[str, Any] | Gap:
    body = reader.download(parameters["Bucket"], parameters["Key"], max_bytes=FILE_BYTES, timeout_s=FILE_S)
    if isinstance(body, Gap) and body.error not in {OBJECT_TOO_LARGE, *proves}:
        return body
    return {}


def _judged(action: str, gap: Gap) -> Probed:
    if gap.kind == "denied" and gap.action == action:
        return Probed(action, "denied", gap)
    return Probed(action, "unknown", gap)


def _stops(gap: Gap) -> bool:
    """Whether every other call would fail for the same reason."""
    if gap.action == "sts:AssumeRole" or gap.kind in _ENDS_IT or gap.kind == "timeout":
        return True
    return gap.kind == "failed" and gap.error in _FOR_ALL_CALLS


_FOR_ALL_CALLS: Final = frozenset(
    {
        *NO_CONNECTION,
        *UNKNOWN_CREDENTIALS,
        MALFORMED_ANSWER,
        NO_CREDENTIALS,
        NO_SUCH_PROFILE,
        WRONG_CLOCK,
        "InvalidRegionError",
        "NoRegionError",
    }
)


def _with(place: Place, learned: Mapping[str, str]) -> Place:
    return replace(place, learned={**place.learned, **learned}) if learned else place
