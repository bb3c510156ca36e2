"""Registrations that outlived what was behind them, and targets that only look alone."""

from diagnostics.facts import NetworkInterfaces, RunningTasks, Target, TargetHealth
from tests.incidents.building import PORT, SUBNETS, TG, Incident, stopped_task
from tests.incidents.cases import finds, look_alike
from tests.incidents.on_hosts import bound, container_instance, on_hosts, plain_instances
from tests.incidents.rows import connect_timeouts, logged, refused

CODE = "target-stale-registration"
GONE = "10.0.1.77"
KEY = f"{GONE}:{PORT}"


def registered(incident: Incident, target: Target) -> Incident:
    return incident.edit(
        TargetHealth, lambda fact: fact.model_copy(update={"by_group": {TG: (*fact.by_group[TG], target)}})
    )


def left_over(state: str = "unhealthy", reason: str | None = "Target.Timeout") -> Target:
    return Target(id=GONE, port=PORT, zone=SUBNETS["subnet-0a"][0], state=state, reason=reason)


def address_is_gone() -> Incident:
    return registered(Incident(), left_over()).elb_errors(504, 40, 40).connection_errors(40, 40)


def rows_tell() -> Incident:
    return logged(registered(Incident(), left_over()), connect_timeouts(60, since=40, targets=(KEY,)))


def without_ecs() -> Incident:
    """Somebody registered addresses by hand."""
    incident = Incident().service(load_balancers=())
    incident.not_applicable(RunningTasks, "no ECS service")
    return registered(incident, left_over()).elb_errors(504, 40, 40).connection_errors(40, 40)


def address_went_to_somebody_else() -> Incident:
    """A database has the address now and answers nobody on this port."""
    incident = registered(Incident(), left_over(reason="Target.FailedHealthChecks"))
    first = incident.known(NetworkInterfaces).items[0]
    other = first.model_copy(update={"id": "eni-db", "private_ips": (GONE,), "description": "RDSNetworkInterface"})
    incident.edit(NetworkInterfaces, lambda fact: fact.model_copy(update={"items": (*fact.items, other)}))
    return incident.elb_errors(502, 40, 40).connection_errors(40, 40)


def old_host_port(since: float = 30) -> Incident:
    """The task behind host port 32899 has gone; its instance refuses connections there."""
    target = Target(
        id="i-0b",
        port=32899,
        zone=SUBNETS["subnet-0b"][0],
        state="unhealthy",
        reason="Target.FailedHealthChecks",
        health_check_port="32899",
    )
    return logged(
        registered(on_hosts(), target), refused(60, since=since, until=since / 5, targets=("10.0.2.5:32899",))
    )


def host_port_of_a_task_on_an_unknown_host() -> Incident:
    """More hosts than are looked up: the task may be where the target is."""
    incident = old_host_port()
    elsewhere = {"container_instance_arn": container_instance("i-0c"), "containers": bound(32899)}
    first, *others = incident.known(RunningTasks).items
    return incident.running(first.model_copy(update=elsewhere), *others)


def host_port_of_a_task_that_crashed_just_now() -> Incident:
    crashed = stopped_task(9, minutes_ago=1, exit_code=1, ran_minutes=300)
    there = {"private_ips": (), "container_instance_arn": container_instance("i-0b"), "containers": bound(32899)}
    containers = tuple(c.model_copy(update={"exit_code": 1}) for c in bound(32899))
    incident = old_host_port(since=1)
    return incident.stopped(crashed.model_copy(update={**there, "containers": containers}))


def stopped_a_moment_ago() -> Incident:
    """ECS will take it out by itself; the crash is the fault."""
    incident = registered(Incident(), left_over())
    return incident.stopped(stopped_task(9, minutes_ago=2, exit_code=1, ip=GONE, ran_minutes=300)).elb_errors(
        504, 20, 2
    )


def leaves_properly() -> Incident:
    return registered(Incident(), left_over("draining", "Target.DeregistrationInProgress"))


def addresses_of_delegated_prefixes() -> Incident:
    """Nobody's interface lists these addresses, and three of the four answer."""
    incident = without_ecs_at_all()
    nodes = [i for i in incident.known(NetworkInterfaces).items if i.description.startswith("ELB")]
    incident.edit(NetworkInterfaces, lambda fact: fact.model_copy(update={"items": tuple(nodes)}))
    return logged(
        incident.unhealthy("Target.Timeout", "Request timed out", targets=["10.0.1.21"]),
        connect_timeouts(60, since=20, targets=("10.0.1.21:8080",)),
    )


def without_ecs_at_all() -> Incident:
    incident = Incident().service(load_balancers=())
    return incident.not_applicable(RunningTasks, "no ECS service")


def its_task_runs_and_is_silent() -> Incident:
    return logged(
        Incident().unhealthy("Target.Timeout", "Request timed out", targets=["10.0.1.21"]),
        connect_timeouts(60, since=20, targets=("10.0.1.21:8080",)),
    )


def beside_another_network() -> Incident:
    """An address on the premises, whose interface this account cannot know."""
    target = Target(id="192.168.7.4", port=PORT, zone="all", state="unhealthy", reason="Target.Timeout")
    return registered(without_ecs_at_all(), target)


def task_of_another_service() -> Incident:
    """Two services share the group; this one knows only its own tasks."""
    incident = registered(Incident(), left_over())
    first = incident.known(NetworkInterfaces).items[0]
    theirs = first.model_copy(update={"id": "eni-77", "private_ips": (GONE,)})
    incident.edit(NetworkInterfaces, lambda fact: fact.model_copy(update={"items": (*fact.items, theirs)}))
    return logged(incident, connect_timeouts(60, since=20, targets=(KEY,)))


CASES = (
    finds(CODE, "perhaps a task of another service", task_of_another_service, band="possible"),
    finds(CODE, "the address is gone", address_is_gone, band="confirmed", summary_says=KEY),
    finds(CODE, "rows time out on it alone", rows_tell, band="confirmed"),
    finds(CODE, "registered by hand, without ECS", without_ecs),
    finds(CODE, "the address went to somebody else", address_went_to_somebody_else, band="confirmed"),
    finds(CODE, "a host port that no task has any more", old_host_port, band="likely"),
    finds(
        CODE,
        "interfaces may not be read, another instance port is stale all the same",
        lambda: old_host_port().denied(NetworkInterfaces, "ec2:DescribeNetworkInterfaces"),
    ),
    look_alike(CODE, "its task stopped a moment ago", stopped_a_moment_ago, first="task-crash-exit"),
    look_alike(
        CODE,
        "the task at its host port crashed a moment ago",
        host_port_of_a_task_that_crashed_just_now,
        first="task-crash-exit",
        also=("insufficient-evidence",),
    ),
    look_alike(
        CODE,
        "a task whose host is not known has its port",
        host_port_of_a_task_on_an_unknown_host,
        first="port-not-listening",
    ),
    look_alike(CODE, "it is leaving", leaves_properly, verdict="no_fault_found"),
    look_alike(
        CODE,
        "addresses of delegated prefixes",
        addresses_of_delegated_prefixes,
        first="connect-timeout-unattributed",
    ),
    look_alike(
        CODE,
        "its task runs and does not answer",
        its_task_runs_and_is_silent,
        first="connect-timeout-unattributed",
    ),
    look_alike(
        CODE,
        "an address of another network",
        beside_another_network,
        first="health-check-timeout-too-short",
    ),
    look_alike(
        CODE,
        "an instance without ECS",
        lambda: plain_instances().unhealthy("Target.FailedHealthChecks", "Health checks failed", targets=["i-0b"]),
        first="port-not-listening",
    ),
)
