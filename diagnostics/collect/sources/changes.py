"""What CloudTrail recorded about the resources on this path: few look-ups, one after the other.

CloudTrail allows two look-ups a second for each account and region, so the likeliest resources are asked for first, and
others only where a first answer can be completed later.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from diagnostics.aws_access import Pages
from diagnostics.collect.answers import distinct, failures_of
from diagnostics.collect.collector import Later, Now, Read, Reads, collector
from diagnostics.collect.log_options import LogOptions
from diagnostics.collect.sources.changes_in_doubt import (
    DELETE_RULE,
    OF_RULES,
    STOP_TASK,
    cut_off,
    ended_targets,
    is_own_rule,
    leads_to,
    lost_hosts,
    priorities_have_a_hole,
    rule_may_be_gone,
    silent_outside,
    table_ids,
    taken_out,
)
from diagnostics.collect.sources.cloudtrail_events import change_of, lookup
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
    RouteTables,
    Rule,
    StoppedTasks,
    TargetHealth,
    Unread,
)
from diagnostics.facts.lambda_targets import unqualified
from diagnostics.snapshot import Subject, Window

MAX_LOOKUPS = 4
PATIENCE_S = 2.0
"""So long an answer may wait for CloudTrail alone; somebody else's look-ups in the account are in the same queue."""
MAX_GROUPS = 2
MAX_INSTANCES = 3
MAX_TABLES = 2
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
    tables: Later[RouteTables],
) -> Reads[Changes]:
    """https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html"""
    trail = _Trail(*_rounded(window, now))
    functions = _names_of([subject.function] if subject.function else [])
    known = distinct([*subject.target_groups[:1], subject.service, *functions])
    if not known and not subject.load_balancers:
        return NotApplicable(reason="no resource to look up changes for")
    yield service
    groups = service.outcome.security_groups if isinstance(service.outcome, EcsService) else ()
    first = [*groups[:1], *(known or subject.load_balancers)[:1], *functions[:1]]
    trail.take((yield trail.reads(first, up_to=MAX_LOOKUPS)))

    yield listeners
    more = list(_rules_in_doubt(subject, listeners.outcome))
    if not groups:
        yield interfaces
        yield health
        groups = _target_groups_of(interfaces.outcome, health.outcome)
        more += ended_targets(health.outcome)[:1]
        more += groups[:1]
        more += _functions_in(subject, health.outcome)[:1]
        if silent_outside(health.outcome):
            yield tables
            more += table_ids(tables.outcome)[:1]
    if len(subject.target_groups) > 1:
        yield health
        more += _in_trouble(subject.target_groups[1:], health.outcome)[:1]
    more += known
    if subject.target_groups and trail.knows_nothing_of(subject.target_groups[0]):
        # Some events name a target group by its ARN, some by its name.
        more.append(subject.target_groups[0].split("/")[-2])
    calls: Sequence[str] = OF_RULES if rule_may_be_gone(subject, listeners.outcome) else ()
    up_to = MAX_LOOKUPS + 1 if calls else MAX_LOOKUPS
    trail.take((yield trail.reads([*more, *groups[:MAX_GROUPS]], calls, up_to=up_to)))
    yield stopped
    by_hand, lost = _stopped_by_hand(stopped.outcome, window), lost_hosts(stopped.outcome, window)
    lately = list(lost[:1])
    if cut_off(stopped.outcome):
        yield tables
        lately += table_ids(tables.outcome)[:1]
    calls = (DELETE_RULE,) if priorities_have_a_hole(listeners.outcome) else ()
    trail.take((yield trail.reads(lately, calls, up_to=MAX_LOOKUPS)))
    if by_hand:
        trail.take((yield trail.reads((), [STOP_TASK], up_to=MAX_LOOKUPS + 1)))
    if options.trail_lookups > MAX_LOOKUPS:
        yield balancers
        yield acls
        yield health
        yield tables
        gone = [*ended_targets(health.outcome), *lost, *taken_out(trail.found(), subject, health.outcome)]
        others = [*groups, *_around(subject, balancers.outcome, acls.outcome), *_entrances(listeners.outcome)]
        calls = OF_RULES if isinstance(listeners.outcome, Listeners) else ()
        rest = [*gone[:MAX_INSTANCES], *table_ids(tables.outcome)[:MAX_TABLES], *others]
        trail.take((yield trail.reads(rest, calls, up_to=options.trail_lookups)))
    return trail.fact(subject, by_hand)


@dataclass(slots=True)
class _Trail:
    """What was asked so far, by the names of resources and of calls, and what came of it."""

    start: datetime
    end: datetime | None
    by_name: dict[str, Pages] = field(default_factory=dict)
    by_call: dict[str, Pages] = field(default_factory=dict)
    _pending: list[tuple[dict[str, Pages], str]] = field(default_factory=list)

    def reads(self, names: Iterable[str], calls: Iterable[str] = (), *, up_to: int) -> list[Read]:
        """Look-ups that were not made yet, calls first, so many that there are no more than `up_to` of them all."""
        wanted = [(self.by_call, call) for call in calls if call not in self.by_call]
        wanted += [(self.by_name, name) for name in distinct(names) if name not in self.by_name]
        self._pending = wanted[: max(up_to - len(self.by_name) - len(self.by_call), 0)]
        return [
            lookup("EventName" if kind is self.by_call else "ResourceName", value, self.start, self.end)
            for kind, value in self._pending
        ]

    def take(self, answers: Sequence[Pages]) -> None:
        for (kind, value), answer in zip(self._pending, answers, strict=True):
            kind[value] = answer

    def knows_nothing_of(self, name: str) -> bool:
        answer = self.by_name.get(name)
        return answer is not None and not answer.items and not answer.failed

    def found(self) -> Iterator[Change]:
        """Changes of the resources that were asked about."""
        changes = (change_of(raw) for answer in self.by_name.values() for raw in answer.items)
        return (change for change in changes if change is not None)

    def fact(self, subject: Subject, stopped_by_hand: frozenset[str]) -> Changes | Gap:
        """A call that was asked for by its name counts only where it was about this path; others make it everywhere."""
        answers = tuple(self.by_name.values())
        failures = [answer.failed for answer in answers if answer.failed]
        if len(failures) == len(answers):
            return failures[0]
        changes = {change.id: change for change in self.found()}
        for call, answer in self.by_call.items():
            for change in filter(None, map(change_of, answer.items)):
                if is_own_rule(change, subject) if call in OF_RULES else _stops_one_of(change, stopped_by_hand):
                    changes[change.id] = change
        return Changes(
            items=tuple(sorted(changes.values(), key=lambda change: change.at, reverse=True)),
            looked_up=tuple(name for name, answer in self.by_name.items() if not answer.failed),
            complete=not any(answer.truncated for answer in answers),
            gaps=failures_of((*answers, *self.by_call.values())),
        )


def _stopped_by_hand(stopped: StoppedTasks | Unread, window: Window) -> frozenset[str]:
    """Ids of tasks that somebody stopped; CloudTrail files such a call under no resource of this path."""
    return frozenset(
        task.id
        for task in (stopped.items if isinstance(stopped, StoppedTasks) else ())
        if task.stop_code == "UserInitiated" and task.stopped_at and window.start <= task.stopped_at <= window.end
    )


def _stops_one_of(change: Change, task_ids: frozenset[str]) -> bool:
    return str(change.request.get("task", "")).rsplit("/", 1)[-1] in task_ids


def _rounded(window: Window, now: Now) -> tuple[datetime, datetime | None]:
    seconds = int((window.start - LOOK_BACK).timestamp()) // ROUNDING_S * ROUNDING_S
    start = datetime.fromtimestamp(seconds, window.start.tzinfo)
    return start, None if now.at - window.end < STILL_OPEN else window.end


def _around(subject: Subject, balancers: LoadBalancers | Unread, acls: NetworkAcls | Unread) -> Iterator[str]:
    """What else the requests pass: network ACLs, load balancers with their security groups, the other target groups."""
    if isinstance(acls, NetworkAcls):
        yield from (acl.id for acl in acls.items)
    if isinstance(balancers, LoadBalancers):
        yield from (group for balancer in balancers.items for group in balancer.security_groups)
    yield from subject.load_balancers
    yield from subject.target_groups


def _entrances(listeners: Listeners | Unread) -> Iterator[str]:
    if isinstance(listeners, Listeners):
        yield from (listener.arn for listener in listeners.items)


def _rules_in_doubt(subject: Subject, listeners: Listeners | Unread) -> tuple[str, ...]:
    """Where to ask who bent the requests' way: a rule before the subject's own that answers errors by itself, with its
    listener, whose name a new rule is recorded under; or the listeners, when no rule leads to the subject."""
    if not isinstance(listeners, Listeners):
        return ()
    found: list[str] = []
    for listener in listeners.items:
        if listener.load_balancer_arn not in subject.load_balancers:
            continue
        own = [rule for rule in listener.rules if leads_to(rule, subject)]
        last = max((_position(rule) for rule in own), default=0.0)
        for rule in listener.rules:
            if _answers_errors(rule) and (rule.arn == subject.rule_arn or _position(rule) < last):
                found += [listener.arn] if rule.is_default else [rule.arn, listener.arn]
    if not any(leads_to(rule, subject) for _, rule in listeners.rules()):
        found += [item.arn for item in listeners.items if item.load_balancer_arn in subject.load_balancers][:1]
    return distinct(found)


def _answers_errors(rule: Rule) -> bool:
    return any(action.type == "fixed-response" and (action.status_code or 0) >= 500 for action in rule.actions)


def _position(rule: Rule) -> float:
    """Rules are tried in the order of their priority, the default rule last."""
    return float("inf") if rule.priority is None else rule.priority


def _in_trouble(target_groups: Sequence[str], health: TargetHealth | Unread) -> tuple[str, ...]:
    """Those of which a target is not well: their settings are likelier to have been changed."""
    if not isinstance(health, TargetHealth):
        return ()
    sick = {arn for arn, _ in health.in_state("unhealthy", "unused")}
    return tuple(arn for arn in target_groups if arn in sick or not health.by_group.get(arn, ()))


def _functions_in(subject: Subject, health: TargetHealth | Unread) -> tuple[str, ...]:
    """Names of the functions that are targets, where the question did not name one."""
    if subject.function or not isinstance(health, TargetHealth):
        return ()
    return _names_of(target.id for _, target in health.all() if ":function:" in target.id)[::2]


def _names_of(functions: Iterable[str]) -> tuple[str, ...]:
    """Each function's name and its ARN without qualifier: some events name it this way, some that."""
    arns = [unqualified(arn) for arn in functions]
    return distinct(name for arn in arns for name in (arn.rsplit(":", 1)[-1], arn))


def _target_groups_of(interfaces: NetworkInterfaces | Unread, health: TargetHealth | Unread) -> tuple[str, ...]:
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
