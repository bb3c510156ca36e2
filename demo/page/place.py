"""The service that is broken and mended: where its parts are, as the world holds them now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from demo.world.apps import App
from demo.world.ecs.model import Service, TaskDefinition
from demo.world.region import Region
from demo.world.world import DEFAULT_REGION, World

CLUSTER: Final = "prod"
USUAL_DESIRED: Final = 3


@dataclass(slots=True)
class Front:
    """What stands in front of whatever is asked about: a load balancer and a target group."""

    world: World
    account: str
    name: str

    @property
    def region(self) -> Region:
        return self.world.region(self.account, DEFAULT_REGION)

    def client(self, service: str, by: str) -> Any:
        """A boto3 client of `role/session`."""
        return self.world.account(self.account, DEFAULT_REGION).client(service, by)

    @property
    def target_group(self) -> str:
        return str(self.region.balancers.target_groups()[0].arn)

    @property
    def balancer(self) -> Any:
        """The load balancer as the emulator holds it: the one in front, or the first when none is."""
        found = self.region.balancers.of_target_group(self.target_group) or self.region.balancers.all()
        return found[0]


@dataclass(slots=True)
class Place(Front):
    """One ECS service behind one target group."""

    desired: int = USUAL_DESIRED
    releases: int = 0

    @property
    def service(self) -> Service:
        return self.region.store.service(CLUSTER, self.name)

    @property
    def definition(self) -> TaskDefinition:
        return self.service.primary.definition

    @property
    def image(self) -> str:
        return str(self.definition.containers[0].image)

    @property
    def app(self) -> App:
        return self.world.apps[self.image]

    def change_app(self, **attributes: Any) -> None:
        """The running image behaves differently from now on; nobody deployed anything."""
        with self.world.layer.lock:
            self.world.apps.change(self.image, **attributes)

    @property
    def port(self) -> int:
        return int(self.service.load_balancers[0]["containerPort"])

    @property
    def target_group(self) -> str:
        return str(self.service.load_balancers[0]["targetGroupArn"])

    @property
    def task_groups(self) -> list[str]:
        """Security groups of the tasks."""
        network = (self.service.network or {}).get("awsvpcConfiguration", {})
        return [str(one) for one in network.get("securityGroups", ())]

    @property
    def subnets(self) -> list[str]:
        network = (self.service.network or {}).get("awsvpcConfiguration", {})
        return [str(one) for one in network.get("subnets", ())]

    @property
    def balancer_group(self) -> str:
        return str(self.balancer.security_groups[0])

    @property
    def listener(self) -> Any:
        return next(iter(self.balancer.listeners.values()))


def place_of(world: World, account: str, target: str) -> Place | None:
    """None where what is asked about is no ECS service with network interfaces of its own."""
    store = world.region(account, DEFAULT_REGION).store
    for service in store.services():
        if service.name == target and service.load_balancers and service.network:
            place = Place(world, account, target)
            place.desired = service.desired or USUAL_DESIRED
            return place
    return None
