"""What tests of fixes share that put one target group in the place of another."""

from __future__ import annotations

from typing import Any

from diagnostics.facts import (
    ContainerHealthCheck,
    EcsService,
    ForwardTarget,
    Listener,
    Listeners,
    RunningTasks,
    TargetGroups,
    TargetHealth,
    TaskDefinitions,
)
from tests.incidents.building import LB, OTHER_TG, TG, Incident, definition

ANSWERS = tuple(f"HTTPCode_Target_{digit}XX_Count" for digit in "2345")


def nobody_is_served(incident: Incident, *, ever: bool = True) -> Incident:
    """No target answers anything; `ever` False: not for the last forty minutes."""
    for metric in ANSWERS:
        incident.of_group(metric, 0 if ever or metric != ANSWERS[0] else 600, 180, 40)
    return incident


def asks_itself(incident: Incident, *command: str, health: str = "HEALTHY") -> Incident:
    """The container has a health check of its own."""
    check = ContainerHealthCheck(command=("CMD-SHELL", *command))
    base = definition()
    containers = (base.containers[0].model_copy(update={"health_check": check}),)
    incident.replace(TaskDefinitions(by_arn={base.arn: base.model_copy(update={"containers": containers})}))

    def well(fact: RunningTasks) -> RunningTasks:
        items = tuple(
            one.model_copy(
                update={"containers": tuple(c.model_copy(update={"health_status": health}) for c in one.containers)}
            )
            for one in fact.items
        )
        return fact.model_copy(update={"items": items})

    return incident.edit(RunningTasks, well)


def beside(incident: Incident, *, state: str = "healthy", is_kept: bool = True, **changes: Any) -> Incident:
    """Another target group of the service, over which the same targets are reached; `changes` are those of it.
    `is_kept`: the service registers its tasks there as well."""
    own = incident.known(TargetGroups).items[0]
    other = own.model_copy(update={"arn": OTHER_TG, "name": "checkout-other", **changes})
    incident.edit(TargetGroups, lambda fact: fact.model_copy(update={"items": (*fact.items, other)}))
    targets = incident.known(TargetHealth).by_group[TG]
    incident.targets((one.model_copy(update={"state": state}) for one in targets), OTHER_TG)
    incident.subject = incident.subject.model_copy(update={"target_groups": (TG, OTHER_TG)})
    if not is_kept:
        return incident
    registered = incident.known(EcsService).load_balancers
    again = (one.model_copy(update={"target_group_arn": OTHER_TG}) for one in registered)
    return incident.service(load_balancers=(*registered, *again))


def in_two_rules(incident: Incident) -> Incident:
    """A listener of port 80 forwards to the group as well."""

    def edit(fact: Listeners) -> Listeners:
        first = fact.items[0]
        rules = tuple(rule.model_copy(update={"arn": rule.arn.replace("/f2f7", "/aaaa")}) for rule in first.rules)
        arn = first.arn.replace("/f2f7", "/aaaa")
        plain = Listener(arn=arn, load_balancer_arn=LB, port=80, protocol="HTTP", rules=rules)
        return fact.model_copy(update={"items": (first, plain)})

    return incident.edit(Listeners, edit)


def shares(own: int, other: int) -> tuple[ForwardTarget, ...]:
    return (ForwardTarget(target_group_arn=TG, weight=own), ForwardTarget(target_group_arn=OTHER_TG, weight=other))
