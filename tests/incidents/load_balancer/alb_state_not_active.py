"""A load balancer that is not in working order."""

from diagnostics.facts import LoadBalancers
from tests.incidents.building import Incident
from tests.incidents.cases import finds, look_alike
from tests.incidents.load_balancer.alb_at_capacity import in_state, refusing

CODE = "alb-state-not-active"

CASES = (
    finds(
        CODE, "it failed", lambda: in_state(Incident(), "failed", "InternalError"), summary_says="could not be set up"
    ),
    finds(CODE, "it is still being set up", lambda: in_state(Incident(), "provisioning"), band="likely"),
    finds(CODE, "it cannot scale", lambda: in_state(Incident(), "active_impaired"), summary_says="cannot scale"),
    look_alike(
        CODE,
        "it cannot scale and refuses connections",
        lambda: in_state(refusing(), "active_impaired"),
        first="alb-at-capacity",
    ),
    look_alike(CODE, "it is active", Incident, verdict="no_fault_found"),
    look_alike(
        CODE,
        "it may not be read",
        lambda: in_state(Incident(), "failed").denied(LoadBalancers, "elasticloadbalancing:DescribeLoadBalancers"),
    ),
)
