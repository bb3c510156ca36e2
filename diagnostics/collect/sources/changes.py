"""What CloudTrail recorded about the resources on this path: few look-ups, one after the other.

CloudTrail allows two look-ups a second for each account and region, so the likeliest resources are asked for first, and
others only where a first answer can be completed later.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from diagnostics.aws_access import Pages
from diagnostics.aws_access.failures import TOO_MANY_PAGES
from diagnostics.collect.answers import distinct
from diagnostics.collect.collector import Later, Now, Read, Reads, collector
from diagnostics.collect.log_options import LogOptions
from diagnostics.collect.sources.cloudtrail_events import change_of
from diagnostics.collect.sources.lambda_functions import unqualified
from diagnostics.facts import (
    Change,
    Changes,
    EcsService,
    Gap,
    Listeners,
    LoadBalancers,
    NetworkAcls,
    NetworkInterfaces,
    NotApplicable,
    Rule,
    StoppedTasks,
    TargetHealth,
)
from diagnostics.snapshot import Subject, Window

MAX_LOOKUPS = 4
PATIENCE_S = 2.0
"""So long an answer may wait for CloudTrail alone; somebody else's look-ups in the account are in the same queue."""
MAX_GROUPS = 2
MAX_RESULTS = 50
LOOK_BACK = timedelta(hours=3)
# Times in the request are rounded so that two questions shortly after one another are the same question.
ROUNDING_S = 300
# CloudTrail delivers late: a window that ended so recently is asked about without an end.
STILL_OPEN = timedelta(minutes=30)


@collector(cached=True, patience_s=PATIENCE_S)
def changes(
    subject: Subject,
    window: Window,
    now: Now,
    options: LogOptions,
    service: Later[EcsService],
    listeners: Later[Listeners],
    health: Later[TargetHealth],
    interfaces: Later[NetworkInterfaces],
    balancers: Later[LoadBalancers],
    acls: Later[NetworkAcls],
    stopped: Later[StoppedTasks],
) -> Reads[Changes]:
    """https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html"""
    start, end = _rounded(window, now)
    functions = _names_of([subject.function] if subject.function else [])
    known = distinct([*subject.target_groups[:1], subject.service, *functions])
    if not known and not subject.load_balancers:
        return NotApplicable(reason="no resource to look up changes for")
    yield service
    groups = service.outcome.security_groups if isinstance(service.outcome, EcsService) else ()
    asked = distinct([*groups[:1], *(known or subject.load_balancers)[:1], *functions[:1]])
    answers = list((yield [_lookup(name, start, end) for name in asked]))

    yield listeners
    more = list(_rules_in_doubt(subject, listeners.outcome))
    if not groups:
        yield interfaces
        yield health
        groups = _target_groups_of(interfaces.outcome, health.outcome)
        more += groups[:1]
        more += _functions_in(subject, health.outcome)[:1]
    if len(subject.target_groups) > 1:
        yield health
        more += _in_trouble(subject.target_groups[1:], health.outcome)[:1]
    more += known
    first = dict(zip(asked, answers, strict=True)).get(subject.target_groups[0]) if subject.target_groups else None
    if first is not None and not first.items and not first.failed:
        # Some events name a target group by its ARN, some by its name.
        more.append(subject.target_groups[0].split("/")[-2])
    rest = [name for name in distinct([*more, *groups[:MAX_GROUPS]]) if name not in asked]
    rest = rest[: MAX_LOOKUPS - len(asked)]
    answers += yield [_lookup(name, start, end) for name in rest]
    asked = (*asked, *rest)
    yield stopped
    by_hand = _stopped_by_hand(stopped.outcome, window)
    calls = (yield [_lookup("StopTask", start, end, by="EventName")]) if by_hand else ()
    if options.trail_lookups > MAX_LOOKUPS:
        yield balancers
        yield acls
        others = [*groups, *_around(subject, balancers.outcome, acls.outcome), *_entrances(listeners.outcome)]
        rest = [name for name in distinct(others) if name not in asked][: options.trail_lookups - len(asked)]
        answers += yield [_lookup(name, start, end) for name in rest]
        asked = (*asked, *rest)
    return _fact(answers, asked, _stops_of(by_hand, calls))


def _stopped_by_hand(stopped: StoppedTasks | Gap | NotApplicable, window: Window) -> frozenset[str]:
    """Ids of tasks that somebody stopped; CloudTrail files such a call under no resource of this path."""
    return frozenset(
        task.id
        for task in (stopped.items if isinstance(stopped, StoppedTasks) else ())
        if task.stop_code == "UserInitiated" and task.stopped_at and window.start <= task.stopped_at <= window.end
    )


def _stops_of(task_ids: frozenset[str], answers: Sequence[Pages]) -> tuple[Change, ...]:
    """The calls that stopped these tasks; other calls of StopTask in the account are not about this path."""
    changes = (change_of(raw) for answer in answers for raw in answer.items)
    return tuple(
        change
        for change in changes
        if change is not None and str(change.request.get("task", "")).rsplit("/", 1)[-1] in task_ids
    )


def _fact(answers: Sequence[Pages], asked: Sequence[str], more: Sequence[Change] = ()) -> Changes | Gap:
    failures = [answer.failed for answer in answers if answer.failed]
    if len(failures) == len(answers):
        return failures[0]
    found = {change.id: change for change in more}
    for raw in (event for answer in answers for event in answer.items):
        change = change_of(raw)
        if change is not None:
            found[change.id] = change
    return Changes(
        items=tuple(sorted(found.values(), key=lambda change: change.at, reverse=True)),
        looked_up=tuple(name for name, answer in zip(asked, answers, strict=True) if not answer.failed),
        complete=not any(answer.truncated for answer in answers),
        gaps=tuple(gap for answer in answers for gap in answer.gaps if gap.error != TOO_MANY_PAGES),
    )


def _lookup(name: str, start: datetime, end: datetime | None, by: str = "ResourceName") -> Read:
    parameters = {
        "LookupAttributes": [{"AttributeKey": by, "AttributeValue": name}],
        "StartTime": start,
        "MaxResults": MAX_RESULTS,
    }
    if end is not None:
        parameters["EndTime"] = end
    return Read("cloudtrail", "lookup_events", "Events", parameters, resource=name)


def _rounded(window: Window, now: Now) -> tuple[datetime, datetime | None]:
    seconds = int((window.start - LOOK_BACK).timestamp()) // ROUNDING_S * ROUNDING_S
    start = datetime.fromtimestamp(seconds, window.start.tzinfo)
    return start, None if now.at - window.end < STILL_OPEN else window.end


def _around(
    subject: Subject,
    balancers: LoadBalancers | Gap | NotApplicable,
    acls: NetworkAcls | Gap | NotApplicable,
) -> Iterator[str]:
    """What else the requests pass: network ACLs, load balancers with their security groups, the other target groups."""
    if isinstance(acls, NetworkAcls):
        yield from (acl.id for acl in acls.items)
    if isinstance(balancers, LoadBalancers):
        yield from (group for balancer in balancers.items for group in balancer.security_groups)
    yield from subject.load_balancers
    yield from subject.target_groups


def _entrances(listeners: Listeners | Gap | NotApplicable) -> Iterator[str]:
    if isinstance(listeners, Listeners):
        yield from (listener.arn for listener in listeners.items)


def _rules_in_doubt(subject: Subject, listeners: Listeners | Gap | NotApplicable) -> tuple[str, ...]:
    """Where to ask who bent the requests' way: a rule before the subject's own that answers errors by itself, with its
    listener, whose name a new rule is recorded under; or the listeners, when no rule leads to the subject."""
    if not isinstance(listeners, Listeners):
        return ()
    found: list[str] = []
    for listener in listeners.items:
        if listener.load_balancer_arn not in subject.load_balancers:
            continue
        own = [rule for rule in listener.rules if _leads_to(rule, subject)]
        last = max((_position(rule) for rule in own), default=0.0)
        for rule in listener.rules:
            if _answers_errors(rule) and (rule.arn == subject.rule_arn or _position(rule) < last):
                found += [listener.arn] if rule.is_default else [rule.arn, listener.arn]
    if not any(_leads_to(rule, subject) for _, rule in listeners.rules()):
        found += [item.arn for item in listeners.items if item.load_balancer_arn in subject.load_balancers][:1]
    return distinct(found)


def _leads_to(rule: Rule, subject: Subject) -> bool:
    return any(to.target_group_arn in subject.target_groups and to.weight > 0 for to in rule.forwards_to)


def _answers_errors(rule: Rule) -> bool:
    return any(action.type == "fixed-response" and (action.status_code or 0) >= 500 for action in rule.actions)


def _position(rule: Rule) -> float:
    """Rules are tried in the order of their priority, the default rule last."""
    return float("inf") if rule.priority is None else rule.priority


def _in_trouble(target_groups: Sequence[str], health: TargetHealth | Gap | NotApplicable) -> tuple[str, ...]:
    """Those of which a target is not well: their settings are likelier to have been changed."""
    if not isinstance(health, TargetHealth):
        return ()
    sick = {arn for arn, _ in health.in_state("unhealthy", "unused")}
    return tuple(arn for arn in target_groups if arn in sick or not health.by_group.get(arn, ()))


def _functions_in(subject: Subject, health: TargetHealth | Gap | NotApplicable) -> tuple[str, ...]:
    """Names of the functions that are targets, where the question did not name one."""
    if subject.function or not isinstance(health, TargetHealth):
        return ()
    return _names_of(target.id for _, target in health.all() if ":function:" in target.id)[::2]


def _names_of(functions: Iterable[str]) -> tuple[str, ...]:
    """Each function's name and its ARN without qualifier: some events name it this way, some that."""
    arns = [unqualified(arn) for arn in functions]
    return distinct(name for arn in arns for name in (arn.rsplit(":", 1)[-1], arn))


def _target_groups_of(
    interfaces: NetworkInterfaces | Gap | NotApplicable, health: TargetHealth | Gap | NotApplicable
) -> tuple[str, ...]:
    """Security groups of the targets, not of the load balancer's nodes."""
    if not isinstance(interfaces, NetworkInterfaces) or not isinstance(health, TargetHealth):
        return ()
    targets = {target.id for _, target in health.all()}
    return distinct(
        group
        for interface in interfaces.items
        if interface.instance_id in targets or targets & {*interface.private_ips, *interface.ipv6_addresses}
        for group in interface.security_groups
    )
