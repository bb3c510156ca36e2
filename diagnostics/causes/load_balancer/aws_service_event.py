"""AWS itself reports an issue, or has one with these targets."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from diagnostics.causes.cause import Evidence, Facts, Finding, cause, decisive, supporting
from diagnostics.facts import HealthEvent, HealthEvents, Metrics, TargetHealth
from diagnostics.printable import counted, line

INTERNAL = "Elb.InternalError"
AFTER_ONSET = timedelta(minutes=15)
"""AWS dates an issue by when it was noticed."""
MAX_WORDS = 100
MAX_EVENTS = 3
_BALANCER = frozenset({"elb_500", "elb_502", "elb_503", "elb_504", "unhealthy", "rejected", "balancer-state"})
_TASKS = frozenset({"task-stops", "deployment", "no-targets", "unhealthy", "elb_503"})
_EXPLAINS = {
    "ELASTICLOADBALANCING": _BALANCER,
    "ECS": _TASKS,
    "FARGATE": _TASKS,
    "EC2": _BALANCER | _TASKS,
    "VPC": _BALANCER,
    "LAMBDA": frozenset({"elb_502", "elb_504"}),
    "WAF": frozenset({"elb_500", "elb_403"}),
    "COGNITO": frozenset({"elb_500", "elb_401", "elb_561"}),
}


@cause(
    code="aws-service-event",
    title="AWS has an issue with a service on the way",
    needs=(TargetHealth,),
    uses=(HealthEvents, Metrics),
    clear_needs=(HealthEvents, Metrics),
    docs=(
        "https://docs.aws.amazon.com/health/latest/ug/what-is-aws-health.html",
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html",
    ),
    leads_to=("single-az-fault",),
)
def aws_service_event(facts: Facts) -> Iterator[Finding]:
    """AWS Health reports an issue of a service on the way, in this region, while the trouble lasts; or the load
    balancer says Elb.InternalError about targets, an error on its own side.

    Either decides for `likely`, both together confirm. A public issue need not concern this service: it gives way to
    any cause that is visible here. Refuted by an issue that ended before the trouble began, or that is of another
    zone. AWS Health's API needs a Business support plan; without it the public dashboard tells.
    """
    inside = facts[TargetHealth].in_state("unhealthy", "unavailable")
    failing = [target.key for _, target in inside if target.reason == INTERNAL]
    events = tuple(_events(facts))[:MAX_EVENTS]
    sick = bool(failing) and facts.observed.saw("unhealthy")
    if not sick and not events:
        return
    explains = frozenset[str]().union(*(_EXPLAINS[event.service] for event in events)) & facts.observed.symptoms
    yield Finding(
        resource=events[0].arn if events else INTERNAL,
        summary=_summary(events, failing),
        supports=(*_internal(failing if sick else []), *(_record(event) for event in events)),
        against=() if sick else (_public(events),),
        effect_seen=True,
        affects=frozenset(failing) if sick else frozenset(),
        explains=explains | (frozenset({"unhealthy"}) if sick else frozenset()),
        since=min((event.start for event in events), default=None),
        overturned_by="The same errors in regions or accounts that the issue does not name, or an end of the issue"
        " before the first error",
        advice="Wait for AWS, and shift away from the zone if it is of one zone (a zonal shift)."
        " The dashboard has the state: https://health.aws.amazon.com/health/status. Open a support case with the"
        " load balancer's ARN and the times.",
        circumstantial=not sick,
        at_most=None if sick else "likely",
    )


def _events(facts: Facts) -> Iterator[HealthEvent]:
    """Issues that go with the trouble in time, in place and in kind."""
    events, observed = facts.maybe(HealthEvents), facts.observed
    if not isinstance(events, HealthEvents) or observed.kind == "none":
        return
    first = observed.onset or facts.window.start
    zones = {target.zone for _, target in facts[TargetHealth].in_state("unhealthy") if target.zone}
    for event in events.items:
        explains = _EXPLAINS.get(event.service, frozenset[str]()) & observed.symptoms
        elsewhere = event.zone is not None and bool(zones) and event.zone not in zones
        if explains and not elsewhere and _goes_with(event, first):
            yield event


def _goes_with(event: HealthEvent, first: datetime) -> bool:
    return event.start <= first + AFTER_ONSET and (event.end is None or event.end >= first)


def _summary(events: tuple[HealthEvent, ...], failing: list[str]) -> str:
    if not events:
        return f"The load balancer reports an error of its own for {counted(len(failing), 'target')} ({INTERNAL})"
    event = events[0]
    where = f" in zone {line(event.zone, MAX_WORDS)}" if event.zone else ""
    state = "has reported" if event.end else "reports"
    return f"AWS {state} an issue of {_service(event)}{where}, since {event.start:%H:%M} UTC"


def _service(event: HealthEvent) -> str:
    return {"ELASTICLOADBALANCING": "Elastic Load Balancing", "COGNITO": "Cognito", "FARGATE": "Fargate"}.get(
        event.service, line(event.service, MAX_WORDS)
    )


def _internal(failing: list[str]) -> Iterator[Evidence]:
    if failing:
        text = f"{counted(len(failing), 'target')} with the reason {INTERNAL}"
        yield decisive(text, "elbv2:DescribeTargetHealth", value=len(failing))


def _record(event: HealthEvent) -> Evidence:
    until = f"until {event.end:%H:%M}" if event.end else "and goes on"
    text = (
        f"{line(event.code, MAX_WORDS)} ({event.scope.lower().replace('_', ' ')}) from {event.start:%H:%M} UTC {until}"
    )
    return decisive(text, "health:DescribeEvents", at=event.start)


def _public(events: tuple[HealthEvent, ...]) -> Evidence:
    if any(event.scope == "ACCOUNT_SPECIFIC" for event in events):
        return supporting("only the time speaks for it: no target reports an error of AWS", "health:DescribeEvents")
    return supporting("a public issue, which need not concern this load balancer", "health:DescribeEvents")
