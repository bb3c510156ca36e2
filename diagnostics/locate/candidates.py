"""Which of the things with one name is meant, and how to name the others. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from diagnostics.locate.arns import dimension_of
from diagnostics.locate.seen import (
    SeenFunction,
    SeenLoadBalancer,
    SeenService,
    SeenServiceName,
    SeenTargetGroup,
)
from diagnostics.question import Ambiguous, Candidate
from diagnostics.snapshot import SubjectKind

MAX_CANDIDATES: Final = 20

Thing = SeenService | SeenTargetGroup | SeenLoadBalancer | SeenFunction


@dataclass(frozen=True, slots=True)
class Sightings:
    """Everything that has the name. `groups` are the target groups that the services register with."""

    services: tuple[SeenService, ...] = ()
    target_groups: tuple[SeenTargetGroup, ...] = ()
    load_balancers: tuple[SeenLoadBalancer, ...] = ()
    functions: tuple[SeenFunction, ...] = ()
    groups: tuple[SeenTargetGroup, ...] = ()


def meant(seen: Sightings) -> tuple[Thing, ...]:
    """What is left when things that belong together count once: the service, else the target group, speaks for them.

    A service owns the target groups it registers with and their load balancers. One that no load balancer forwards to
    owns what has its name beside it too: this mismatch is a fault to find, not two things to choose from.
    """
    groups = [group for group in seen.target_groups if not any(_owns_group(seen, one, group) for one in seen.services)]
    balancers = [
        balancer
        for balancer in seen.load_balancers
        if not any(_owns_balancer(seen, service, balancer.arn, balancer) for service in seen.services)
        and not any(balancer.arn in group.load_balancers for group in seen.target_groups)
    ]
    return (*seen.services, *groups, *balancers, *seen.functions)


def ambiguous(words: str, things: Sequence[Thing | SeenServiceName]) -> Ambiguous:
    shown = tuple(map(candidate, things[:MAX_CANDIDATES]))
    return Ambiguous(words=words, candidates=shown, more=len(things) - len(shown))


def candidate(thing: Thing | SeenServiceName) -> Candidate:
    """How to call exactly this thing; two of the same words differ by account and region."""
    kind: SubjectKind
    if isinstance(thing, SeenService | SeenServiceName):
        kind, words = "ecs-service", f"{thing.cluster}/{thing.name}"
    elif isinstance(thing, SeenTargetGroup):
        kind, words = "target-group", dimension_of(thing.arn)
    elif isinstance(thing, SeenLoadBalancer):
        kind, words = "load-balancer", dimension_of(thing.arn)
    else:
        kind, words = "lambda", thing.arn
    return Candidate(kind=kind, name=thing.name, words=words, **thing.where.model_dump())


def load_balancers_of(groups: Iterable[SeenTargetGroup]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(arn for group in groups for arn in group.load_balancers))


def _forwarding_to(seen: Sightings, service: SeenService) -> tuple[str, ...]:
    return load_balancers_of(group for group in seen.groups if group.arn in service.target_groups)


def _owns_group(seen: Sightings, service: SeenService, group: SeenTargetGroup) -> bool:
    return group.arn in service.target_groups or _is_orphan_beside(seen, service, group)


def _owns_balancer(seen: Sightings, service: SeenService, arn: str, balancer: SeenLoadBalancer) -> bool:
    return arn in _forwarding_to(seen, service) or _is_orphan_beside(seen, service, balancer)


def _is_orphan_beside(seen: Sightings, service: SeenService, thing: SeenTargetGroup | SeenLoadBalancer) -> bool:
    return bool(service.target_groups) and service.where == thing.where and not _forwarding_to(seen, service)
