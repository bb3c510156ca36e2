"""Rules of security groups between a load balancer and targets, as a whole plan: added one for each range of ports,
seen to work, and removed again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from diagnostics.facts import TargetGroup
from diagnostics.report import Risk, SettingChange
from diagnostics.rules.obstacles import Obstacle
from diagnostics.rules.terrain import Terrain
from diagnostics.snapshot import Subject
from remediations.plan import Guard, Plan, Quiet, Success, Undo
from remediations.steps import healthy, load_balancers, security_groups
from remediations.steps.arns import arn_of
from remediations.steps.port_ranges import Ports, in_words
from remediations.steps.security_groups import RULE_ID, Direction

EFFECT_S = 10
"""A rule works within seconds."""
COUNTED_AFTER_S = 420
"""CloudWatch tells minutes later that connections no longer fail."""


@dataclass(frozen=True, slots=True)
class Opening:
    """What is opened: `group_id` gets rules for the `other` group. `checked`: health checks use these ports, so that
    the targets of the `groups` become healthy; where only requests do, connections stop failing. `name` and
    `other_name` are those of the two groups with their ids, for people."""

    fix: str
    risk: Risk
    direction: Direction
    group_id: str
    name: str
    other: str
    other_name: str
    load_balancer: str
    groups: tuple[TargetGroup, ...]
    checked: bool
    touches: str
    warnings: tuple[str, ...] = ()


def groups_behind(blocked: Iterable[Obstacle], terrain: Terrain) -> tuple[TargetGroup, ...]:
    arns = dict.fromkeys(arn for obstacle in blocked for arn in obstacle.target_groups)
    return tuple(group for arn in arns if (group := terrain.target_groups.of(arn)) is not None)


def by_port(subject: Subject, opening: Opening, ports: Sequence[Ports]) -> Plan:
    """For all of the ports, with each of them alone as a narrower choice."""
    single = tuple(
        plan(subject, opening, [one], label=f"only tcp {in_words(one)}") for one in (ports if len(ports) > 1 else ())
    )
    return plan(subject, opening, ports).model_copy(update={"narrower": single})


def plan(subject: Subject, opening: Opening, ports: Sequence[Ports], *, label: str = "") -> Plan:
    """Adds the rules; the undo removes exactly these."""
    way = ("inbound", "from") if opening.direction == "ingress" else ("outbound", "to")
    words = ", ".join(map(in_words, ports))
    absent, present = _guards(opening, ports, is_so=False), _guards(opening, ports, is_so=True)
    within_s = _within_s(opening)
    return Plan(
        fix=opening.fix,
        title=_title(opening, words),
        risk=opening.risk,
        resource=arn_of(subject, "ec2", f"security-group/{opening.group_id}"),
        changes=tuple(
            SettingChange(
                resource=opening.group_id,
                setting=f"{way[0]} rule",
                before=None,
                after=f"tcp {in_words(one)} {way[1]} {opening.other_name}",
            )
            for one in ports
        ),
        guards=absent,
        writes=tuple(
            security_groups.add_rule(
                subject, opening.direction, opening.group_id, opening.other, *one, kept_as=_name(index)
            )
            for index, one in enumerate(ports)
        ),
        success=_success(opening, present, within_s),
        undo=Undo(
            kind="exact",
            text=f"removes {'that rule' if len(ports) == 1 else 'those rules'} from {opening.name}",
            writes=tuple(
                security_groups.remove_rule(subject, opening.direction, opening.group_id, gone, kept_as=_name(index))
                for index, gone in enumerate(absent)
            ),
            guards=present,
        ),
        touches=opening.touches,
        warnings=(*opening.warnings, *_who_else(subject, opening)),
        eta_s=_eta_s(opening),
        label=label,
    )


def _who_else(subject: Subject, opening: Opening) -> tuple[str, ...]:
    """What a diagnosis reads of interfaces are those of the targets; others may wear the group as well."""
    if opening.direction != "ingress":
        return ()
    find = f"aws ec2 describe-network-interfaces --region {subject.region}"
    return (f"who else is in it: {find} --filters Name=group-id,Values={opening.group_id}",)


def _title(opening: Opening, ports: str) -> str:
    balancer = load_balancers.name_of(opening.load_balancer)
    if opening.direction == "ingress":
        return f"Open tcp {ports} of {opening.name} to load balancer {balancer}"
    return f"Open tcp {ports} from load balancer {balancer} to {opening.other_name}"


def _guards(opening: Opening, ports: Sequence[Ports], *, is_so: bool) -> tuple[Guard, ...]:
    return tuple(
        security_groups.admits(opening.direction, opening.group_id, opening.other, *one, is_so=is_so) for one in ports
    )


def _name(index: int) -> str:
    return RULE_ID if index == 0 else f"{RULE_ID} {index + 1}"


def _success(opening: Opening, present: tuple[Guard, ...], within_s: int) -> Success:
    if opening.checked:
        well = (healthy.targets_healthy(group.arn) for group in opening.groups)
        return Success(text="the targets pass their health checks", within_s=within_s, guards=(*present, *well))
    quiet = no_failed_connections(opening.load_balancer, opening.groups)
    return Success(text="connections to the targets no longer fail", within_s=within_s, guards=present, quiet=quiet)


def no_failed_connections(load_balancer: str, groups: Iterable[TargetGroup]) -> tuple[Quiet, ...]:
    metric = "TargetConnectionErrorCount"
    return tuple(healthy.load_balancer_quiet(load_balancer, metric, group.arn) for group in groups)


def _within_s(opening: Opening) -> int:
    return _eta_s(opening) if opening.checked else COUNTED_AFTER_S


def _eta_s(opening: Opening) -> int:
    """Nodes learn of a new rule at once; targets have to pass several checks."""
    if not opening.checked:
        return EFFECT_S
    return EFFECT_S + max((healthy.becomes_healthy_s(group) for group in opening.groups), default=0)
