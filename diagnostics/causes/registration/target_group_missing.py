"""Something still names a target group that was deleted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

from diagnostics.causes.cause import Evidence, Facts, Finding, cause, decisive, supporting
from diagnostics.facts import Changes, EcsService, ServiceEvent, TargetHealth
from diagnostics.rules.changes import SOURCE, change_evidence, changes_before_onset
from diagnostics.rules.routing import registers_into, short_name

RECENT = timedelta(hours=3)
_SAID_BY_ECS = re.compile(
    r"\(?(?P<arn>arn:[\w-]+:elasticloadbalancing:[\w:/-]{1,200})\)?.{0,80}TARGET GROUP IS NOT FOUND"
)
_CONSEQUENCES = frozenset({"no-targets", "elb_503", "no-requests", "deployment", "task-stops"})


@cause(
    code="target-group-missing",
    title="The target group does not exist any more",
    needs=(),
    uses=(TargetHealth, EcsService, Changes),
    clear_needs=(TargetHealth,),
    docs=(
        "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages-list.html",
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/delete-target-group.html",
    ),
    leads_to=(
        "no-registered-targets",
        "service-target-group-mismatch",
        "deployment-failing-loop",
        "fixed-response-5xx",
    ),
)
def target_group_missing(facts: Facts) -> Iterator[Finding]:
    """The service registers its tasks into a target group that was deleted, so that no new task can take requests.

    Decided by Elastic Load Balancing, which answers TargetGroupNotFound for a group that the service names, or by a
    service event that says TARGET GROUP IS NOT FOUND; DeleteTargetGroup in CloudTrail says who did it. Refuted by a
    group that can be described, whatever an older event says. A group that a rule uses cannot be deleted: the rule
    went first, or was pointed at another group.
    """
    health = facts.maybe(TargetHealth)
    missing = set(health.missing) if isinstance(health, TargetHealth) else set()
    there = frozenset(health.by_group) if isinstance(health, TargetHealth) else frozenset[str]()
    said = {arn: event for arn, event in _said_by_ecs(facts) if arn not in there}
    for arn in sorted(missing | said.keys()):
        yield _finding(facts, arn, known_missing=arn in missing, said=said.get(arn))


def _said_by_ecs(facts: Facts) -> Iterator[tuple[str, ServiceEvent]]:
    """Groups that recent service events call not found, the newest event last."""
    service = facts.maybe(EcsService)
    for event in reversed(service.events) if isinstance(service, EcsService) else ():
        found = _SAID_BY_ECS.search(event.message)
        if found and facts.now - event.at <= RECENT:
            yield found["arn"], event


def _finding(facts: Facts, arn: str, *, known_missing: bool, said: ServiceEvent | None) -> Finding:
    found, name = facts.maybe(EcsService), short_name(arn)
    service = found if isinstance(found, EcsService) and arn in registers_into(found) else None
    deleted = changes_before_onset(
        facts.maybe(Changes),
        resources=(arn, name),
        names=("DeleteTargetGroup",),
        onset=facts.observed.onset or facts.now,
    )
    supports: list[Evidence] = []
    if known_missing:
        text = f"target group {name} was asked for and does not exist (TargetGroupNotFound)"
        supports.append(decisive(text, "elbv2:DescribeTargetHealth"))
    if said:
        text = f"ECS could not register a task: target group {name} is not found"
        supports.append(decisive(text, "ecs:DescribeServices", at=said.at))
    elif service:
        supports.append(supporting(f"the service registers its tasks into {name}", "ecs:DescribeServices"))
    supports.extend(decisive(change_evidence(change).text, SOURCE, at=change.at) for change in deleted[:1])
    who = f"service {service.service} still registers its tasks into it" if service else "it is still named"
    return Finding(
        resource=arn,
        summary=f"Target group {name} does not exist any more; {who}",
        supports=tuple(supports),
        effect_seen=True,
        affects=frozenset({arn}),
        explains=(_CONSEQUENCES & facts.observed.symptoms) | {"no-targets"},
        since=deleted[0].at if deleted else None,
        overturned_by="A group that can be described: aws elbv2 describe-target-groups --target-group-arns " + arn,
        advice="Create the group again (same protocol, port, VPC and health check), let the rule forward to it, then"
        f" give the service its ARN, which starts a deployment: `{_give(facts)}`. The old ARN does not come back.",
    )


def _give(facts: Facts) -> str:
    where = f"--cluster {facts.subject.cluster or 'CLUSTER'} --service {facts.subject.service or 'SERVICE'}"
    return f"aws ecs update-service {where} --load-balancers targetGroupArn=ARN,containerName=NAME,containerPort=PORT"
