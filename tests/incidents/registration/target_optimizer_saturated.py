"""The target optimizer finds no target that is ready."""

from diagnostics.facts import TargetGroups
from tests.incidents.building import Incident
from tests.incidents.cases import finds, look_alike

CODE = "target-optimizer-saturated"


def saturated(port: int | None = 3000) -> Incident:
    incident = Incident().target_group(control_port=port).elb_errors(503, 100, 15)
    return incident.of_balancer("TargetControlRequestRejectCount", 100, 15)


CASES = (
    finds(CODE, "requests are rejected while all targets are healthy", saturated, band="confirmed"),
    finds(
        CODE,
        "the group may not be read",
        lambda: saturated().denied(TargetGroups, "elasticloadbalancing:DescribeTargetGroups"),
        band="likely",
    ),
    look_alike(CODE, "the rejects are another group's", lambda: saturated(port=None), first="insufficient-evidence"),
    look_alike(
        CODE,
        "503 without a reject",
        lambda: Incident().target_group(control_port=3000).elb_errors(503, 100, 15),
        first="insufficient-evidence",
    ),
)
