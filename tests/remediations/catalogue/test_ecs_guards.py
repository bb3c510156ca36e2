"""What a new revision must get along with before it is offered: every load balancer, and every health check."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from diagnostics.facts import ContainerHealthCheck, LoadBalancerAttributes
from diagnostics.facts.load_balancing import HealthCheck
from tests.incidents.building import LB, Incident, definition
from tests.incidents.connection.keepalive_race import running, trickle
from tests.remediations.catalogue.proposing import plans
from tests.remediations.catalogue.test_ecs_revisions import ALIVE, LISTENS, PORTS, UVICORN, listens_elsewhere

INTERNAL = LB.replace("/app/", "/app/internal-")


def behind_two(**timeouts: str) -> Incident:
    incident = trickle(running("api:7", *UVICORN))
    incident.subject = incident.subject.model_copy(update={"load_balancers": (LB, INTERNAL)})
    by_name = {"public": LB, "internal": INTERNAL}
    attributes = {by_name[name]: {"idle_timeout.timeout_seconds": seconds} for name, seconds in timeouts.items()}
    return incident.replace(LoadBalancerAttributes(by_arn=attributes))


def test_connections_outlast_every_load_balancer() -> None:
    (plan,) = plans(ALIVE, behind_two(public="60", internal="300"))
    assert plan.changes[0].after == "305"
    assert not plans(ALIVE, behind_two(public="60"))


def checks_itself_on(port: int) -> Incident:
    web = definition(7).containers[0]
    own = ContainerHealthCheck(command=("CMD-SHELL", f"curl -f http://localhost:{port}/healthz"))
    return listens_elsewhere(line=LISTENS).definitions(
        definition(7, containers=(web.model_copy(update={"health_check": own}),))
    )


def is_checked_on(port: str) -> Incident:
    check = HealthCheck(
        protocol="HTTP",
        port=port,
        path="/healthz",
        interval_s=15,
        timeout_s=5,
        healthy_threshold=3,
        unhealthy_threshold=2,
    )
    return listens_elsewhere(line=LISTENS).target_group(health_check=check)


@pytest.mark.parametrize(
    ("incident", "offered"),
    [
        (lambda: checks_itself_on(3000), True),
        (lambda: checks_itself_on(8080), False),
        (lambda: is_checked_on("traffic-port"), True),
        (lambda: is_checked_on("3000"), True),
        (lambda: is_checked_on("8080"), False),
    ],
)
def test_a_health_check_on_the_port_before_forbids_another_port(
    incident: Callable[[], Incident], offered: bool
) -> None:
    assert bool(plans(PORTS, incident())) is offered
