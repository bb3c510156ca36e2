"""Which target groups get requests, and whether anything is there to take them.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-listeners.html
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from diagnostics.facts import EcsService, Listener, Listeners, Read, Rule, ServiceLoadBalancer, Target, TargetHealth
from diagnostics.printable import percent

CANNOT_SERVE = frozenset({"unused", "draining"})


@dataclass(frozen=True, slots=True)
class Route:
    """A rule that sends requests to a target group; `share` (0-1] of them, by weight."""

    listener: Listener
    rule: Rule
    share: float

    def in_words(self) -> str:
        """``the default rule of port 443``, ``rule 10 of port 443 (host-header shop.example.com)``."""
        conditions = "; ".join(f"{item.field} {', '.join(item.values[:2])}" for item in self.rule.conditions[:3])
        name = "the default rule" if self.rule.is_default else f"rule {self.rule.priority}"
        weight = f"{percent(self.share)} of its requests" if self.share < 1 else ""
        which = "; ".join(part for part in (conditions, weight) if part)
        return f"{name} of port {self.listener.port}{f' ({which})' if which else ''}"


def routes_to(listeners: Read[Listeners], target_group: str) -> tuple[Route, ...] | None:
    """The rules that send a share of requests to this target group; None when the rules were not read.

    A weight of 0 sends nothing, so a group with that weight may be empty.
    """
    if not isinstance(listeners, Listeners):
        return None
    found = []
    for listener, rule in listeners.rules_to(target_group):
        total = sum(target.weight for target in rule.forwards_to)
        mine = sum(target.weight for target in rule.forwards_to if target.target_group_arn == target_group)
        if mine > 0:
            found.append(Route(listener, rule, mine / total))
    return tuple(found)


def weighted_with(listeners: Listeners, target_groups: Iterable[str]) -> tuple[str, ...]:
    """Other groups that get a share of the requests of a rule which sends these groups a share too."""
    own = frozenset(target_groups)
    found: dict[str, None] = {}
    for _, rule in listeners.rules():
        weighted = [target.target_group_arn for target in rule.forwards_to if target.weight > 0]
        if own.intersection(weighted):
            found.update(dict.fromkeys(arn for arn in weighted if arn not in own))
    return tuple(found)


def has_nobody(targets: tuple[Target, ...]) -> bool:
    """True when a request for this group has no target to go to, and none that is on its way in."""
    return all(target.state == "draining" for target in targets)


def may_be_empty(
    target_group: str, health: TargetHealth, listeners: Read[Listeners], service: Read[EcsService]
) -> bool:
    """True for a group that no request is missing in: no rule sends to it, or it is the resting half of a blue/green
    pair whose other half has targets, and no weighted rule gives it a share. Where the rules were not read it counts
    as used."""
    routes = routes_to(listeners, target_group)
    if routes == ():
        return True
    if not isinstance(service, EcsService) or any(route.share < 1 for route in routes or ()):
        return False
    partner = resting_partner(service, target_group)
    if partner is None and not service_rolls(service) and target_group not in registers_into(service):
        return any(not has_nobody(health.by_group.get(arn, ())) for arn in registers_into(service))
    return partner is not None and not has_nobody(health.by_group.get(partner, ()))


def is_idle_colour(target_group: str, service: Read[EcsService], listeners: Read[Listeners]) -> bool:
    """True for the colour that ECS, CodeDeploy or another controller has taken out of the rules, or not yet put in,
    while the service's other colour has a rule."""
    if not isinstance(service, EcsService) or routes_to(listeners, target_group) != ():
        return False
    partner = resting_partner(service, target_group)
    if partner is not None:
        return bool(routes_to(listeners, partner))
    if service_rolls(service):
        return False
    return any(routes_to(listeners, arn) for arn in registers_into(service) if arn != target_group)


def service_rolls(service: EcsService) -> bool:
    """False where CodeDeploy or another controller swaps target groups: one of two colours is idle."""
    return service.deployment_controller not in {"CODE_DEPLOY", "EXTERNAL"}


def registers_into(service: EcsService) -> frozenset[str]:
    """Every target group that the service may put tasks into, the alternates of a blue/green pair included."""
    return frozenset(arn for setting in service.load_balancers for arn in registered_groups(setting))


def registration_of(service: EcsService, target_group: str) -> ServiceLoadBalancer | None:
    """The setting by which the service puts tasks into this group."""
    return next((one for one in service.load_balancers if target_group in registered_groups(one)), None)


def registered_groups(setting: ServiceLoadBalancer) -> tuple[str, ...]:
    """The target group of one setting, and its alternate."""
    return tuple(arn for arn in (setting.target_group_arn, setting.alternate_target_group_arn) if arn)


def resting_partner(service: EcsService, target_group: str) -> str | None:
    """The other group of a blue/green pair; outside a deployment one of the two is empty."""
    setting = registration_of(service, target_group)
    return next((arn for arn in registered_groups(setting) if arn != target_group), None) if setting else None


def short_name(target_group: str) -> str:
    """``checkout`` of ``…:targetgroup/checkout/73e2d6bc24d8a067``."""
    parts = target_group.split("/")
    return parts[-2] if len(parts) >= 3 else target_group
