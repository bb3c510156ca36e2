"""Where a task goes: a network interface of its own on Fargate, or room on a container instance.

Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-networking.html
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Sequence
from ipaddress import ip_network

from moto.ec2.models import EC2Backend, ec2_backends

from demo.world.ecs.model import Cluster, ContainerInstance, Deployment, Service, Task
from demo.world.ecs.store import EcsStore

FIRST_TASK_HOST = 20
"""Lower host numbers are left to load balancer nodes, gateways and instances."""
FIRST_DYNAMIC_PORT = 32768
LAST_DYNAMIC_PORT = 60999
"""Linux's default ip_local_port_range, which the ECS agent uses for host port 0."""


class Placement:
    """Gives tasks addresses and takes them back."""

    def __init__(self, store: EcsStore) -> None:
        self._store = store
        self._ec2: EC2Backend = ec2_backends[store.account][store.region]

    def place(self, service: Service, deployment: Deployment, task: Task) -> str | None:
        """Settles the task somewhere; otherwise the sentence that ECS gives as the reason."""
        if task.definition.network_mode == "awsvpc":
            return self._attach_interface(service, deployment, task)
        return self._find_room(service, task)

    def release(self, task: Task) -> None:
        """Gives back the interface. Host ports free themselves, because they are counted over live tasks."""
        if task.interface_id:
            self._ec2.enis.pop(task.interface_id, None)

    def _attach_interface(self, service: Service, deployment: Deployment, task: Task) -> str | None:
        network = (deployment.network or {}).get("awsvpcConfiguration", {})
        subnet = self._ec2.get_subnet(self._least_used_subnet(service, network["subnets"]))
        taken = {eni.private_ip_address for eni in self._ec2.enis.values()}
        hosts = ip_network(subnet.cidr_block).hosts()
        free = (str(host) for number, host in enumerate(hosts) if number >= FIRST_TASK_HOST and str(host) not in taken)
        task.address = next(free, "")
        if not task.address:
            return "RESOURCE:ENI"
        task.attachment_id = str(uuid.uuid4())
        eni = self._ec2.create_network_interface(
            subnet,
            task.address,
            group_ids=list(network.get("securityGroups", [])),
            description=self._store.arn(f"attachment/{task.attachment_id}"),
        )
        eni.status = "in-use"
        eni.requester_managed = True
        task.interface_id, task.subnet, task.zone = eni.id, subnet.id, subnet.availability_zone
        return None

    def _least_used_subnet(self, service: Service, subnets: Sequence[str]) -> str:
        used = Counter(task.subnet for task in self._store.tasks_of(service) if task.is_wanted)
        return min(subnets, key=lambda subnet: (used[subnet], subnets.index(subnet)))

    def _find_room(self, service: Service, task: Task) -> str | None:
        instances = [i for i in service.cluster.instances.values() if i.status == "ACTIVE" and i.agent_connected]
        if not instances:
            return "No Container Instances were found in your cluster."
        refusals = {}
        for instance in sorted(instances, key=lambda i: len(self._tasks_on(service.cluster, i))):
            refusal = self._refusal(service, task, instance)
            if refusal is None:
                self._settle_on(service, task, instance)
                return None
            refusals[instance.arn] = refusal
        closest, refusal = next(iter(refusals.items()))
        return f"The closest matching (container-instance {closest.rsplit('/', 1)[-1]}) {refusal}"

    def _refusal(self, service: Service, task: Task, instance: ContainerInstance) -> str | None:
        cpu, memory = self.remaining(service.cluster, instance)
        if memory < task.definition.memory_mib:
            return "has insufficient memory available."
        if cpu < task.definition.cpu_units:
            return "has insufficient CPU units available."
        taken = self._ports_on(service, instance)
        if any(host in taken for spec in task.definition.containers for _, host in spec.ports if host):
            return "is already using a port required by your task."
        return None

    def _settle_on(self, service: Service, task: Task, instance: ContainerInstance) -> None:
        taken = self._ports_on(service, instance)
        task.instance, task.zone, task.subnet, task.address = instance, instance.zone, instance.subnet, instance.address
        for container in task.containers:
            bindings = []
            for inside, host in container.spec.ports:
                chosen = host or next(p for p in range(FIRST_DYNAMIC_PORT, LAST_DYNAMIC_PORT) if p not in taken)
                taken.add(chosen)
                bindings.append((inside, chosen))
            container.bindings = tuple(bindings)

    def remaining(self, cluster: Cluster, instance: ContainerInstance) -> tuple[int, int]:
        """Free (CPU units, MiB) of an instance."""
        tasks = self._tasks_on(cluster, instance)
        return (
            instance.cpu_units - sum(task.definition.cpu_units for task in tasks),
            instance.memory_mib - sum(task.definition.memory_mib for task in tasks),
        )

    def _tasks_on(self, cluster: Cluster, instance: ContainerInstance) -> list[Task]:
        return [t for t in cluster.tasks.values() if t.instance is instance and t.stopped is None]

    def _ports_on(self, service: Service, instance: ContainerInstance) -> set[int]:
        tasks = self._tasks_on(service.cluster, instance)
        return {host for task in tasks for container in task.containers for _, host in container.bindings}
