"""Zones that the load balancer does not serve."""

from diagnostics.facts import LoadBalancers, Target, TargetHealth, ZoneMapping
from tests.incidents.building import LB, SUBNETS, TARGETS, TG, Incident, change
from tests.incidents.cases import finds, look_alike

CODE = "az-not-enabled"
ZONE = "Target is in an Availability Zone that is not enabled for the load balancer"
NO_RULE = "Target group is not configured to receive traffic from the load balancer"
SECOND_ZONE = list(TARGETS)[2:]


def serves(incident: Incident, *subnets: str) -> Incident:
    zones = tuple(ZoneMapping(zone=SUBNETS[subnet][0], subnet_id=subnet) for subnet in subnets)
    return incident.edit(
        LoadBalancers,
        lambda fact: fact.model_copy(
            update={"items": tuple(item.model_copy(update={"zones": zones}) for item in fact.items)}
        ),
    )


def second_zone_was_taken_away() -> Incident:
    incident = serves(Incident(), "subnet-0a").health("unused", "Target.NotInUse", ZONE, targets=SECOND_ZONE)
    return incident.changed(change("SetSubnets", minutes_ago=20, resources=(LB,)))


def all_tasks_in_the_wrong_zone() -> Incident:
    incident = serves(Incident(), "subnet-0a").targets(())
    other = Incident().health("unused", "Target.NotInUse", ZONE)
    targets = tuple(
        target.model_copy(update={"zone": "us-east-1c", "id": f"10.0.3.{n}"})
        for n, target in enumerate(_all(other), 10)
    )
    incident.targets(targets).elb_errors(503, 600, 30).of_group("HTTPCode_Target_2XX_Count", 600, 180, 30)
    return incident.event(f"(task 0a) (port 8080) is unhealthy in (target-group x) due to (reason {ZONE})", 25)


def zone_of_the_target_unknown() -> Incident:
    incident = second_zone_was_taken_away()
    return incident.targets(target.model_copy(update={"zone": None}) for target in _all(incident))


def no_rule_uses_the_group() -> Incident:
    return Incident().health("unused", "Target.NotInUse", NO_RULE)


def draining_in_a_zone_that_is_going() -> Incident:
    incident = serves(Incident(), "subnet-0a")
    return incident.health("draining", "Target.DeregistrationInProgress", None, targets=SECOND_ZONE)


def _all(incident: Incident) -> tuple[Target, ...]:
    return incident.known(TargetHealth).by_group[TG]


CASES = (
    finds(
        CODE, "the second zone was taken away", second_zone_was_taken_away, band="confirmed", summary_says="us-east-1b"
    ),
    finds(CODE, "all tasks in a zone without nodes", all_tasks_in_the_wrong_zone, summary_says="nobody is left"),
    finds(CODE, "the target's zone is not known", zone_of_the_target_unknown),
    look_alike(CODE, "no rule uses the group", no_rule_uses_the_group, first="insufficient-evidence"),
    look_alike(CODE, "targets that are leaving", draining_in_a_zone_that_is_going),
)
