"""Which calls that take something away only take away what earlier writes of the same plan have put there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from pydantic import JsonValue

from remediations.plan import FROM, Call, Write

OURS: Final = "alb502-"
"""With this the names of our alarms begin."""

_GIVES: Final[Mapping[tuple[str, str], str]] = MappingProxyType(
    {
        ("ec2", "authorize_security_group_egress"): "SecurityGroupRules[0].SecurityGroupRuleId",
        ("ec2", "authorize_security_group_ingress"): "SecurityGroupRules[0].SecurityGroupRuleId",
        ("ecs", "register_task_definition"): "taskDefinition.taskDefinitionArn",
        ("elbv2", "create_rule"): "Rules[0].RuleArn",
        ("elbv2", "create_target_group"): "TargetGroups[0].TargetGroupArn",
        ("lambda", "publish_version"): "Version",
    }
)
"""Where AWS says in its answer what it made is called."""

Kept = Mapping[str, JsonValue]
Proof = Callable[[Call, Sequence[Write], Kept], bool]


def given_names(writes: Sequence[Write]) -> frozenset[str]:
    """The names under which these writes keep what AWS gave to what they made. A name that anything else is kept under,
    too, such as a value that a plan itself has written down as a path, stands for nothing."""
    kept = [
        (one.name, _GIVES.get((write.call.service, write.call.operation)), one)
        for write in writes
        for one in write.keeps
    ]
    strange = {name for name, path, one in kept if path is None or one.in_answer != path}
    return frozenset(name for name, _, _ in kept if name not in strange)


def is_own(call: Call, earlier: Sequence[Write], kept: Kept) -> bool:
    """Whether the call takes away something that these writes made, and nothing else.

    `kept` is what AWS gave when they were carried out, by name; before that, its names stand for it.
    """
    proof = _PROOFS.get((call.service, call.operation))
    return proof is not None and proof(call, earlier, kept)


def _same(*operations: str, names: tuple[str, ...]) -> Proof:
    """It was made by one of these operations, with the same values under these names."""

    def proof(call: Call, earlier: Sequence[Write], _kept: Kept) -> bool:
        made = [write.call for write in earlier if write.call.operation in operations]
        return set(call.parameters) <= set(names) and any(
            one.service == call.service and all(one.parameters.get(n) == call.parameters.get(n) for n in names)
            for one in made
        )

    return proof


def _given(operation: str, name: str, *, beside: tuple[str, ...] = ()) -> Proof:
    """What it names was given by AWS in the answer of this operation, and kept."""

    def proof(call: Call, earlier: Sequence[Write], kept: Kept) -> bool:
        value = call.parameters.get(name)
        named = value if isinstance(value, list) else [value]
        made = [write for write in earlier if (write.call.service, write.call.operation) == (call.service, operation)]
        return (
            bool(named)
            and set(call.parameters) == {name, *beside}
            and all(
                any(_is_kept_by(one, write, kept) and _agree(call, write, beside) for write in made) for one in named
            )
        )

    return proof


def _is_kept_by(value: JsonValue, write: Write, kept: Kept) -> bool:
    names = {one.name for one in write.keeps} & given_names([write])
    if isinstance(value, dict):
        return set(value) == {FROM} and value[FROM] in names
    return value is not None and any(kept.get(name) == value for name in names)


def _agree(call: Call, write: Write, names: tuple[str, ...]) -> bool:
    return all(call.parameters.get(name) == write.call.parameters.get(name) for name in names)


def _our_alarms(call: Call, earlier: Sequence[Write], _kept: Kept) -> bool:
    made = [write.call.parameters.get("AlarmName") for write in earlier if write.call.operation == "put_metric_alarm"]
    names = call.parameters.get("AlarmNames")
    return (
        isinstance(names, list)
        and bool(names)
        and set(call.parameters) == {"AlarmNames"}
        and all(isinstance(name, str) and name.startswith(OURS) and name in made for name in names)
    )


_PROOFS: Final[Mapping[tuple[str, str], Proof]] = MappingProxyType(
    {
        ("ec2", "revoke_security_group_ingress"): _given(
            "authorize_security_group_ingress", "SecurityGroupRuleIds", beside=("GroupId",)
        ),
        ("ec2", "revoke_security_group_egress"): _given(
            "authorize_security_group_egress", "SecurityGroupRuleIds", beside=("GroupId",)
        ),
        ("ec2", "delete_network_acl_entry"): _same(
            "create_network_acl_entry", names=("NetworkAclId", "RuleNumber", "Egress")
        ),
        ("lambda", "remove_permission"): _same("add_permission", names=("FunctionName", "StatementId", "Qualifier")),
        ("lambda", "delete_function_concurrency"): _same("put_function_concurrency", names=("FunctionName",)),
        ("elbv2", "delete_rule"): _given("create_rule", "RuleArn"),
        ("elbv2", "delete_target_group"): _given("create_target_group", "TargetGroupArn"),
        ("ecs", "deregister_task_definition"): _given("register_task_definition", "taskDefinition"),
        ("cloudwatch", "delete_alarms"): _our_alarms,
    }
)
