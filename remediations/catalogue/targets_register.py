"""Put targets back that somebody took out."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.facts import (
    Change,
    Changes,
    EcsService,
    NotApplicable,
    Tags,
    Target,
    TargetGroup,
    TargetGroups,
    TargetHealth,
)
from diagnostics.report import SettingChange
from diagnostics.rules.changes import changes_before_onset
from diagnostics.rules.kubernetes import from_tags
from diagnostics.rules.routing import has_nobody
from remediations.fix import Case, fix
from remediations.plan import Plan, Success, Undo
from remediations.steps import healthy, targets

MAX_TARGETS = 10


@fix(
    id="targets-register",
    title="Register the targets again that somebody took out",
    risk="medium",
    causes=("no-registered-targets",),
    calls=("elasticloadbalancing:RegisterTargets", "elasticloadbalancing:DeregisterTargets"),
    needs=(TargetGroups, TargetHealth, Changes, Tags),
    uses=(EcsService,),
    docs=("https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_RegisterTargets.html",),
)
def targets_register(case: Case) -> Iterator[Plan]:
    """Registers in an empty target group exactly the targets that CloudTrail says somebody deregistered before the 503
    began. Only in groups that nobody keeps: no ECS service, no load balancer controller, and, as is looked up just
    before, no Auto Scaling group behind an instance and no task of ECS behind an address; those register by themselves.

    Whether they were taken out for a reason only who did it knows. A narrower choice registers a single one. The undo
    deregisters them.
    """
    if not isinstance(case.facts.maybe(EcsService), NotApplicable) or case.cause.band == "possible":
        return
    for arn in case.cause.resources:
        group = case.facts[TargetGroups].of(arn)
        kept = from_tags(case.facts[Tags].by_arn.get(arn, {})) is not None
        empty = arn in case.facts[TargetHealth].by_group and has_nobody(case.facts[TargetHealth].by_group[arn])
        found = _taken_out(case, group) if group and not kept and empty else None
        if group is not None and found is not None:
            yield _plans(group, *found)


def _taken_out(case: Case, group: TargetGroup) -> tuple[Change, tuple[Target, ...]] | None:
    """What the newest record took out, where it may be registered again: an address only after it has left."""
    changes = changes_before_onset(
        case.facts.maybe(Changes),
        resources=(group.arn, group.name),
        names=("DeregisterTargets",),
        onset=case.facts.observed.onset,
    )
    members = tuple(_members(changes[0])) if changes else ()
    draining = {target.id for target in case.facts[TargetHealth].by_group.get(group.arn, ())}
    may = group.target_type == "instance" or (group.target_type == "ip" and not draining & {one.id for one in members})
    return (changes[0], members) if may and 0 < len(members) <= MAX_TARGETS else None


def _members(change: Change) -> Iterator[Target]:
    listed = change.request.get("targets")
    for one in listed if isinstance(listed, list) else ():
        if isinstance(one, dict) and isinstance(one.get("id"), str):
            port, zone = one.get("port"), one.get("availabilityZone")
            yield Target(
                id=str(one["id"]),
                port=port if isinstance(port, int) else None,
                zone=zone if isinstance(zone, str) else None,
                state="unused",
            )


def _plans(group: TargetGroup, change: Change, members: tuple[Target, ...]) -> Plan:
    whole = _plan(group, change, members)
    single = tuple(
        _plan(group, change, (one,)).model_copy(update={"label": f"only {one.key}"})
        for one in (members if len(members) > 1 else ())
    )
    return whole.model_copy(update={"narrower": single})


def _plan(group: TargetGroup, change: Change, members: tuple[Target, ...]) -> Plan:
    names = ", ".join(one.key for one in members)
    within_s = healthy.becomes_healthy_s(group)
    there = targets.registered(group.arn, members)
    return Plan(
        fix="targets-register",
        title=f"Register {names} in target group {group.name} again",
        risk="medium",
        resource=group.arn,
        changes=tuple(
            SettingChange(resource=group.arn, setting="target", before=None, after=one.key) for one in members
        ),
        guards=(healthy.nobody_registered(group.arn), *targets.kept_by_nobody(group, members)),
        writes=(targets.register(group.arn, members, group.arn, there),),
        success=Success(
            text=f"the targets of {group.name} are healthy",
            within_s=within_s,
            guards=(there, healthy.targets_healthy(group.arn)),
        ),
        undo=Undo(
            kind="exact",
            text="deregisters them",
            writes=(targets.deregister(group.arn, members, healthy.nobody_registered(group.arn)),),
            guards=(there,),
        ),
        touches=f"requests for {group.name}: these targets answer them again",
        warnings=(f"they were taken out at {change.at:%H:%M} UTC by {change.actor[:80]}: ask for the reason",),
        eta_s=within_s,
    )
