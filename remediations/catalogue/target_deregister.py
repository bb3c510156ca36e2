"""Take an address out behind which nobody is any more."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.facts import (
    NetworkInterfaces,
    RunningTasks,
    Target,
    TargetGroup,
    TargetGroupAttributes,
    TargetGroups,
    TargetHealth,
)
from diagnostics.report import SettingChange
from remediations.fix import Case, fix
from remediations.plan import Plan, Success, Undo
from remediations.steps import targets

EFFECT_S = 30


@fix(
    id="target-deregister",
    title="Take an address out behind which nobody is any more",
    risk="low",
    causes=("target-stale-registration",),
    calls=("elasticloadbalancing:DeregisterTargets",),
    needs=(TargetGroups, TargetHealth, NetworkInterfaces),
    uses=(RunningTasks, TargetGroupAttributes),
    docs=("https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DeregisterTargets.html",),
)
def target_deregister(case: Case) -> Iterator[Plan]:
    """Deregisters an IP address that fails its health checks, that no running task has, and that no network interface
    has either, or one of something else. Only where other targets of the group are healthy.

    Never for a task that lives: ECS would think it fine and not replace it. What is looked up just before: the target
    still fails, and its address still belongs to nobody, or to the same other thing. There is no undo: an address can
    be registered again only when its deregistration delay has passed.
    """
    for arn, members in case.facts[TargetHealth].by_group.items():
        group = case.facts[TargetGroups].of(arn)
        others = any(target.state == "healthy" for target in members)
        for target in members if group and group.target_type == "ip" and case.cause.band != "possible" else ():
            stale = target.key in case.cause.resources and target.state == "unhealthy" and target.zone != "all"
            if group is not None and others and stale and not _has_task(case, target):
                yield _plan(case, group, target)


def _has_task(case: Case, target: Target) -> bool:
    tasks = case.facts.maybe(RunningTasks)
    return isinstance(tasks, RunningTasks) and tasks.by_ip(target.id) is not None


def _plan(case: Case, group: TargetGroup, target: Target) -> Plan:
    owner = case.facts[NetworkInterfaces].by_ip(target.id)
    attributes = case.facts.maybe(TargetGroupAttributes)
    known = isinstance(attributes, TargetGroupAttributes) and group.arn in attributes.by_arn
    delay = f" ({attributes.deregistration_delay_s(group.arn)} s)" if known and isinstance(
        attributes, TargetGroupAttributes) else ""  # fmt: skip
    gone = targets.leaves(group.arn, target)
    return Plan(
        fix="target-deregister",
        title=f"Deregister {target.key} from target group {group.name}",
        risk="low",
        resource=group.arn,
        changes=(SettingChange(resource=group.arn, setting="target", before=target.key, after=None),),
        guards=(
            targets.fails(group.arn, target),
            targets.address_belongs_to(target.id, group.vpc_id, owner.id if owner else None),
            targets.others_are_healthy(group.arn, target),
        ),
        writes=(targets.deregister(group.arn, [target], gone),),
        success=Success(text=f"{target.key} gets no requests any more", within_s=EFFECT_S, guards=(gone,)),
        undo=Undo(
            kind="none",
            text=f"none: the address can be registered again when its deregistration delay{delay} has passed",
        ),
        touches=f"requests that were sent to {target.key}, and failed",
        warnings=(f"the address belongs to {owner.id} now",) if owner else (),
        eta_s=EFFECT_S,
    )
