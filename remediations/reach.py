"""What belongs to a report's subject: the only things that a plan for it may write to, or name. Plain data."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.facts import (
    Changes,
    CodeDeployments,
    EcsService,
    LambdaTargets,
    Listeners,
    LoadBalancers,
    NetworkAcls,
    NetworkInterfaces,
    RunningTasks,
    SecurityGroups,
    ServiceHistory,
    ServiceScaling,
    Subnets,
    TargetGroups,
    TargetHealth,
    TaskDefinition,
    TaskDefinitions,
    known,
)
from diagnostics.facts.fact import Frozen
from diagnostics.snapshot import Snapshot, Subject
from remediations.fix import Preferences
from remediations.steps.arns import arn_of, partition_of


class Reach(Frozen):
    """`writable`: ARNs and names (ids of EC2, clusters, services, functions) of what a plan may write to; `nameable`:
    of what its parameters may mention besides, such as a target group that shares a rule.

    `families` are those of the service's task definitions, `roles` those that its present one uses, `networks` the
    address ranges of the subnets on the way.
    """

    partition: str
    region: str
    account: str
    writable: frozenset[str]
    nameable: frozenset[str] = frozenset()
    families: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    networks: frozenset[str] = frozenset()
    bucket: str | None = None


def reach_of(snapshot: Snapshot, preferences: Preferences | None = None) -> Reach:
    """Everything in the snapshot that is the subject's own, and what stands beside it."""
    subject, wishes = snapshot.subject, preferences or Preferences()
    definitions = known(snapshot.get(TaskDefinitions))
    subnets = known(snapshot.get(Subnets))
    service = known(snapshot.get(EcsService))
    present = definitions.of(service.task_definition) if definitions and service else None
    return Reach(
        partition=partition_of(subject),
        region=subject.region,
        account=subject.account,
        writable=frozenset(
            (*_load_balancing(snapshot), *_containers(snapshot), *_network(snapshot), *_functions(snapshot))
        ),
        nameable=frozenset((*_beside(snapshot), *([wishes.alarm_topic] if wishes.alarm_topic else []))),
        families=frozenset(_family(one.task_definition) for one in [service] if one),
        roles=frozenset(_roles(subject, present)) if present else frozenset(),
        networks=frozenset(
            cidr for subnet in (subnets.by_id.values() if subnets else ()) for cidr in (subnet.cidr, *subnet.ipv6_cidrs)
        ),
        bucket=wishes.access_log_bucket,
    )


def _load_balancing(snapshot: Snapshot) -> Iterator[str]:
    subject = snapshot.subject
    yield from subject.load_balancers
    yield from subject.target_groups
    balancers, listeners = known(snapshot.get(LoadBalancers)), known(snapshot.get(Listeners))
    yield from (balancer.arn for balancer in (balancers.items if balancers else ()))
    for listener in listeners.items if listeners else ():
        yield listener.arn
        yield from (rule.arn for rule in listener.rules)


def _containers(snapshot: Snapshot) -> Iterator[str]:
    subject, service = snapshot.subject, known(snapshot.get(EcsService))
    if service is not None:
        yield from (service.arn, service.service, service.cluster, f"service/{service.cluster}/{service.service}")
        yield arn_of(subject, "ecs", f"cluster/{service.cluster}")
        for mapping in service.load_balancers:
            yield from filter(None, (mapping.target_group_arn, mapping.alternate_target_group_arn))
    tasks, definitions = known(snapshot.get(RunningTasks)), known(snapshot.get(TaskDefinitions))
    for task in tasks.items if tasks else ():
        yield from (task.arn, task.id)
    yield from (definitions.by_arn if definitions else ())
    history = known(snapshot.get(ServiceHistory))
    yield from (deployment.arn for deployment in (history.deployments if history else ()))
    scaling = known(snapshot.get(ServiceScaling))
    yield from filter(None, (scaling.limits.arn if scaling and scaling.limits else None,))
    by_code_deploy = known(snapshot.get(CodeDeployments))
    for made in by_code_deploy.items if by_code_deploy else ():
        yield from (made.id, arn_of(subject, "codedeploy", f"deploymentgroup:{made.application}/{made.group}"))


def _network(snapshot: Snapshot) -> Iterator[str]:
    subject = snapshot.subject
    groups, acls = known(snapshot.get(SecurityGroups)), known(snapshot.get(NetworkAcls))
    ids = [("security-group", one) for one in (groups.by_id if groups else ())]
    ids += [("network-acl", acl.id) for acl in (acls.items if acls else ())]
    for kind, one in ids:
        yield from (one, arn_of(subject, "ec2", f"{kind}/{one}"))


def _functions(snapshot: Snapshot) -> Iterator[str]:
    functions = known(snapshot.get(LambdaTargets))
    for item in functions.items if functions else ():
        yield from (item.function_arn, item.target, item.name)


def _beside(snapshot: Snapshot) -> Iterator[str]:
    groups, listeners, health = (
        known(snapshot.get(TargetGroups)),
        known(snapshot.get(Listeners)),
        known(snapshot.get(TargetHealth)),
    )
    for group in groups.items if groups else ():
        yield group.arn
        yield from filter(None, (group.vpc_id,))
    for _, rule in listeners.rules() if listeners else ():
        yield from (target.target_group_arn for target in rule.forwards_to)
    yield from (target.id for _, target in (health.all() if health else ()))
    subnets, interfaces = known(snapshot.get(Subnets)), known(snapshot.get(NetworkInterfaces))
    for subnet in subnets.by_id.values() if subnets else ():
        yield from (subnet.id, subnet.vpc_id)
    for interface in interfaces.items if interfaces else ():
        yield from (interface.id, interface.subnet_id, *filter(None, (interface.instance_id,)))
    balancers, history = known(snapshot.get(LoadBalancers)), known(snapshot.get(ServiceHistory))
    for balancer in balancers.items if balancers else ():
        yield from (zone.subnet_id for zone in balancer.zones)
    yield from (revision.arn for revision in (history.revisions if history else ()))
    yield from _taken_out(snapshot)


def _taken_out(snapshot: Snapshot) -> Iterator[str]:
    """Targets that somebody deregistered from groups of the subject, as CloudTrail says; nothing else lists them."""
    changes = known(snapshot.get(Changes))
    for change in changes.items if changes else ():
        own = change.request.get("targetGroupArn") in snapshot.subject.target_groups
        targets = change.request.get("targets") if own and change.name == "DeregisterTargets" else None
        for target in targets if isinstance(targets, list) else ():
            if isinstance(target, dict) and isinstance(target.get("id"), str):
                yield str(target["id"])


def _roles(subject: Subject, definition: TaskDefinition) -> Iterator[str]:
    """As they are written in the definition, which may be by name alone, and as ARNs."""
    for role in filter(None, (definition.task_role_arn, definition.execution_role_arn)):
        yield role
        if not role.startswith("arn:"):
            yield f"arn:{partition_of(subject)}:iam::{subject.account}:role/{role}"


def _family(task_definition: str) -> str:
    return task_definition.rsplit("/", 1)[-1].split(":", 1)[0]
