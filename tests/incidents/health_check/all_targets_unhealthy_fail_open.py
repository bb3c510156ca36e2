from diagnostics.facts import Metrics
from tests.incidents.building import Incident
from tests.incidents.cases import finds, look_alike
from tests.incidents.health_check.health_check_path_mismatch import sick
from tests.incidents.health_check.health_check_timeout_too_short import security_group_revoked, users_wait_as_well

CODE = "all-targets-unhealthy-fail-open"
PATH = "health-check-path-mismatch"


def all_sick_and_leaving() -> Incident:
    """Targets that leave take no part any more."""
    return sick(404, targets=("10.0.1.21", "10.0.1.22", "10.0.2.21")).health(
        "draining", "Target.DeregistrationInProgress", None, targets=("10.0.2.22",), since=20
    )


CASES = (
    finds(
        CODE,
        "no error seen: people are served only because it fails open",
        lambda: sick(404).of_group("UnhealthyRoutingRequestCount", 600, 20),
        first=PATH,
        role="consequence",
        band="confirmed",
        summary_says="served only because the load balancer fails open",
    ),
    finds(
        CODE,
        "metrics may not be read",
        lambda: sick(404).denied(Metrics, "cloudwatch:GetMetricData"),
        first=PATH,
        role="consequence",
        band="likely",
    ),
    finds(
        CODE,
        "CloudWatch counted no healthy target either",
        lambda: sick(404),
        first=PATH,
        role="consequence",
        band="confirmed",
    ),
    finds(CODE, "the last one is leaving", all_sick_and_leaving, first=PATH, role="consequence"),
    finds(CODE, "the network is shut", security_group_revoked, first="sg-ingress-missing", role="consequence"),
    finds(CODE, "why is not known", users_wait_as_well, first="insufficient-evidence", role="consequence"),
    look_alike(
        CODE, "one target is healthy", lambda: sick(404, targets=("10.0.1.21", "10.0.1.22", "10.0.2.21")), first=PATH
    ),
    look_alike(
        CODE,
        "all targets are new and being checked for the first time",
        lambda: Incident().health("initial", "Elb.InitialHealthChecking", None, since=1),
        verdict="no_fault_found",
    ),
)
