"""Dropped packets while ECS replaces the tasks, so that there may be no target to look at."""

from diagnostics.facts import Changes, EcsService, NetworkInterfaces
from tests.incidents.building import Incident, allow_from
from tests.incidents.cases import Case, finds, look_alike
from tests.incidents.network.sg_ingress_missing import revoked, task_group
from tests.incidents.replacing import MOMENTS, NOT_FOUND, SILENT, Moment, replacing

CODE = "sg-ingress-missing"
EMPTY = "no-registered-targets"


def without_interfaces(incident: Incident) -> Incident:
    """The tasks' interfaces went with them; only the load balancer's nodes are left."""

    def keep_nodes(fact: NetworkInterfaces) -> NetworkInterfaces:
        return fact.model_copy(update={"items": tuple(i for i in fact.items if i.description.startswith("ELB "))})

    return incident.edit(NetworkInterfaces, keep_nodes)


def shut_out(moment: Moment) -> Incident:
    incident = replacing(Incident().security_group(task_group()), SILENT, moment, ran_min=3)
    return without_interfaces(incident).changed(revoked(16))


def reasons_are_gone() -> Incident:
    """More than a hundred events ago; the stops are still known."""
    incident = shut_out("empty")
    return incident.edit(EcsService, lambda fact: fact.model_copy(update={"events": ()}))


def nothing_running_or_stopped_is_known() -> Incident:
    incident = replacing(Incident().security_group(task_group()), SILENT, "empty", stops_known=False)
    return without_interfaces(incident).running().changed(revoked(16))


def shut_out_but_they_answered() -> Incident:
    """The rule is missing for another load balancer's port; this one's checks were answered with 404."""
    return without_interfaces(
        replacing(Incident().security_group(task_group(allow_from("sg-0a1b"))), NOT_FOUND, "empty")
    )


def parked() -> Incident:
    """Nobody is let in, and nobody is meant to be there."""
    incident = Incident().security_group(task_group()).service(desired=0, running=0).running().targets(())
    return without_interfaces(incident).edit(Changes, lambda fact: fact)


CASES = (
    *(
        Case(
            CODE,
            f"the only task is replaced, nobody gets in, target group {moment}",
            lambda moment=moment: shut_out(moment),  # type: ignore[misc]
            "finds",
            also=(EMPTY,),
            band="confirmed",
        )
        for moment in MOMENTS
    ),
    finds(CODE, "the reasons are no longer among the events", reasons_are_gone, also=(EMPTY,)),
    finds(CODE, "no task is known, only the service's subnets", nothing_running_or_stopped_is_known, also=(EMPTY,)),
    look_alike(
        CODE,
        "the replaced tasks had answered",
        shut_out_but_they_answered,
        first="health-check-path-mismatch",
        also=(EMPTY,),
    ),
    look_alike(CODE, "the service is parked", parked, first="service-scaled-to-zero", also=(EMPTY,)),
)
