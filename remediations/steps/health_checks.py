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
    *,
    fix: str,
    change: str,
    risk: Risk,
    edits: Sequence[Edit],
    watched: Sequence[TargetGroup],
    guards: Sequence[Guard] = (),
    warnings: Sequence[str] = (),
    replaces_tasks: bool = False,
    label: str = "",
) -> Plan:
    """One call for each group; worked when the targets of the `watched` ones are healthy. With several groups, each of
    them alone is a narrower choice. `change` says in a few words what is other than before."""
    within_s = max(healthy.becomes_healthy_s(edit.group.model_copy(update={"health_check": edit.after}))
                   for edit in edits) + (REPLACED_TASK_S if replaces_tasks else 0)  # fmt: skip
    names = " and ".join(edit.group.name for edit in edits)
    narrower = tuple(
        plan(
            fix=fix,
            change=change,
            risk=risk,
            edits=(edit,),
            watched=(edit.group,),
            guards=guards,
            warnings=warnings,
            replaces_tasks=replaces_tasks,
            label=f"only target group {edit.group.name}",
        )
        for edit in (edits if len(edits) > 1 else ())
        if edit.group in watched
    )
    return Plan(
        fix=fix,
        title=f"Health check of {names}: {change}",
        risk=risk,
        resource=edits[0].group.arn,
        judged_by_tags_of=tuple(edit.group.arn for edit in edits[1:]),
        changes=tuple(_change(edit.group, name, value) for edit in edits for name, value in edit.values.items()),
        guards=(*(as_it_was_read(edit.group) for edit in edits), *guards),
        writes=tuple(_write(edit.group, edit.values) for edit in edits),
        success=Success(
            text=f"the targets of {' and '.join(group.name for group in watched)} pass their health checks",
            within_s=within_s,
            guards=tuple(healthy.targets_healthy(group.arn) for group in watched),
        ),
        undo=Undo(
            kind="exact",
            text=f"gives the health check of {names} its former settings back",
            writes=tuple(_write(edit.group, edit.before) for edit in edits),
            guards=tuple(has(edit.group, edit.values) for edit in edits),
        ),
        touches=f"all targets of {names}, at once",
        warnings=tuple(warnings),
        eta_s=within_s,
        label=label,
        narrower=narrower,
    )


def as_it_was_read(group: TargetGroup) -> Guard:
    """The whole health check is what the plan was made for."""
    values = {name: getattr(group.health_check, name) for name in MEMBERS}
    return _has(group, values, f"the health check of {group.name} is as it was read")


def has(group: TargetGroup, values: Mapping[str, JsonValue | Value]) -> Guard:
    """The health check has these values."""
    words = ", ".join(f"{_words(name)} {value}" for name, value in values.items())
    return _has(group, values, f"the health check of {group.name} has {words}")


def _has(group: TargetGroup, values: Mapping[str, JsonValue | Value], text: str) -> Guard:
    call = Call(service="elbv2", operation="describe_target_groups", parameters={"TargetGroupArns": [group.arn]})
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
