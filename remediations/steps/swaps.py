"""Services of which somebody swaps target groups in listener rules: CodeDeploy, another controller, or ECS itself where
it deploys in two colours. While one is swapped for the other, a rule is theirs."""

from __future__ import annotations

from diagnostics.facts import EcsService
from diagnostics.rules.routing import service_rolls
from remediations.plan import Guard
from remediations.steps import deployments, healthy

ROLLING = "ROLLING"
SWAPPING = "a deployment is in progress, which moves requests from one target group to the other"


def swaps_groups(service: object) -> bool:
    return isinstance(service, EcsService) and (not service_rolls(service) or service.deployment_strategy != ROLLING)


def not_swapping(service: object) -> tuple[Guard, ...]:
    """What must be so before a rule in front of the service is changed."""
    if isinstance(service, EcsService) and swaps_groups(service):
        return (healthy.not_deploying(service),)
    return ()


def not_now(service: object) -> str | None:
    busy = isinstance(service, EcsService) and swaps_groups(service) and deployments.is_in_progress(service)
    return SWAPPING if busy else None
