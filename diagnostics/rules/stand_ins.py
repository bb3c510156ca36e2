"""Who stands for the targets of a group that has none to connect to at the moment.

While ECS replaces its tasks, a target group may be empty or hold leaving targets only. The next tasks come into the
same subnets with the same security groups, so the way to them can be judged all the same.
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_AwsVpcConfiguration.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from diagnostics.facts import EcsService, ServiceLoadBalancer, Target, TargetGroup, Task
from diagnostics.rules.address_space import address
from diagnostics.rules.routing import registered_groups
from diagnostics.rules.terrain import Terrain, Whereabouts

REPLACED = "replaced"
"""State of a stand-in; Elastic Load Balancing has none of that name."""
WITHOUT_CONNECTIONS = frozenset({"unused", "draining", "unavailable"})
"""States in which a load balancer opens no new connection to a target."""
MAX_STAND_INS = 20


def stand_ins(terrain: Terrain) -> Iterator[tuple[str, Target, Whereabouts]]:
    """For each empty group that the ECS service fills: tasks that run or were stopped just now, else its subnets."""
    service = terrain.service
    for setting in service.load_balancers if service and service.desired > 0 else ():
        for arn in registered_groups(setting):
            group = terrain.target_groups.of(arn)
            if service and group and group.target_type == "ip" and _is_deserted(terrain, group):
                found = tuple(_of_tasks(terrain, service, setting)) or tuple(_of_subnets(terrain, service, setting))
                yield from ((arn, target, there) for target, there in found[:MAX_STAND_INS])


def _is_deserted(terrain: Terrain, group: TargetGroup) -> bool:
    targets = terrain.health.by_group.get(group.arn)
    return targets is not None and all(target.state == "draining" for target in targets)


def _of_tasks(
    terrain: Terrain, service: EcsService, setting: ServiceLoadBalancer
) -> Iterator[tuple[Target, Whereabouts]]:
    running: Iterable[Task] = terrain.tasks.items if terrain.tasks else ()
    for task in (*running, *terrain.stopped_lately):
        place = address(task.private_ips[0]) if task.private_ips else None
        if place is not None:
            target = Target(id=str(place), port=setting.container_port, zone=task.zone, state=REPLACED)
            yield target, Whereabouts(place, task.subnet_id, service.security_groups or None)


def _of_subnets(
    terrain: Terrain, service: EcsService, setting: ServiceLoadBalancer
) -> Iterator[tuple[Target, Whereabouts]]:
    for subnet_id in service.subnets:
        subnet = terrain.subnets.by_id.get(subnet_id) if terrain.subnets else None
        zone = subnet.zone if subnet else None
        target = Target(id=subnet_id, port=setting.container_port, zone=zone, state=REPLACED)
        yield target, Whereabouts(None, subnet_id, service.security_groups or None)
