"""Registered instances that do not run, and unused targets for other reasons."""

from diagnostics.facts import Hosts, Target, TargetHealth
from tests.incidents.building import SUBNETS, TG, Incident, ago
from tests.incidents.cases import finds, look_alike
from tests.incidents.on_hosts import (
    HOSTS,
    addresses,
    host,
    host_went_away,
    on_hosts,
    plain_instances,
    terminated,
    with_host,
)
from tests.incidents.registration.az_not_enabled import ZONE, serves
from tests.incidents.rows import connect_timeouts, logged

CODE = "target-instance-stopped"
STOPPED = "Target is in the stopped state"


def one_of_two() -> Incident:
    incident = with_host(plain_instances(), terminated("i-0b", minutes_ago=25, state="stopped"))
    return incident.health("unused", "Target.InvalidState", STOPPED, targets=["i-0b"])


def with_the_errors_of_its_end() -> Incident:
    """Counters only: connections to it failed until the health check had left it out."""
    return one_of_two().elb_errors(504, 90, 25, 23).connection_errors(90, 25, 23)


def with_the_rows_of_its_end() -> Incident:
    return logged(one_of_two(), connect_timeouts(90, since=24.9, until=24, targets=addresses(["i-0b"])))


def all_of_them() -> Incident:
    ended = [terminated(item, minutes_ago=25, state="stopped") for item in HOSTS]
    incident = with_host(plain_instances(), *ended).health(
        "unused", "Target.InvalidState", STOPPED, targets=list(HOSTS)
    )
    return incident.elb_errors(503, 600, 25).of_group("HTTPCode_Target_2XX_Count", 600, 180, 25)


def instances_may_not_be_read() -> Incident:
    return one_of_two().denied(Hosts, "ec2:DescribeInstances")


def terminated_under_ecs() -> Incident:
    """ECS has not taken the dead host's target out yet."""
    incident = with_host(host_went_away(on_hosts()), terminated("i-0b"))
    dead = Target(id="i-0b", port=32811, zone=SUBNETS["subnet-0b"][0], state="unused", reason="Target.InvalidState")
    return incident.edit(
        TargetHealth, lambda fact: fact.model_copy(update={"by_group": {TG: (*fact.by_group[TG], dead)}})
    )


def started_again_a_moment_ago() -> Incident:
    incident = with_host(plain_instances(), host("i-0b", launched_at=ago(1)))
    return incident.health("unused", "Target.InvalidState", STOPPED, targets=["i-0b"])


def somebody_elses_instance_stopped() -> Incident:
    """Stopped and not a target."""
    return with_host(plain_instances(), terminated("i-0c", state="stopped"))


def zone_is_not_served() -> Incident:
    return serves(plain_instances(), "subnet-0a").health("unused", "Target.NotInUse", ZONE, targets=["i-0b"])


def the_server_in_it_stopped() -> Incident:
    incident = plain_instances().unhealthy("Target.FailedHealthChecks", "Health checks failed", targets=["i-0b"])
    return incident.elb_errors(502, 40, 10).connection_errors(40, 10)


CASES = (
    finds(CODE, "one of two instances was stopped", one_of_two, band="confirmed", summary_says="1 of 2"),
    finds(CODE, "with the errors of its end", with_the_errors_of_its_end, band="confirmed"),
    finds(CODE, "with the rows of its end", with_the_rows_of_its_end, band="confirmed"),
    finds(CODE, "all of them", all_of_them, band="confirmed", summary_says="nobody is left"),
    finds(CODE, "instances may not be read", instances_may_not_be_read, band="likely"),
    finds(
        CODE,
        "the host under ECS tasks ended",
        terminated_under_ecs,
        first="container-instance-lost",
        role="consequence",
        also=("graceful-shutdown-missing",),
    ),
    look_alike(CODE, "started again a moment ago", started_again_a_moment_ago, first="insufficient-evidence"),
    look_alike(CODE, "another instance stopped", somebody_elses_instance_stopped, verdict="no_fault_found"),
    look_alike(CODE, "its zone is not served", zone_is_not_served, first="az-not-enabled"),
    look_alike(CODE, "the server in it stopped", the_server_in_it_stopped, first="port-not-listening"),
)
