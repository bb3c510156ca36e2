"""What AWS itself says of an alarm that a post named: whether it exists, its state, and what it watches.

A post is a pointer, no more. An alarm that does not exist, or that watches something else, leads nowhere.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from diagnostics.aws_access import AwsAccess, CallMeter
from diagnostics.locate.alarms import of_alarm
from diagnostics.locate.index import Catalogue, ServiceIndex
from diagnostics.locate.inquiry import Inquiry, Nickname
from diagnostics.locate.lookups.alarms import SeenAlarm, alarms_named
from diagnostics.locate.places import open_to
from diagnostics.locate.search import DEFAULT_BUDGET_S, Search
from diagnostics.locate.seen import Where
from diagnostics.question import Question, Refused, Unknown
from diagnostics.snapshot import Subject

ABOUT_THEN: Final = timedelta(minutes=5)
"""A post comes so soon after its change, as a rule."""


@dataclass(frozen=True, slots=True)
class KnownAlarm:
    """An alarm that exists and watches something that requests go through. `changed_at`: since when it has its state.

    `watches`: names its load balancer, or what else it is about; None when it watches several things, and `subject`
    that one thing. `words` are what a question about it says.
    """

    name: str
    account: str
    region: str
    state: str
    changed_at: datetime | None
    watches: str | None
    words: str
    subject: Subject | None = None


@dataclass(frozen=True, slots=True)
class NotOurs:
    """Nothing to answer, and why. `unread`: it could not be asked now, so that it may be tried again. `places`: where
    alarms of this name are that cannot be told apart."""

    why: str
    unread: bool = False
    places: tuple[Where, ...] = ()


def alarm_truth(
    name: str,
    access: AwsAccess,
    *,
    account: str | None = None,
    region: str | None = None,
    index: ServiceIndex | None = None,
    state: str = "ALARM",
    at: datetime | None = None,
    nicknames: Mapping[str, Nickname] | None = None,
    budget_s: float = DEFAULT_BUDGET_S,
) -> KnownAlarm | NotOurs:
    """Looks for the alarm in the places that may be read; without an account in all that have the region.

    Of several alarms of this name the one that is in this state is meant, and of several such the one that got there
    by the time of the post. Never raises for what AWS does.
    """
    meter, until_s = CallMeter(), time.monotonic() + budget_s
    scopes = open_to(access, meter, account, region, timeout_s=budget_s)
    if isinstance(scopes, Refused):
        return NotOurs(scopes.message, unread=bool(scopes.gaps))
    with Search(access, scopes, meter, budget_s=max(until_s - time.monotonic(), 0.0)) as search:
        inquiry = Inquiry(
            question=Question(words=name, account=account, region=region),
            search=search,
            catalogue=Catalogue.read(index, [place.where for place in search.places]),
            nicknames=nicknames or {},
            tell=lambda _: None,
        )
        found = search.everywhere(alarms_named((name,)))
        likely = _likely(found, state, at)
        if len(likely) != 1:
            unread = bool(search.gaps) and not found
            why = f"{len(found)} places have this alarm" if found else "no account that may be read has this alarm"
            return NotOurs(why, unread=unread, places=tuple(alarm.where for alarm in likely))
        alarm = likely[0]
        outcome = of_alarm(inquiry, alarm)
        if isinstance(outcome, Refused | Unknown):
            why = outcome.message if isinstance(outcome, Refused) else "what it watches does not exist"
            return NotOurs(why, unread=bool(search.gaps))
        where = alarm.where
        return KnownAlarm(
            name=alarm.name,
            account=where.account,
            region=where.region,
            state=alarm.state,
            changed_at=alarm.changed_at,
            watches=watched_thing(outcome) if isinstance(outcome, Subject) else None,
            words=alarm.arn or alarm.name,
            subject=outcome if isinstance(outcome, Subject) else None,
        )


def _likely(alarms: Sequence[SeenAlarm], state: str, at: datetime | None) -> Sequence[SeenAlarm]:
    if len(alarms) == 1:
        return alarms
    there = [alarm for alarm in alarms if alarm.state == state]
    if len(there) > 1 and at is not None:
        there = [alarm for alarm in there if alarm.changed_at and abs(alarm.changed_at - at) <= ABOUT_THEN]
    return there


def watched_thing(subject: Subject) -> str:
    """A name for all alarms about the same: that of its load balancer, where it has one."""
    if subject.load_balancers:
        return subject.load_balancers[0]
    own = subject.target_groups[:1] or ((subject.function,) if subject.function else ())
    return own[0] if own else f"{subject.account}/{subject.region}/{subject.cluster}/{subject.label}"
