"""EC2 instances under the targets, what Auto Scaling did with them, and the routes of the subnets on the way."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from diagnostics.facts.fact import Fact, Frozen

ASKED_TO_TERMINATE = "autoscaling:EC2_INSTANCE_TERMINATING"


class ScheduledEvent(Frozen):
    """What AWS plans for an instance, such as ``instance-retirement``; `description` may begin with ``[Completed]``."""

    code: str
    description: str = ""
    not_before: datetime | None = None
    not_after: datetime | None = None

    @property
    def is_over(self) -> bool:
        return self.description.startswith(("[Completed]", "[Canceled]"))


class Host(Frozen):
    """One EC2 instance.

    `reason_code` and `reason` are AWS's words for its last change of state: ``Server.SpotInstanceTermination`` and
    ``User initiated (2026-11-21 03:10:12 GMT)``; `ended_at` is the time in them. `lifecycle` is ``spot`` or None.
    Status checks are ``ok``, ``impaired``, ``initializing``, ``insufficient-data`` or ``not-applicable``; None: not
    read.
    """

    id: str
    state: str
    reason_code: str = ""
    reason: str = ""
    ended_at: datetime | None = None
    lifecycle: str | None = None
    launched_at: datetime | None = None
    zone: str | None = None
    private_ips: tuple[str, ...] = ()
    system_status: str | None = None
    instance_status: str | None = None
    impaired_since: datetime | None = None
    events: tuple[ScheduledEvent, ...] = ()
    scaling_group: str | None = None

    @property
    def is_gone(self) -> bool:
        return self.state in {"stopping", "stopped", "shutting-down", "terminated"}

    @property
    def is_impaired(self) -> bool:
        return self.state == "running" and "impaired" in {self.system_status, self.instance_status}


class Hosts(Fact):
    """Instances that are targets or run tasks, also lately stopped ones; `missing` were asked for and are unknown."""

    name: ClassVar[str] = "hosts"

    items: tuple[Host, ...]
    missing: tuple[str, ...] = ()

    def of(self, instance_id: str | None) -> Host | None:
        return next((host for host in self.items if host.id == instance_id), None)


class FormerHosts(Fact):
    """Instances that CloudTrail names as taken out of the target groups, stopped or terminated, and are no targets now.

    `missing` are those that EC2 has forgotten.
    """

    name: ClassVar[str] = "former_hosts"

    items: tuple[Host, ...]
    missing: tuple[str, ...] = ()


class ScalingActivity(Frozen):
    """One activity of an Auto Scaling group; `cause` is AWS's account of why, in sentences."""

    id: str
    group: str
    description: str
    cause: str
    status: str
    instance_id: str | None = None
    started_at: datetime
    ended_at: datetime | None = None

    @property
    def terminates(self) -> bool:
        return self.description.startswith("Terminating EC2 instance")


class LifecycleHook(Frozen):
    """A pause that a scaling group makes; `transition` says at which moment."""

    name: str
    group: str
    transition: str
    timeout_s: int | None = None


class ScalingActivities(Fact):
    """What the Auto Scaling groups of the hosts did lately, newest first, and their lifecycle hooks.

    `hooks_read`: groups whose hooks are known, those without any included.
    """

    name: ClassVar[str] = "scaling_activities"

    items: tuple[ScalingActivity, ...]
    hooks: tuple[LifecycleHook, ...] = ()
    hooks_read: tuple[str, ...] = ()

    def drains(self, group: str) -> bool | None:
        """Whether something is given time before an instance of this group ends; None: not read."""
        if group not in self.hooks_read:
            return None
        return any(hook.group == group and hook.transition == ASKED_TO_TERMINATE for hook in self.hooks)


class TableRoute(Frozen):
    """One route. `destination` is a CIDR or a prefix list id; `via` the id of what it leads to, ``local`` at home."""

    destination: str
    via: str
    state: str = "active"

    @property
    def is_blackhole(self) -> bool:
        return self.state == "blackhole"


class RouteTable(Frozen):
    id: str
    vpc_id: str
    is_main: bool = False
    subnet_ids: tuple[str, ...] = ()
    routes: tuple[TableRoute, ...] = ()


class RouteTables(Fact):
    """Route tables of the subnets on the way to targets outside the load balancer's VPC, and the VPCs' main ones."""

    name: ClassVar[str] = "route_tables"

    items: tuple[RouteTable, ...]

    def of_subnet(self, subnet_id: str, vpc_id: str | None) -> RouteTable | None:
        """The table that the subnet names, else the main one of its VPC."""
        named = next((table for table in self.items if subnet_id in table.subnet_ids), None)
        return named or next((table for table in self.items if table.is_main and table.vpc_id == vpc_id), None)
