"""From a CloudWatch alarm to what it watches."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from diagnostics.aws_access import UnknownScopeError
from diagnostics.locate.alarm_dimensions import Watched
from diagnostics.locate.arns import arn_of, load_balancer_of_dimension, name_in, target_group_of_dimension
from diagnostics.locate.candidates import Thing, ambiguous
from diagnostics.locate.inquiry import Inquiry, Result, refused
from diagnostics.locate.lookups.alarms import SeenAlarm, alarms_named
from diagnostics.locate.lookups.containers import services_named
from diagnostics.locate.lookups.functions import function_named
from diagnostics.locate.lookups.load_balancing import load_balancers_with
from diagnostics.locate.search import Step
from diagnostics.locate.seen import Where
from diagnostics.locate.subjects import of_groups, of_thing, unreadable

MAX_DEPTH: Final = 5
MAX_ALARMS: Final = 100
MAX_WATCHED: Final = 20
MAX_PLACES_SHOWN: Final = 10


def of_alarms(inquiry: Inquiry, alarms: Sequence[SeenAlarm]) -> Result:
    """Alarms of one name: of several the one that is in ALARM. One delay for each level of a composite alarm."""
    alarm = chosen(alarms)
    if alarm is None:
        places = "; ".join(one.where.label for one in alarms[:MAX_PLACES_SHOWN])
        return refused(f"{len(alarms)} places have this alarm: {places}. Say which account and region.")
    return of_alarm(inquiry, alarm)


def chosen(alarms: Sequence[SeenAlarm]) -> SeenAlarm | None:
    """Which of the alarms of one name is meant: the only one, or the only one that is in ALARM."""
    firing = [alarm for alarm in alarms if alarm.state == "ALARM"]
    for few in (alarms, firing):
        if len(few) == 1:
            return few[0]
    return None


def of_alarm(inquiry: Inquiry, alarm: SeenAlarm) -> Result:
    """What this alarm watches."""
    inquiry.tell("reading what the alarm watches")
    watched = _all_watched(inquiry, alarm)
    accounts = list(dict.fromkeys(item.account or alarm.where.account for item in watched))
    if not accounts:
        what = f": it watches {alarm.metric}" if alarm.metric else ""
        return refused(f"This alarm is about no load balancer, target group, ECS service or function{what}.")
    if len(accounts) > 1:
        inquiry = inquiry.noting(f"the alarm watches {len(accounts)} accounts; this is about {accounts[0]}")
    where = alarm.where
    if accounts[0] != where.account:
        where = Where(account=accounts[0], region=where.region)
    mine = [item for item in watched if (item.account or alarm.where.account) == where.account]
    try:
        return _of_watched(inquiry, where, mine[:MAX_WATCHED])
    except UnknownScopeError:
        return refused(f"The alarm watches account {where.account}, which is not configured.")


def _all_watched(inquiry: Inquiry, alarm: SeenAlarm) -> list[Watched]:
    """Its own metrics and those of its children, their children and so on; no alarm twice, so a cycle ends."""
    watched = list(alarm.watched)
    asked = {alarm.name}
    following = alarm.children
    for _ in range(MAX_DEPTH):
        names = [name for name in dict.fromkeys(following) if name not in asked][: MAX_ALARMS - len(asked)]
        if not names:
            break
        asked.update(names)
        children = inquiry.search.together([(inquiry.search.place(alarm.where), alarms_named(names))])
        watched.extend(item for child in children for item in child.watched)
        following = tuple(name for child in children for name in child.children)
    return watched


def _of_watched(inquiry: Inquiry, where: Where, watched: Sequence[Watched]) -> Result:
    """The narrowest that still exists: target groups, then load balancers, services, functions."""
    groups = _arns(watched, "TargetGroup", where)
    balancers = _arns(watched, "LoadBalancer", where)
    if groups and (found := inquiry.groups(where, groups)):
        only = balancers[0] if len(balancers) == 1 else None
        return of_groups(inquiry, where, found, load_balancer=only)
    place = inquiry.search.place(where)
    steps: list[Step[Thing]] = [(place, load_balancers_with((arn,))) for arn in balancers]
    if not balancers:
        steps += [(place, services_named(cluster, (name,))) for cluster, name in _services(watched)]
        steps += [(place, function_named(name, qualifier)) for name, qualifier in _functions(watched)]
    things = inquiry.search.together(steps)
    if len(things) > 1:
        return ambiguous(inquiry.question.words, things)
    if things:
        return of_thing(inquiry, things[0])
    if inquiry.search.gaps:
        return unreadable(inquiry, "What the alarm watches")
    classic = next(
        (item.dimensions["LoadBalancerName"] for item in watched if "LoadBalancerName" in item.dimensions), None
    )
    if classic:
        return refused(f"The alarm watches the classic load balancer {classic}; alb502 reads application ones only.")
    gone = ", ".join(name_in(arn) for arn in (*groups, *balancers)) or _values(watched)
    return refused(f"The alarm watches {gone}, which does not exist (any more).")


def _arns(watched: Iterable[Watched], dimension: str, where: Where) -> tuple[str, ...]:
    read = target_group_of_dimension if dimension == "TargetGroup" else load_balancer_of_dimension
    wanted = (read(item.dimensions.get(dimension, "")) for item in watched)
    arns = (arn_of(one, where.account, where.region) for one in wanted if one is not None)
    return tuple(dict.fromkeys(arn for arn in arns if arn))


def _services(watched: Iterable[Watched]) -> list[tuple[str, str]]:
    found = ((item.dimensions.get("ClusterName"), item.dimensions.get("ServiceName")) for item in watched)
    return list(dict.fromkeys((cluster, name) for cluster, name in found if cluster and name))


def _functions(watched: Iterable[Watched]) -> list[tuple[str, str | None]]:
    """An alias has a dimension of its own, ``Resource=function:alias``."""
    found = []
    for item in watched:
        if name := item.dimensions.get("FunctionName"):
            _, _, qualifier = (item.resource or "").partition(":")
            found.append((name, qualifier or None))
    return list(dict.fromkeys(found))


def _values(watched: Iterable[Watched]) -> str:
    return ", ".join(dict.fromkeys(value for item in watched for value in item.dimensions.values()))
