"""Who else keeps a resource: a tool that may set back what is changed by hand, and where to make the change there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from diagnostics import printable
from diagnostics.facts import EcsCluster, EcsService, Tags
from diagnostics.report import SettingChange
from diagnostics.rules.kubernetes import from_tags
from diagnostics.snapshot import Snapshot
from remediations.plan import Plan

MAX_NAME: Final = 80
MAX_VALUE: Final = 120
MAX_CHANGES: Final = 3

_STACK: Final = "aws:cloudformation:stack-name"
_LOGICAL_ID: Final = "aws:cloudformation:logical-id"
_MADE_BY_CDK: Final = re.compile(r"[A-Za-z0-9]*[0-9A-F]{8}\Z")
"""CDK ends a logical id with eight digits of a hash.
https://docs.aws.amazon.com/cdk/v2/guide/identifiers.html#identifiers-logical-ids"""
_MAKERS: Final = frozenset({"managedby", "provisionedby", "provisioner", "createdby", "deployedby", "iac", "tool"})
_TERRAFORM: Final = ("terraform", "opentofu", "terragrunt")
_NO: Final = frozenset({"", "0", "false", "no"})


@dataclass(frozen=True, slots=True)
class Keeper:
    """`name` in words, ``CloudFormation (stack shop)``; `place` where it has its settings, in which `language`."""

    name: str
    place: str
    language: Literal["cloudformation", "terraform"] | None = None

    def place_of(self, operations: Iterable[str]) -> str:
        """Where that is set which the operations change."""
        if self.language is None:
            return self.place
        named = (_KINDS[one][self.language == "terraform"] for one in operations if one in _KINDS)
        kinds = ", ".join(dict.fromkeys(named))
        return f"{self.place} ({kinds})" if kinds else self.place


def keeper_of(tags: Mapping[str, str]) -> Keeper | None:
    """The tool that these tags tell of. Tags are somebody's text: bounded, and only quoted."""
    controller = from_tags(tags)
    if controller is not None:
        return Keeper(controller.in_words(), "its ingress, service or target group binding")
    if "copilot-application" in tags:
        service = _name(tags.get("copilot-service") or "SERVICE")
        return Keeper(f"Copilot (application {_name(tags['copilot-application'])})", f"copilot/{service}/manifest.yml")
    if _STACK in tags:
        stack = _name(tags[_STACK])
        if _MADE_BY_CDK.match(tags.get(_LOGICAL_ID, "")):
            return Keeper(f"CDK (stack {stack})", "the stack's code", "cloudformation")
        return Keeper(f"CloudFormation (stack {stack})", "the stack's template", "cloudformation")
    if any(_speaks_of_terraform(key, value) for key, value in tags.items()):
        return Keeper("Terraform", "its code", "terraform")
    return None


def drift_warning(keeper: Keeper, what: str, operations: Iterable[str], changes: tuple[SettingChange, ...]) -> str:
    """What happens to a change by hand, and the change to make in the tool."""
    return (
        f"{keeper.name} keeps {what} and may set it back at its next run. Make the same change in"
        f" {keeper.place_of(operations)}: {_in_words(changes)}"
    )


def with_drift_warnings(plan: Plan, snapshot: Snapshot) -> Plan:
    """The plan, and its narrower forms, with a warning for each tool that keeps what it writes to.

    Of some resources the tags are not read for a diagnosis. Where a tool keeps the rest, it may keep them as well.
    """
    known = dict(_tags(snapshot, {arn for write in plan.writes for arn in write.resources}))
    told = tuple(dict.fromkeys(_warnings(plan, known)))
    if not told:
        return plan
    narrower = tuple(with_drift_warnings(one, snapshot) for one in plan.narrower)
    return plan.model_copy(update={"warnings": (*plan.warnings, *told), "narrower": narrower})


def _warnings(plan: Plan, known: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    """One for each tool and each thing that it keeps, whatever number of calls changes it."""
    unknown: list[tuple[str, str]] = []
    kept: dict[tuple[Keeper, str], list[str]] = {}
    for write in plan.writes:
        for arn in write.resources:
            keeper = keeper_of(known.get(arn, {}))
            if keeper is not None:
                kept.setdefault((keeper, _short(arn)), []).append(write.call.operation)
            elif arn not in known and "*" not in arn:
                unknown.append((arn, write.call.operation))
    for (keeper, what), operations in kept.items():
        yield drift_warning(keeper, what, operations, plan.changes)
    beside = next((keeper for tags in known.values() if (keeper := keeper_of(tags))), None)
    if beside is not None and unknown:
        arn, operation = unknown[0]
        yield (
            f"{beside.name} keeps other parts of this service. If it keeps {_short(arn)}, too, make the same change in"
            f" {beside.place_of([operation])}: {_in_words(plan.changes)}"
        )


def _tags(snapshot: Snapshot, written: set[str]) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Whoever keeps the cluster need not keep the services in it."""
    service, tags, cluster = snapshot.get(EcsService), snapshot.get(Tags), snapshot.get(EcsCluster)
    if isinstance(cluster, EcsCluster) and cluster.arn in written:
        yield cluster.arn, cluster.tags
    if isinstance(service, EcsService):
        yield service.arn, service.tags
    if isinstance(tags, Tags):
        yield from tags.by_arn.items()


def _in_words(changes: tuple[SettingChange, ...]) -> str:
    told = [
        f"{change.setting} {'removed' if change.after is None else printable.line(str(change.after), MAX_VALUE)}"
        for change in changes[:MAX_CHANGES]
    ]
    return ", ".join(told) + (f" and {len(changes) - MAX_CHANGES} more" if len(changes) > MAX_CHANGES else "")


def _speaks_of_terraform(key: str, value: str) -> bool:
    name, said = re.sub(r"[^a-z]", "", key.lower()), value.strip().lower()
    if name in _TERRAFORM:
        return said not in _NO
    return name in _MAKERS and any(tool in said for tool in _TERRAFORM)


def _short(arn: str) -> str:
    """The name in an ARN: ``checkout`` of ``…:targetgroup/checkout/6d0e``."""
    parts = arn.split(":", 5)[-1].split("/")
    if parts[0] in {"loadbalancer", "listener", "listener-rule"}:
        return parts[2]
    if parts[0].startswith("function:"):
        return parts[0].split(":")[1]
    return parts[1] if parts[0] == "targetgroup" else parts[-1]


def _name(text: str) -> str:
    return printable.line(text, MAX_NAME)


_KINDS: Final[Mapping[str, tuple[str, str]]] = {
    "add_permission": ("AWS::Lambda::Permission", "aws_lambda_permission"),
    "authorize_security_group_egress": ("AWS::EC2::SecurityGroupEgress", "aws_vpc_security_group_egress_rule"),
    "authorize_security_group_ingress": ("AWS::EC2::SecurityGroupIngress", "aws_vpc_security_group_ingress_rule"),
    "create_network_acl_entry": ("AWS::EC2::NetworkAclEntry", "aws_network_acl_rule"),
    "create_rule": ("AWS::ElasticLoadBalancingV2::ListenerRule", "aws_lb_listener_rule"),
    "create_target_group": ("AWS::ElasticLoadBalancingV2::TargetGroup", "aws_lb_target_group"),
    "deregister_targets": ("AWS::ElasticLoadBalancingV2::TargetGroup", "aws_lb_target_group_attachment"),
    "modify_listener": ("AWS::ElasticLoadBalancingV2::Listener", "aws_lb_listener"),
    "modify_load_balancer_attributes": ("AWS::ElasticLoadBalancingV2::LoadBalancer", "aws_lb"),
    "modify_rule": ("AWS::ElasticLoadBalancingV2::ListenerRule", "aws_lb_listener_rule"),
    "modify_target_group": ("AWS::ElasticLoadBalancingV2::TargetGroup", "aws_lb_target_group"),
    "modify_target_group_attributes": ("AWS::ElasticLoadBalancingV2::TargetGroup", "aws_lb_target_group"),
    "put_function_concurrency": ("AWS::Lambda::Function", "aws_lambda_function"),
    "delete_function_concurrency": ("AWS::Lambda::Function", "aws_lambda_function"),
    "publish_version": ("AWS::Lambda::Function", "aws_lambda_function"),
    "register_scalable_target": ("AWS::ApplicationAutoScaling::ScalableTarget", "aws_appautoscaling_target"),
    "register_targets": ("AWS::ElasticLoadBalancingV2::TargetGroup", "aws_lb_target_group_attachment"),
    "register_task_definition": ("AWS::ECS::TaskDefinition", "aws_ecs_task_definition"),
    "set_rule_priorities": ("AWS::ElasticLoadBalancingV2::ListenerRule", "aws_lb_listener_rule"),
    "set_subnets": ("AWS::ElasticLoadBalancingV2::LoadBalancer", "aws_lb"),
    "update_alias": ("AWS::Lambda::Alias", "aws_lambda_alias"),
    "update_cluster_settings": ("AWS::ECS::Cluster", "aws_ecs_cluster"),
    "update_function_configuration": ("AWS::Lambda::Function", "aws_lambda_function"),
    "update_service": ("AWS::ECS::Service", "aws_ecs_service"),
}
"""What CloudFormation and Terraform call the kind of resource that an operation changes."""
