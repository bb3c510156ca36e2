"""The checkout service on EC2: four tasks in bridge mode on two container instances, or plain instances without ECS.

Both instances belong to the Auto Scaling group ``shop-hosts``, which has no lifecycle hook.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from diagnostics.facts import (
    Container,
    ContainerInstance,
    ContainerInstances,
    EcsService,
    Host,
    Hosts,
    LifecycleHook,
    NetworkInterfaces,
    NotApplicable,
    PortBinding,
    PortMapping,
    RunningTasks,
    ScalingActivities,
    ScalingActivity,
    ServiceHistory,
    StoppedTasks,
    Target,
    TargetHealth,
    Task,
    TaskDefinitions,
)
from diagnostics.facts.hosts import ASKED_TO_TERMINATE
from diagnostics.snapshot import Subject
from tests.incidents.building import (
    ACCOUNT,
    LB,
    LB_SG,
    REGION,
    SUBNETS,
    TG,
    Incident,
    ago,
    allow_from,
    definition,
    stopped_task,
    task,
)
from tests.incidents.network.sg_ingress_missing import task_group

HOSTS = {"i-0a": ("10.0.1.5", "subnet-0a"), "i-0b": ("10.0.2.5", "subnet-0b")}
PORTS = {"i-0a": (32801, 32802), "i-0b": (32811, 32812)}
PLAIN_PORT = 8080
SCALING_GROUP = "shop-hosts"
SHRINKS = (
    "At 2026-11-21T03:09:52Z a monitor alarm TargetTracking-shop-hosts in state ALARM triggered policy cpu changing the"
    " desired capacity from 2 to 1. At 2026-11-21T03:10:00Z an instance was taken out of service in response to a"
    " difference between desired and actual capacity, shrinking the capacity from 2 to 1. At 2026-11-21T03:10:00Z"
    " instance {} was selected for termination."
)
NO_ECS = NotApplicable(reason="no ECS service")


def container_instance(instance_id: str) -> str:
    return f"arn:aws:ecs:{REGION}:{ACCOUNT}:container-instance/prod/{instance_id[2:]:0>32}"


def host(instance_id: str, **changes: Any) -> Host:
    ip, subnet = HOSTS.get(instance_id, ("10.0.1.9", "subnet-0a"))
    base = Host(
        id=instance_id,
        state="running",
        launched_at=ago(9000),
        zone=SUBNETS[subnet][0],
        private_ips=(ip,),
        system_status="ok",
        instance_status="ok",
        scaling_group=SCALING_GROUP,
    )
    return base.model_copy(update=changes)


def terminated(instance_id: str, *, minutes_ago: float = 20, **changes: Any) -> Host:
    return host(
        instance_id,
        **{
            "state": "terminated",
            "reason_code": "Client.UserInitiatedShutdown",
            "reason": f"User initiated ({ago(minutes_ago):%Y-%m-%d %H:%M:%S} GMT)",
            "ended_at": ago(minutes_ago),
            "private_ips": (),
            "system_status": "not-applicable",
            "instance_status": "not-applicable",
            **changes,
        },
    )


def bound(host_port: int) -> tuple[Container, ...]:
    binding = PortBinding(container_port=PLAIN_PORT, host_port=host_port)
    return (Container(name="web", last_status="RUNNING", bindings=(binding,)),)


def on_hosts(ports: Mapping[str, tuple[int, ...]] = PORTS) -> Incident:
    """Healthy; the host ports are dynamic and open."""
    incident = _with_instances(Incident())
    places = [(instance, port) for instance, own in ports.items() for port in own]
    incident.targets(_target(*place) for place in places)
    incident.running(*(_task(number, *place) for number, place in enumerate(places, 1)))
    mapping = PortMapping(container_port=PLAIN_PORT, host_port=0)
    container = definition().containers[0].model_copy(update={"port_mappings": (mapping,)})
    incident.definitions(definition(network_mode="bridge", containers=(container,)))
    incident.replace(
        ContainerInstances(
            items=tuple(
                ContainerInstance(
                    arn=container_instance(item), ec2_instance_id=item, status="ACTIVE", agent_connected=True
                )
                for item in HOSTS
            )
        )
    )
    opened = allow_from(LB_SG).model_copy(update={"from_port": 32768, "to_port": 65535})
    incident.security_group(task_group(opened))
    return incident.service(launch_type="EC2", security_groups=(), subnets=(), capacity_providers=())


def plain_instances() -> Incident:
    """No ECS: two instances on port 8080, asked about by their target group."""
    incident = _with_instances(Incident())
    incident.subject = Subject(
        query="checkout",
        kind="target-group",
        account=ACCOUNT,
        region=REGION,
        load_balancers=(LB,),
        target_groups=(TG,),
    )
    for kind in (EcsService, ServiceHistory, RunningTasks, StoppedTasks, TaskDefinitions, ContainerInstances):
        incident.facts[kind] = NO_ECS
    incident.targets(_target(instance, PLAIN_PORT) for instance in HOSTS)
    return incident.security_group(task_group(allow_from(LB_SG, port=PLAIN_PORT)))


def forgotten(incident: Incident, instance_id: str = "i-0b", *, minutes_ago: float = 25) -> Incident:
    """A plain instance is terminated: its target and its interface are gone with it, and its address with both."""
    with_host(incident, terminated(instance_id, minutes_ago=minutes_ago))
    incident.targets(t for t in incident.known(TargetHealth).by_group[TG] if t.id != instance_id)
    incident.edit(
        NetworkInterfaces,
        lambda fact: fact.model_copy(
            update={"items": tuple(item for item in fact.items if item.instance_id != instance_id)}
        ),
    )
    return incident


def with_host(incident: Incident, *changed: Host) -> Incident:
    """Puts these hosts in the place of those with the same id."""
    ids = {item.id for item in changed}
    return incident.edit(
        Hosts,
        lambda fact: fact.model_copy(update={"items": (*(h for h in fact.items if h.id not in ids), *changed)}),
    )


def agent_lost(incident: Incident, instance_id: str = "i-0b") -> Incident:
    def edit(fact: ContainerInstances) -> ContainerInstances:
        items = tuple(
            item.model_copy(update={"agent_connected": item.ec2_instance_id != instance_id and item.agent_connected})
            for item in fact.items
        )
        return fact.model_copy(update={"items": items})

    return incident.edit(ContainerInstances, edit)


def lost_task(number: int, instance_id: str, *, minutes_ago: float = 20, **changes: Any) -> Task:
    """A task that ended with its host, and says so."""
    port = PORTS.get(instance_id, (32801, 32802))[number % 2]
    made = stopped_task(
        number,
        minutes_ago=minutes_ago,
        stop_code="TerminationNotice",
        stopped_reason=f"Host EC2 (instance {instance_id}) terminated.",
        ran_minutes=300,
    )
    where = {"private_ips": (), "launch_type": "EC2", "container_instance_arn": container_instance(instance_id)}
    return made.model_copy(update={**where, "containers": bound(port), **changes})


def host_went_away(incident: Incident, instance_id: str = "i-0b", *, minutes_ago: float = 20) -> Incident:
    """Its two tasks stop, others are started on the other host, and requests fail for two minutes."""
    incident.stopped(*(lost_task(50 + n, instance_id, minutes_ago=minutes_ago) for n in range(2)))
    left = [
        t for t in incident.known(RunningTasks).items if container_instance(instance_id) != t.container_instance_arn
    ]
    other = next(item for item in HOSTS if item != instance_id)
    late = [_task(60 + n, other, 32821 + n, started=minutes_ago - 2) for n in range(2)]
    incident.running(*left, *late)
    targets = [t for t in incident.known(TargetHealth).by_group[TG] if t.id != instance_id]
    incident.targets((*targets, *(_target(other, 32821 + n) for n in range(2))))
    incident.edit(
        ContainerInstances,
        lambda fact: fact.model_copy(
            update={"items": tuple(item for item in fact.items if item.ec2_instance_id != instance_id)}
        ),
    )
    return incident.elb_errors(502, 60, minutes_ago, minutes_ago - 2).elb_errors(504, 30, minutes_ago, minutes_ago - 2)


def scaled_in(
    incident: Incident, instance_id: str = "i-0b", *, minutes_ago: float = 20, cause: str = SHRINKS, hook: bool = False
) -> Incident:
    activity = ScalingActivity(
        id=f"activity-{instance_id}",
        group=SCALING_GROUP,
        description=f"Terminating EC2 instance: {instance_id}",
        cause=cause.format(instance_id),
        status="Successful",
        instance_id=instance_id,
        started_at=ago(minutes_ago + 0.5),
        ended_at=ago(minutes_ago - 0.5),
    )
    hooks = (LifecycleHook(name="drain", group=SCALING_GROUP, transition=ASKED_TO_TERMINATE),) if hook else ()
    return incident.edit(
        ScalingActivities,
        lambda fact: fact.model_copy(update={"items": (activity, *fact.items), "hooks": hooks}),
    )


def sick_on(
    incident: Incident, *instances: str, reason: str = "Target.Timeout", words: str = "Request timed out"
) -> Incident:
    return incident.unhealthy(reason, words, targets=instances)


def _with_instances(incident: Incident) -> Incident:
    incident.target_group(target_type="instance")
    first = incident.known(NetworkInterfaces).items[0]
    interfaces = tuple(
        first.model_copy(
            update={
                "id": f"eni-{instance}",
                "private_ips": (ip,),
                "subnet_id": subnet,
                "instance_id": instance,
                "description": "",
            }
        )
        for instance, (ip, subnet) in HOSTS.items()
    )
    incident.edit(
        NetworkInterfaces,
        lambda fact: fact.model_copy(
            update={"items": (*interfaces, *(item for item in fact.items if item.description.startswith("ELB")))}
        ),
    )
    incident.replace(Hosts(items=tuple(map(host, HOSTS))))
    return incident.replace(ScalingActivities(items=(), hooks_read=(SCALING_GROUP,)))


def _target(instance_id: str, port: int) -> Target:
    zone = SUBNETS[HOSTS[instance_id][1]][0]
    return Target(id=instance_id, port=port, zone=zone, state="healthy", health_check_port=str(port))


def _task(number: int, instance_id: str, port: int, *, started: float = 600) -> Task:
    return task(
        number,
        "",
        started=started,
        launch_type="EC2",
        private_ips=(),
        network_interface_id=None,
        container_instance_arn=container_instance(instance_id),
        containers=bound(port),
    )


def addresses(instances: Iterable[str], port: int = PLAIN_PORT) -> tuple[str, ...]:
    """Targets as access log rows name them."""
    return tuple(f"{HOSTS[instance][0]}:{port}" for instance in instances)
