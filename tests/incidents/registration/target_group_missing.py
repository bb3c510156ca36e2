"""The service names a target group that was deleted."""

from diagnostics.facts import Changes, EcsService, TargetHealth
from tests.incidents.building import OTHER_TG, TG, Incident, change, forward_rule
from tests.incidents.cases import finds, look_alike
from tests.incidents.registration.no_registered_targets import emptied

CODE = "target-group-missing"
SAID = f"(task set ecs-svc/7) (task 0123) is not healthy in target-group ({TG}) due to TARGET GROUP IS NOT FOUND"


def deleted() -> Incident:
    """Infrastructure as code made a new group; the service still names the old one."""
    incident = Incident().replace(TargetHealth(by_group={}, missing=(TG,))).rules(forward_rule(OTHER_TG))
    return incident.of_group("RequestCount", 600, 180, 10)


def deleted_by_somebody() -> Incident:
    return deleted().changed(change("DeleteTargetGroup", minutes_ago=11, resources=(TG,))).event(SAID, 5)


CASES = (
    finds(CODE, "Elastic Load Balancing does not know it", deleted, band="likely", summary_says="checkout"),
    finds(CODE, "ECS says so as well", deleted_by_somebody, band="confirmed"),
    finds(
        CODE,
        "target health may not be read, and ECS says it",
        lambda: deleted_by_somebody().denied(TargetHealth, "elasticloadbalancing:DescribeTargetHealth"),
        band="confirmed",
    ),
    finds(
        CODE, "the service may not be read", lambda: deleted().denied(EcsService, "ecs:DescribeServices"), band="likely"
    ),
    finds(
        CODE,
        "CloudTrail may not be read",
        lambda: deleted_by_somebody().denied(Changes, "cloudtrail:LookupEvents"),
        band="confirmed",
    ),
    look_alike(
        CODE, "an old event, and the group is there", lambda: Incident().event(SAID, 60), verdict="no_fault_found"
    ),
    look_alike(CODE, "the group is there and empty", lambda: emptied(Incident()), first="no-registered-targets"),
)
