"""When saying nothing is the right answer: what decides was not to be read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from diagnostics.causes import catalogue
from diagnostics.causes.cause import Facts, Finding, Strength
from diagnostics.facts import (
    AccessLogs,
    ApplicationLogs,
    Changes,
    ContainerInstances,
    EcsService,
    Fact,
    HealthCheckLogs,
    HealthEvents,
    HostMetrics,
    Hosts,
    LambdaTargets,
    Listeners,
    LoadBalancerAttributes,
    LoadBalancers,
    Metrics,
    NetworkAcls,
    NetworkInterfaces,
    RouteTables,
    RunningTasks,
    ScalingActivities,
    SecurityGroups,
    ServiceHistory,
    ServiceScaling,
    SiblingHealth,
    StoppedTasks,
    Subnets,
    TargetGroupAttributes,
    TargetGroups,
    TargetHealth,
    TaskDefinitions,
    UsualLoad,
)
from diagnostics.rules.observations import observe
from diagnostics.rules.registered_names import with_registered_names
from diagnostics.snapshot import Snapshot
from tests.calibration.composing import Composed

FACTS_OF: Mapping[str, tuple[type[Fact], ...]] = MappingProxyType(
    {
        "application-autoscaling:DescribeScalableTargets": (ServiceScaling,),
        "application-autoscaling:DescribeScalingActivities": (ScalingActivities,),
        "athena:GetQueryResults": (AccessLogs,),
        "autoscaling:DescribeLifecycleHooks": (ScalingActivities, Hosts),
        "autoscaling:DescribeScalingActivities": (ScalingActivities, Hosts),
        "cloudtrail:LookupEvents": (Changes,),
        "cloudwatch:GetMetricData": (Metrics, UsualLoad, HostMetrics),
        "ec2:DescribeInstanceStatus": (Hosts,),
        "ec2:DescribeInstances": (Hosts,),
        "ec2:DescribeNetworkAcls": (NetworkAcls,),
        "ec2:DescribeNetworkInterfaces": (NetworkInterfaces,),
        "ec2:DescribeRouteTables": (RouteTables,),
        "ec2:DescribeSecurityGroups": (SecurityGroups,),
        "ec2:DescribeSubnets": (Subnets,),
        "ecs:DescribeContainerInstances": (ContainerInstances,),
        "ecs:DescribeServiceDeployments": (ServiceHistory,),
        "ecs:DescribeServices": (EcsService,),
        "ecs:DescribeTaskDefinition": (TaskDefinitions,),
        "ecs:DescribeTasks": (RunningTasks, StoppedTasks),
        "elbv2:DescribeListeners": (Listeners,),
        "elbv2:DescribeLoadBalancerAttributes": (LoadBalancerAttributes,),
        "elbv2:DescribeLoadBalancers": (LoadBalancers,),
        "elbv2:DescribeRules": (Listeners,),
        "elbv2:DescribeTargetGroupAttributes": (TargetGroupAttributes,),
        "elbv2:DescribeTargetGroups": (TargetGroups,),
        "elbv2:DescribeTargetHealth": (TargetHealth, SiblingHealth),
        "health:DescribeEvents": (HealthEvents,),
        "lambda:GetFunctionConcurrency": (LambdaTargets,),
        "lambda:GetFunctionConfiguration": (LambdaTargets,),
        "lambda:GetPolicy": (LambdaTargets,),
        "logs:FilterLogEvents": (ApplicationLogs,),
        "logs:GetQueryResults": (AccessLogs, ApplicationLogs),
        "logs:StartQuery": (ApplicationLogs,),
        "s3:GetObject": (AccessLogs, HealthCheckLogs),
    }
)
"""Which facts carry what a call says. A call that does not stand here was never denied."""


def could_not_tell(code: str, incident: Composed) -> bool:
    """Whether nobody could name this code without what was denied.

    So it is when a fact that the code cannot judge without was denied, and when every record that decides in the same
    incident with nothing denied comes from calls that were denied in full.
    """
    unread, spec = frozenset(incident.denied), catalogue()[code]
    if unread & frozenset(spec.needs):
        return True
    known = {kind for kind in (*spec.needs, *spec.uses) if isinstance(incident.whole.get(kind), kind)}
    carriers = [known & {*FACTS_OF.get(source, ())} for source in _decisive_sources(code, incident.whole)]
    return bool(carriers) and all(found and found <= unread for found in carriers)


def _decisive_sources(code: str, snapshot: Snapshot) -> frozenset[str]:
    return frozenset(
        item.source
        for finding in _findings(code, with_registered_names(snapshot))
        if finding.effect_seen
        for item in finding.supports
        if item.strength is Strength.DECISIVE
    )


def _findings(code: str, snapshot: Snapshot) -> Iterator[Finding]:
    spec = catalogue()[code]
    if all(isinstance(snapshot.get(kind), kind) for kind in spec.needs):
        yield from spec.function(Facts(snapshot, observe(snapshot), spec.needs, spec.uses))
