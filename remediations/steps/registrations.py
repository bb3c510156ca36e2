"""The target groups in which a service of ECS registers its tasks. The list is replaced as a whole, by a deployment.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateService.html
"""

from __future__ import annotations

from typing import Final

from pydantic import JsonValue

from diagnostics.facts import EcsService
from remediations.plan import Guard, Write
from remediations.steps import ecs_services

MEMBERS: Final = ("targetGroupArn", "containerName", "containerPort")


def settings(service: EcsService, old: str, new: JsonValue) -> list[JsonValue]:
    """All of the service's registrations, with another group in the place of one."""
    return [
        {
            "targetGroupArn": new if one.target_group_arn == old else one.target_group_arn,
            "containerName": one.container_name,
            "containerPort": one.container_port,
        }
        for one in service.load_balancers
    ]


def has(service: EcsService, wanted: list[JsonValue], name: str) -> Guard:
    """`name`: of the group in question."""
    members = f"loadBalancers[].{{{', '.join(f'{name}: {name}' for name in MEMBERS)}}}"
    text = f"{service.service} registers its tasks in {name}"
    return Guard(look=ecs_services.looked_up(service, members), expected=wanted, text=text)


def register(service: EcsService, wanted: list[JsonValue], name: str) -> Write:
    return ecs_services.update(service, {"loadBalancers": wanted}, has(service, wanted, name))
