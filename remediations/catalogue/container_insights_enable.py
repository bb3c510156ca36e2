"""Let CloudWatch keep the memory and CPU of each task and container."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.facts import EcsCluster, EcsService
from diagnostics.printable import counted
from diagnostics.report import SettingChange
from remediations.fix import Case, fix
from remediations.plan import Call, Guard, Look, Plan, Success, Undo, Write

SETTING = "containerInsights"
OFF, ON, EACH_CONTAINER = "disabled", "enabled", "enhanced"
EFFECT_S = 60
_PATH = f"clusters[0].settings[?name == '{SETTING}'] | [0].value"


@fix(
    id="container-insights-enable",
    title="Let CloudWatch keep the memory and CPU of each task",
    risk="low",
    aim="prevents",
    causes=("insufficient-evidence", "memory-pressure", "cpu-saturation"),
    calls=("ecs:UpdateClusterSettings",),
    needs=(EcsService, EcsCluster),
    docs=(
        "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateClusterSettings.html",
        "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Container-Insights-metrics-ECS.html",
    ),
)
def container_insights_enable(case: Case) -> Iterator[Plan]:
    """Switches Container Insights with enhanced observability on for the cluster of the service. Without it CloudWatch
    has two numbers for all tasks of a service together, CPU and memory, which do not say which task or which container
    in it is full, nor how often a container was started again.

    It tells nothing about what is over, and mends nothing. It counts for every service of the cluster, and CloudWatch
    takes money for each metric and for the log group that they are made of: the choice with the numbers of services
    only costs less. Tasks are not touched. The undo sets it as it was; what was written until then stays.
    Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/cloudwatch-container-insights.html
    """
    cluster = case.facts[EcsCluster]
    if case.facts[EcsService].cluster != cluster.cluster or cluster.container_insights not in (OFF, ON):
        return
    whole = _plan(cluster, cluster.container_insights, EACH_CONTAINER)
    if cluster.container_insights == ON:
        yield whole
        return
    less = _plan(cluster, cluster.container_insights, ON)
    yield whole.model_copy(update={"narrower": (less.model_copy(update={"label": "services only, costs less"}),)})


def _plan(cluster: EcsCluster, before: str, after: str) -> Plan:
    name = cluster.cluster
    was, now = _is(name, before), _is(name, after)
    of = "task and container" if after == EACH_CONTAINER else "service"
    whole = f"{counted(cluster.services, 'service')} and {counted(cluster.running, 'task')}"
    log_group = f"/aws/ecs/containerinsights/{name}/performance"
    return Plan(
        fix="container-insights-enable",
        title=f"Let CloudWatch keep the memory and CPU of each {of} of cluster {name}",
        risk="low",
        resource=cluster.arn,
        changes=(SettingChange(resource=f"cluster {name}", setting=SETTING, before=before, after=after),),
        guards=(was,),
        writes=(_set(cluster, after, now),),
        success=Success(
            text=f"Container Insights of {name} is {after}",
            within_s=EFFECT_S,
            guards=(now,),
        ),
        undo=Undo(
            kind="exact",
            text=f"sets Container Insights of {name} to {before} again",
            writes=(_set(cluster, before, was),),
            guards=(now,),
        ),
        touches=f"no request and no task; CloudWatch keeps more of all {whole} in cluster {name}",
        warnings=(
            f"CloudWatch takes money for it, for the whole cluster: metrics of each {of}, and log group {log_group}",
            "it tells of what comes, not of what is over",
        ),
        eta_s=EFFECT_S,
    )


def _set(cluster: EcsCluster, value: str, done_when: Guard) -> Write:
    call = Call.of(
        "ecs", "update_cluster_settings", cluster=cluster.cluster, settings=[{"name": SETTING, "value": value}]
    )
    return Write(call=call, resources=(cluster.arn,), done_when=done_when)


def _is(name: str, value: str) -> Guard:
    call = Call.of("ecs", "describe_clusters", clusters=[name], include=["SETTINGS"])
    return Guard(look=Look(call=call, path=_PATH), expected=value, text=f"Container Insights of {name} is {value}")
