"""Agents that ECS does not hear of, with and without an effect."""

from diagnostics.facts import ContainerInstances, RunningTasks
from tests.incidents.building import Incident, ago, deployment
from tests.incidents.cases import finds, look_alike
from tests.incidents.on_hosts import (
    agent_lost,
    container_instance,
    host_went_away,
    on_hosts,
    sick_on,
    terminated,
    with_host,
)

CODE = "ecs-agent-disconnected"
AGENT = (
    "was unable to place a task because no container instance met all of its requirements. The closest matching"
    ' (container-instance 0123456789abcdef) encountered error "AGENT".'
)


def tasks_stay_pending(minutes: float = 25) -> Incident:
    """A deployment sent two tasks to the host, and nothing came of it."""
    incident = agent_lost(on_hosts())

    def edit(fact: RunningTasks) -> RunningTasks:
        there = container_instance("i-0b")
        waiting = {"last_status": "PENDING", "created_at": ago(minutes), "started_at": None}
        items = tuple(
            task.model_copy(update=waiting) if task.container_instance_arn == there else task for task in fact.items
        )
        return fact.model_copy(update={"items": items})

    moving = deployment(8, created=minutes, running=2, pending=2, rollout_state="IN_PROGRESS")
    return incident.edit(RunningTasks, edit).service(running=2, pending=2, deployments=(moving,))


def host_hangs() -> Incident:
    """The instance passes its checks by a hair's breadth, but neither agent nor tasks answer."""
    incident = sick_on(agent_lost(on_hosts()), "i-0b")
    return incident.elb_errors(504, 40, 10).connection_errors(40, 10)


def no_agent_to_place_on() -> Incident:
    return agent_lost(on_hosts()).service(running=2).event(AGENT, 6)


def only_the_event() -> Incident:
    incident = on_hosts().denied(ContainerInstances, "ecs:DescribeContainerInstances")
    return incident.service(running=2).event(AGENT, 6)


def it_was_overcome() -> Incident:
    return on_hosts().event(AGENT, 30)


def out_of_memory() -> Incident:
    text = AGENT.replace('encountered error "AGENT"', "has insufficient memory available")
    return on_hosts().service(running=2).event(text, 6)


CASES = (
    finds(
        CODE,
        "tasks sent to the host stay pending",
        tasks_stay_pending,
        band="confirmed",
        summary_says="2 tasks sent there",
    ),
    finds(CODE, "neither agent nor tasks answer", host_hangs),
    finds(CODE, "nowhere to place a task", no_agent_to_place_on, band="confirmed"),
    finds(CODE, "container instances may not be read", only_the_event, band="likely"),
    finds(
        CODE,
        "the host itself is gone",
        lambda: with_host(agent_lost(on_hosts()), terminated("i-0b")).unhealthy(
            "Target.Timeout", "Request timed out", targets=["i-0b"]
        ),
        first="container-instance-lost",
        role="consequence",
    ),
    look_alike(CODE, "an agent reconnects, nothing happens", lambda: agent_lost(on_hosts()), risk=True),
    look_alike(CODE, "the event is old and was overcome", it_was_overcome, verdict="no_fault_found"),
    look_alike(CODE, "no room for another reason", out_of_memory, first="task-placement-failed"),
    look_alike(
        CODE,
        "tasks were sent there a moment ago",
        lambda: tasks_stay_pending(1),
        risk=True,
    ),
    look_alike(
        CODE,
        "the host ended, its agent with it",
        lambda: with_host(host_went_away(on_hosts()), terminated("i-0b")),
        first="container-instance-lost",
        also=("graceful-shutdown-missing",),
    ),
)
