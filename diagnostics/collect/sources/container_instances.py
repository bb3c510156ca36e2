"""The EC2 hosts that tasks run on."""

from __future__ import annotations

from diagnostics.collect.answers import batches, distinct, gaps_of, items_of, nothing_read
from diagnostics.collect.collector import Read, Reads, collector
from diagnostics.facts import (
    ContainerInstance,
    ContainerInstances,
    NotApplicable,
    RunningTasks,
    StoppedTasks,
    Unread,
)
from diagnostics.snapshot import Subject

INSTANCES_PER_CALL = 100
MAX_INSTANCES = 300


@collector(cached=False)
def container_instances(
    subject: Subject, tasks: RunningTasks, stopped: StoppedTasks | Unread
) -> Reads[ContainerInstances]:
    """Hosts of running tasks first; those of tasks that stopped lately may have left the cluster and are then absent.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeContainerInstances.html
    """
    gone = stopped.items if isinstance(stopped, StoppedTasks) else ()
    arns = distinct(task.container_instance_arn for task in (*tasks.items, *gone))[:MAX_INSTANCES]
    if not arns:
        return NotApplicable(reason="no task runs on a container instance")
    answers = yield [
        Read(
            "ecs",
            "describe_container_instances",
            "containerInstances",
            {"cluster": subject.cluster, "containerInstances": some},
            resource=some[0],
        )
        for some in batches(arns, INSTANCES_PER_CALL)
    ]
    if failed := nothing_read(answers):
        return failed
    instances = tuple(
        ContainerInstance(
            arn=raw["containerInstanceArn"],
            ec2_instance_id=raw.get("ec2InstanceId"),
            status=raw["status"],
            agent_connected=raw.get("agentConnected", False),
        )
        for raw in items_of(answers)
    )
    return ContainerInstances(items=instances, gaps=gaps_of(answers))
