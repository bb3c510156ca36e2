"""Which target and which task is on which host."""

from __future__ import annotations

from dataclasses import dataclass

from diagnostics.causes.cause import Facts
from diagnostics.facts import (
    ContainerInstances,
    Fact,
    Host,
    Hosts,
    NetworkInterfaces,
    RunningTasks,
    StoppedTasks,
    Target,
    TargetHealth,
    Task,
    known,
)
from diagnostics.rules.host_ends import host_named_in, tells_of_a_lost_host

HOST_MAP_USES: tuple[type[Fact], ...] = (
    Hosts,
    ContainerInstances,
    RunningTasks,
    StoppedTasks,
    TargetHealth,
    NetworkInterfaces,
)
"""What a cause about hosts declares, minus what it needs itself."""


@dataclass(frozen=True, slots=True)
class HostMap:
    """Facts about hosts and who is on them; what was not read is None."""

    hosts: Hosts | None = None
    instances: ContainerInstances | None = None
    running: tuple[Task, ...] = ()
    stopped: tuple[Task, ...] = ()
    health: TargetHealth | None = None
    interfaces: NetworkInterfaces | None = None

    @classmethod
    def of(cls, facts: Facts) -> HostMap:
        """For a cause that declares `HOST_MAP_USES`."""
        running, stopped = known(facts.maybe(RunningTasks)), known(facts.maybe(StoppedTasks))
        return cls(
            hosts=known(facts.maybe(Hosts)),
            instances=known(facts.maybe(ContainerInstances)),
            running=running.items if running else (),
            stopped=stopped.items if stopped else (),
            health=known(facts.maybe(TargetHealth)),
            interfaces=known(facts.maybe(NetworkInterfaces)),
        )

    def host(self, instance_id: str | None) -> Host | None:
        return self.hosts.of(instance_id) if self.hosts else None

    def host_id_of(self, task: Task) -> str | None:
        """The EC2 instance that the task is or was on."""
        return host_named_in(task.stopped_reason) or (self.instances.host_of(task) if self.instances else None)

    def tasks_on(self, instance_id: str) -> tuple[Task, ...]:
        """Running tasks on this host."""
        return tuple(task for task in self.running if self.host_id_of(task) == instance_id)

    def ended_with(self, instance_id: str) -> tuple[Task, ...]:
        """Tasks that stopped because this host ended, by their own words."""
        return tuple(
            task
            for task in self.stopped
            if tells_of_a_lost_host(task.stopped_reason) and self.host_id_of(task) == instance_id
        )

    def addresses_of(self, instance_id: str | None) -> frozenset[str]:
        """As far as they are known; a terminated instance has none any more."""
        host = self.host(instance_id)
        return self._on_interfaces(instance_id) | {*(host.private_ips if host else ())}

    def targets_on(self, instance_id: str) -> tuple[Target, ...]:
        """Registered targets on this host: itself, addresses of its interfaces, addresses of its tasks."""
        own = {instance_id, *self._on_interfaces(instance_id)}
        own |= {address for task in self.tasks_on(instance_id) for address in task.private_ips}
        targets = self.health.all() if self.health else ()
        return tuple(target for _, target in targets if target.id in own)

    def _on_interfaces(self, instance_id: str | None) -> frozenset[str]:
        own = self.interfaces.by_instance(instance_id) if self.interfaces and instance_id else ()
        return frozenset(ip for interface in own for ip in (*interface.private_ips, *interface.ipv6_addresses))
