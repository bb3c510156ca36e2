"""Edits of target groups' health checks, and the plan around them.

Only the members that are passed change, for all targets of the group at once.
https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_ModifyTargetGroup.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from pydantic import JsonValue

from diagnostics.facts import HealthCheck, TargetGroup
from diagnostics.report import Risk, SettingChange
from remediations.plan import Call, Guard, Look, Plan, Success, Undo, Write
from remediations.steps import healthy, target_groups
from remediations.steps.colours import Colours

Value = str | int

MEMBERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "protocol": "HealthCheckProtocol",
        "port": "HealthCheckPort",
        "path": "HealthCheckPath",
        "matcher": "Matcher.HttpCode",
        "grpc_matcher": "Matcher.GrpcCode",
        "interval_s": "HealthCheckIntervalSeconds",
        "timeout_s": "HealthCheckTimeoutSeconds",
        "healthy_threshold": "HealthyThresholdCount",
        "unhealthy_threshold": "UnhealthyThresholdCount",
    }
)
"""Fields of `HealthCheck` and where DescribeTargetGroups has them."""
REPLACED_TASK_S = 120
"""What a new task needs besides to be there at all, where ECS has been replacing them."""


@dataclass(frozen=True, slots=True)
class Edit:
    """The fields of one group's `HealthCheck` that shall have other values."""

    group: TargetGroup
    values: Mapping[str, Value]

    @property
    def before(self) -> dict[str, JsonValue]:
        return {name: getattr(self.group.health_check, name) for name in self.values}

    @property
    def after(self) -> HealthCheck:
        return self.group.health_check.model_copy(update=dict(self.values))


def plan(
    both: Colours,
    values: Mapping[str, Value],
    *,
    fix: str,
    change: str,
    risk: Risk,
    while_nobody_is_healthy: bool = False,
    warnings: Sequence[str] = (),
    replaces_tasks: bool = False,
    lasting_s: int = 0,
    label: str = "",
) -> Plan:
    """One call for each group; worked when the targets of those that are filled are healthy, and none of them has been
    unhealthy for `lasting_s`. With several groups, each of them alone is a narrower choice. `change` says in a few
    words what is other than before."""
    guards = [healthy.none_healthy(group.arn) for group in (both.groups if while_nobody_is_healthy else ())]

    def of(groups: Sequence[TargetGroup], watched: Sequence[TargetGroup], label: str) -> Plan:
        edits, names = [Edit(group, values) for group in groups], " and ".join(group.name for group in groups)
        edited = [edit.group.model_copy(update={"health_check": edit.after}) for edit in edits]
        within_s = max(map(healthy.becomes_healthy_s, edited)) + (REPLACED_TASK_S if replaces_tasks else 0)
        return Plan(
            fix=fix,
            title=f"Health check of {names}: {change}",
            risk=risk,
            resource=groups[0].arn,
            judged_by_tags_of=tuple(group.arn for group in groups[1:]),
            changes=tuple(_change(group, name, value) for group in groups for name, value in values.items()),
            guards=(*map(as_it_was_read, groups), *guards),
            writes=tuple(_write(group, values) for group in groups),
            success=Success(
                text=f"the targets of {' and '.join(group.name for group in watched)} pass their health checks",
                within_s=within_s,
                guards=tuple(healthy.targets_healthy(group.arn) for group in watched),
                quiet=tuple(
                    healthy.load_balancer_quiet(balancer, "UnHealthyHostCount", group.arn, for_s=lasting_s)
                    for group in (watched if lasting_s else ())
                    for balancer in group.load_balancer_arns
                ),
            ),
            undo=Undo(
                kind="exact",
                text=f"gives the health check of {names} its former settings back",
                writes=tuple(_write(edit.group, edit.before) for edit in edits),
                guards=tuple(has(group, values) for group in groups),
            ),
            touches=f"all targets of {names}, at once",
            warnings=(*warnings, *both.warnings),
            eta_s=within_s,
            label=label,
        )

    alone = (one for one in both.groups if len(both.groups) > 1 and one in both.filled)
    narrower = tuple(of((one,), (one,), f"only target group {one.name}") for one in alone)
    return of(both.groups, both.filled, label).model_copy(update={"narrower": narrower})


def as_it_was_read(group: TargetGroup) -> Guard:
    """The whole health check is what the plan was made for."""
    values = {name: getattr(group.health_check, name) for name in MEMBERS}
    return _has(group, values, f"the health check of {group.name} is as it was read")


def has(group: TargetGroup, values: Mapping[str, JsonValue | Value]) -> Guard:
    """The health check has these values."""
    words = ", ".join(f"{_words(name)} {value}" for name, value in values.items())
    return _has(group, values, f"the health check of {group.name} has {words}")


def _has(group: TargetGroup, values: Mapping[str, JsonValue | Value], text: str) -> Guard:
    call = Call.of("elbv2", "describe_target_groups", TargetGroupArns=[group.arn])
    members = ", ".join(MEMBERS[name] for name in values)
    return Guard(look=Look(call=call, path=f"TargetGroups[0].[{members}]"), expected=[*values.values()], text=text)


def _write(group: TargetGroup, values: Mapping[str, JsonValue | Value]) -> Write:
    parameters: dict[str, JsonValue] = {}
    for name, value in values.items():
        member, _, inner = MEMBERS[name].partition(".")
        parameters[member] = {inner: value} if inner else value
    return target_groups.set_settings(group.arn, parameters, has(group, values))


def _change(group: TargetGroup, name: str, value: Value) -> SettingChange:
    before = getattr(group.health_check, name)
    return SettingChange(resource=group.arn, setting=MEMBERS[name], before=before, after=value)


def _words(name: str) -> str:
    return {"matcher": "matcher", "grpc_matcher": "gRPC matcher"}.get(name, MEMBERS[name])
