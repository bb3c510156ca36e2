from diagnostics.facts import Metrics
from tests.incidents.building import LB_DIMENSION, OTHER_TG, Incident, minutes_of
from tests.incidents.cases import finds, look_alike
from tests.incidents.health_check.health_check_app_error import everything_fails

CODE = "target-generated-5xx"


def the_neighbour_fails() -> Incident:
    return (
        Incident()
        .shared_with_search()
        .metric("HTTPCode_Target_5XX_Count", minutes_of(60, 20), LoadBalancer=LB_DIMENSION)
        .metric(
            "HTTPCode_Target_5XX_Count",
            minutes_of(60, 20),
            LoadBalancer=LB_DIMENSION,
            TargetGroup=OTHER_TG.rsplit(":", 1)[1],
        )
    )


CASES = (
    finds(CODE, "a handler fails while targets stay healthy", lambda: Incident().target_errors(60, 20), band="likely"),
    finds(
        CODE,
        "on a shared load balancer, and the errors are this service's own",
        lambda: Incident().shared_with_search().target_errors(60, 20),
    ),
    finds(
        CODE,
        "health checks fail with the same errors",
        everything_fails,
        first="health-check-app-error",
        role="consequence",
        also=("all-targets-unhealthy-fail-open",),
    ),
    look_alike(CODE, "the neighbour's targets fail", the_neighbour_fails, verdict="no_fault_found"),
    look_alike(
        CODE, "one stray error in an hour", lambda: Incident().target_errors(1, 20, 19), verdict="no_fault_found"
    ),
    look_alike(
        CODE,
        "the load balancer makes the errors",
        lambda: Incident().elb_errors(502, 30, 20),
        first="insufficient-evidence",
    ),
    look_alike(
        CODE,
        "metrics may not be read",
        lambda: Incident().target_errors(60, 20).denied(Metrics, "cloudwatch:GetMetricData"),
        verdict="no_fault_found",
    ),
)
