"""What each action is read for, and so what is missed without it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Final

from diagnostics.aws_access.read_policy import STATEMENTS
from diagnostics.causes import catalogue
from diagnostics.collect.graph import all_collectors

FACTS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "application-autoscaling:DescribeScalableTargets": ("service_scaling",),
        "application-autoscaling:DescribeScalingActivities": ("service_scaling",),
        "application-autoscaling:DescribeScalingPolicies": ("service_scaling",),
        "athena:GetQueryExecution": ("access_logs",),
        "athena:GetQueryResults": ("access_logs",),
        "athena:StartQueryExecution": ("access_logs",),
        "athena:StopQueryExecution": ("access_logs",),
        "autoscaling:DescribeLifecycleHooks": ("scaling_activities",),
        "autoscaling:DescribeScalingActivities": ("scaling_activities",),
        "cloudtrail:LookupEvents": ("changes", "deleted_rules", "earlier_changes"),
        "cloudwatch:DescribeAlarms": ("alarms",),
        "cloudwatch:DescribeAlarmsForMetric": ("alarms",),
        "cloudwatch:GetMetricData": ("host_metrics", "metrics", "usual_load"),
        "codedeploy:GetDeployment": ("code_deployments",),
        "ec2:DescribeInstanceStatus": ("hosts",),
        "ec2:DescribeInstances": ("former_hosts", "hosts"),
        "ec2:DescribeNetworkAcls": ("network_acls",),
        "ec2:DescribeNetworkInterfaces": ("network_interfaces",),
        "ec2:DescribeRouteTables": ("route_tables",),
        "ec2:DescribeSecurityGroups": ("security_groups",),
        "ec2:DescribeSubnets": ("subnets",),
        "ec2:GetManagedPrefixListEntries": ("prefix_lists",),
        "ecs:DescribeClusters": ("ecs_cluster",),
        "ecs:DescribeContainerInstances": ("container_instances",),
        "ecs:DescribeServiceDeployments": ("service_history",),
        "ecs:DescribeServiceRevisions": ("service_history",),
        "ecs:DescribeServices": ("ecs_service",),
        "ecs:DescribeTaskDefinition": ("task_definitions",),
        "ecs:DescribeTasks": ("running_tasks", "stopped_tasks"),
        "ecs:ListServiceDeployments": ("service_history",),
        "ecs:ListTasks": ("running_tasks", "stopped_tasks"),
        "elasticloadbalancing:DescribeListeners": ("listeners",),
        "elasticloadbalancing:DescribeLoadBalancerAttributes": ("load_balancer_attributes",),
        "elasticloadbalancing:DescribeLoadBalancers": ("load_balancers",),
        "elasticloadbalancing:DescribeRules": ("listeners",),
        "elasticloadbalancing:DescribeTags": ("tags",),
        "elasticloadbalancing:DescribeTargetGroupAttributes": ("target_group_attributes",),
        "elasticloadbalancing:DescribeTargetGroups": ("target_groups",),
        "elasticloadbalancing:DescribeTargetHealth": ("sibling_health", "target_health"),
        "glue:GetTable": ("access_logs",),
        "health:DescribeEvents": ("health_events",),
        "lambda:GetAccountSettings": ("lambda_targets",),
        "lambda:GetAlias": ("lambda_targets",),
        "lambda:GetFunctionConcurrency": ("lambda_targets",),
        "lambda:GetFunctionConfiguration": ("lambda_targets",),
        "lambda:GetPolicy": ("lambda_targets",),
        "logs:DescribeDeliveries": ("access_logs", "health_check_logs"),
        "logs:DescribeDeliveryDestinations": ("access_logs", "health_check_logs"),
        "logs:DescribeDeliverySources": ("access_logs", "health_check_logs"),
        "logs:FilterLogEvents": ("access_logs", "application_logs", "health_check_logs"),
        "logs:GetLogEvents": ("application_logs",),
        "logs:GetQueryResults": ("application_logs",),
        "logs:StartQuery": ("application_logs",),
        "logs:StopQuery": ("application_logs",),
        "s3:GetObject": ("access_logs", "health_check_logs"),
        "s3:ListBucket": ("access_logs", "health_check_logs"),
    }
)
"""The facts that an action leads to."""

FINDING: Final = frozenset({"ecs:ListClusters", "ecs:ListServices"})
"""Without these a service is not found by its name."""

ALARMS: Final = frozenset({"cloudwatch:DescribeAlarms"})
"""Without these an alarm that is posted is not answered."""

DOMAINS: Final = frozenset({"route53:ListHostedZones", "route53:ListResourceRecordSets"})
"""Without these a domain is not followed through Route 53."""

AROUND_FIXES: Final = frozenset(STATEMENTS["Alb502AroundFixes"])
"""What is looked at just before something is changed: what cannot be, counts as protected."""

OPTIONAL: Final = frozenset(
    {"codedeploy:GetDeployment", "health:DescribeEvents", "logs:GetQueryResults", "logs:StartQuery", "logs:StopQuery"}
)
"""The rest of a diagnosis is as good without these."""


@dataclass(frozen=True, slots=True)
class Loss:
    """What is missed without some actions. `open`: causes that cannot be judged any more; `less_sure`: those that are
    judged from less."""

    open: tuple[str, ...] = ()
    less_sure: tuple[str, ...] = ()


def loss_of(actions: Iterable[str]) -> Loss:
    """What these actions, all of them denied, leave open."""
    names = _with_those_behind({fact for action in actions for fact in FACTS.get(action, ())})
    specs = catalogue()
    needed = [code for code, spec in specs.items() if any(kind.name in names for kind in spec.needs)]
    used = [code for code, spec in specs.items() if any(kind.name in names for kind in spec.uses)]
    return Loss(tuple(sorted(needed)), tuple(sorted(set(used) - set(needed))))


def is_optional(action: str) -> bool:
    """Whether it may be left out on purpose."""
    return action in OPTIONAL or action in DOMAINS


def _with_those_behind(names: set[str]) -> set[str]:
    """And the facts whose collectors cannot begin without one of these."""
    needs = _needs()
    found = set(names)
    while more := {fact for fact, before in needs.items() if before & found} - found:
        found |= more
    return found


@cache
def _needs() -> Mapping[str, frozenset[str]]:
    return {
        spec.yields.name: frozenset(one.fact.name for one in spec.parameters if one.fact and one.need == "known")
        for spec in all_collectors()
    }
