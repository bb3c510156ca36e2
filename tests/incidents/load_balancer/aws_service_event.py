"""AWS has an issue."""

from diagnostics.facts import Gap, HealthEvent, HealthEvents
from tests.incidents.building import TARGETS, Incident, ago, stopped_task
from tests.incidents.cases import finds, look_alike

CODE = "aws-service-event"
NO_PLAN = Gap(
    action="health:DescribeEvents",
    resource="*",
    error="SubscriptionRequiredException",
    kind="not-read",
    message="AWS Health needs a Business support plan; not checked",
)


def issue(
    service: str = "ELASTICLOADBALANCING", since: float = 35, until: float | None = None, zone: str | None = None
) -> HealthEvents:
    event = HealthEvent(
        arn=f"arn:aws:health:us-east-1::event/{service}/AWS_{service}_OPERATIONAL_ISSUE/1",
        service=service,
        code=f"AWS_{service}_OPERATIONAL_ISSUE",
        scope="PUBLIC",
        status="open" if until is None else "closed",
        start=ago(since),
        end=None if until is None else ago(until),
        zone=zone,
    )
    return HealthEvents(items=(event,))


def failing(events: HealthEvents | None = None) -> Incident:
    """502 that nothing here explains."""
    incident = Incident().elb_errors(502, 60, 30)
    return incident.replace(events) if events else incident


def internal_error() -> Incident:
    return Incident().unhealthy(
        "Elb.InternalError", "Health checks failed due to an internal error", targets=list(TARGETS)[:2]
    )


def sick_elsewhere(events: HealthEvents) -> Incident:
    """Targets of this zone answer 404 to health checks."""
    incident = Incident().unhealthy(
        "Target.ResponseCodeMismatch", "Health checks failed with these codes: [404]", targets=list(TARGETS)[:2]
    )
    return incident.replace(events)


def with_gap(incident: Incident) -> Incident:
    incident.facts[HealthEvents] = NO_PLAN
    return incident


CASES = (
    finds(
        CODE,
        "AWS reports an issue of the load balancers",
        lambda: failing(issue()),
        band="likely",
        summary_says="Elastic Load Balancing",
    ),
    finds(CODE, "the load balancer reports an error of its own", internal_error, band="likely"),
    finds(CODE, "both say so", lambda: internal_error().replace(issue(since=12)), band="confirmed"),
    finds(
        CODE, "an error of its own, and AWS Health may not be asked", lambda: with_gap(internal_error()), band="likely"
    ),
    look_alike(
        CODE,
        "the issue was over before the errors",
        lambda: failing(issue(since=200, until=60)),
        first="insufficient-evidence",
    ),
    look_alike(
        CODE, "the issue began long after the errors", lambda: failing(issue(since=2)), first="insufficient-evidence"
    ),
    look_alike(
        CODE,
        "the issue is of a service that is not on the way",
        lambda: failing(issue("COGNITO")),
        first="insufficient-evidence",
    ),
    look_alike(
        CODE,
        "an issue of another zone",
        lambda: sick_elsewhere(issue(zone="us-east-1f")),
        first="health-check-path-mismatch",
    ),
    look_alike(
        CODE,
        "the application crashes while AWS has an issue",
        lambda: (
            Incident()
            .stopped(*(stopped_task(n, minutes_ago=n * 3, exit_code=1) for n in (1, 2, 3)))
            .elb_errors(502, 20, 10)
            .replace(issue(since=25))
        ),
        first="task-crash-exit",
    ),
    look_alike(
        CODE, "all is well while AWS has an issue", lambda: Incident().replace(issue()), verdict="no_fault_found"
    ),
    look_alike(CODE, "without a support plan", lambda: with_gap(failing()), first="insufficient-evidence"),
)
