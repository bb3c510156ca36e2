"""Commands that read again what would overturn a finding: a counter by minute, a task, the application's own log."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from diagnostics.causes.cause import Facts
from diagnostics.facts import Task
from diagnostics.rules.counters import balancer_dimension, group_dimension
from diagnostics.rules.served_by import serving_container


def balancer_metric(
    facts: Facts, name: str, statistic: str, start: datetime, end: datetime, target_group: str | None = None
) -> str:
    """A counter of the first load balancer, or of one of its target groups."""
    first = next(iter(facts.subject.load_balancers), "LOAD-BALANCER")
    dimensions = [f"Name=LoadBalancer,Value={balancer_dimension(first)}"]
    if target_group is not None:
        dimensions.append(f"Name=TargetGroup,Value={group_dimension(target_group)}")
    return metric("AWS/ApplicationELB", name, statistic, dimensions, start, end)


def healthy_hosts(facts: Facts, statistic: str) -> str:
    """HealthyHostCount of the first target group in the window."""
    group = next(iter(facts.subject.target_groups), None)
    return balancer_metric(facts, "HealthyHostCount", statistic, facts.window.start, facts.window.end, group)


def service_metric(facts: Facts, name: str, statistic: str, start: datetime, end: datetime) -> str:
    """A measurement of the ECS service."""
    cluster, service = facts.subject.cluster or "CLUSTER", facts.subject.service or "SERVICE"
    return metric(
        "AWS/ECS",
        name,
        statistic,
        (f"Name=ClusterName,Value={cluster}", f"Name=ServiceName,Value={service}"),
        start,
        end,
    )


def metric(namespace: str, name: str, statistic: str, dimensions: Sequence[str], start: datetime, end: datetime) -> str:
    """By minutes, or by hours where minutes would be more points than one answer may have (1,440)."""
    period_s = 60 if end - start <= timedelta(days=1) else 3600
    return (
        f"aws cloudwatch get-metric-statistics --namespace {namespace} --metric-name {name}"
        f" --dimensions {' '.join(dimensions)} --statistics {statistic} --period {period_s}"
        f" --start-time {start:%FT%TZ} --end-time {end:%FT%TZ}"
    )


def application_log(facts: Facts, start: datetime, end: datetime) -> str:
    """Everything that the serving container wrote between these moments."""
    container = serving_container(facts)
    group = container.log_options.get("awslogs-group", "LOG-GROUP") if container else "LOG-GROUP"
    return (
        f"aws logs filter-log-events --log-group-name {group} --start-time {milliseconds(start)}"
        f" --end-time {milliseconds(end)} --query 'events[].message'"
    )


def described_task(task: Task, fields: str) -> str:
    """What ECS keeps of a stopped task: fields of it such as ``[stopCode,stoppedReason]``."""
    cluster = task.arn.split("/")[-2]
    return f"aws ecs describe-tasks --cluster {cluster} --tasks {task.id} --query 'tasks[].{fields}'"


def milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)
