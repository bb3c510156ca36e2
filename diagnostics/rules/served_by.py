"""Which container answers the requests, what it keeps open, how it should end, and how its log is searched."""

from __future__ import annotations

import re
from collections.abc import Iterable

from diagnostics.causes.cause import Facts
from diagnostics.facts import (
    ApplicationLogs,
    ContainerDefinition,
    EcsService,
    Fact,
    LoggedRow,
    LogLine,
    TaskDefinitions,
)
from diagnostics.rules.routing import registered_groups
from diagnostics.rules.runtimes import KeepAlive, Shutdown, keep_alive_of, shutdown_of
from diagnostics.rules.runtimes.server import goes_on_for_20_s

SERVED_USES: tuple[type[Fact], ...] = (EcsService, TaskDefinitions, ApplicationLogs)
"""What a cause declares that asks here."""
STOP_TIMEOUT_S = 60
"""The wait of 20 s, the open requests, and something to spare; the default is 30:
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html"""
WHY_IT_WAITS = "the wait is for the load balancer's nodes, which need 2-15 s to stop sending"
REACHED_BY = "exec form of the entry point, or linuxParameters.initProcessEnabled"
ANY_SHUTDOWN = (
    "On SIGTERM go on answering for 20 s (the load balancer's nodes need 2-15 s to stop sending), then finish the open"
    f' requests, then end. Without code: {goes_on_for_20_s("COMMAND")}; "stopTimeout": {STOP_TIMEOUT_S}. SIGTERM must'
    f" reach the process: {REACHED_BY}."
)
"""For a server that is not recognised."""
_TRACE = re.compile(r"Root=(1-[0-9a-f]{8}-[0-9a-f]{24})")


def serving_container(facts: Facts, group: str | None = None) -> ContainerDefinition | None:
    """The container that the service registers (in this target group), in its present revision."""
    service, definitions = facts.maybe(EcsService), facts.maybe(TaskDefinitions)
    if not isinstance(service, EcsService) or not isinstance(definitions, TaskDefinitions):
        return None
    definition = definitions.of(service.task_definition)
    names = [
        item.container_name for item in service.load_balancers if group is None or group in registered_groups(item)
    ]
    return definition.container(names[0]) if definition and names else None


def keep_alive(facts: Facts) -> KeepAlive | None:
    """None: the task definition was not read, or does not show what runs in it."""
    container = serving_container(facts)
    return keep_alive_of(container, _lines_of(facts, container)) if container else None


def shutdown(facts: Facts) -> Shutdown:
    """Without `lines` where nothing is known of the server, or the task definition was not read."""
    container = serving_container(facts)
    return shutdown_of(container, _lines_of(facts, container)) if container else Shutdown()


def shutdown_advice(facts: Facts) -> str:
    """What makes this server end without losing a request; empty where it is not known which one it is."""
    found, container = shutdown(facts), serving_container(facts)
    if not found.lines or container is None:
        return ""
    return (
        f"For {found.runtime}: {found.lines}. {_long_enough(container)}; {WHY_IT_WAITS}. SIGTERM must reach it:"
        f" {found.unheard or REACHED_BY}."
    )


def _long_enough(container: ContainerDefinition) -> str:
    if (container.stop_timeout_s or 0) >= STOP_TIMEOUT_S:
        return f"stopTimeout {container.stop_timeout_s} s is long enough"
    return f'"stopTimeout": {STOP_TIMEOUT_S} in the container definition'


def _lines_of(facts: Facts, container: ContainerDefinition) -> tuple[LogLine, ...]:
    logs = facts.maybe(ApplicationLogs)
    lines = logs.lines if isinstance(logs, ApplicationLogs) else ()
    return tuple(line for line in lines if line.container in (None, container.name))


def race_is_refuted(setting: KeepAlive | None, idle_timeout_s: float | None) -> bool:
    """True when the server was told to keep connections for longer than the load balancer does, or tells it with each
    answer that the connection ends. A default may have been changed in code, so it refutes nothing."""
    if setting is None:
        return False
    if setting.closes == "after-each":
        return True
    return setting.basis == "configured" and idle_timeout_s is not None and setting.races(idle_timeout_s) is False


def log_search(facts: Facts, rows: Iterable[LoggedRow]) -> str:
    """A command that looks for one of these requests in the application's log."""
    trace = next((found[1] for row in rows if (found := _TRACE.search(row.trace_id or ""))), "TRACE-ID")
    container = serving_container(facts)
    group = container.log_options.get("awslogs-group", "LOG-GROUP") if container else "LOG-GROUP"
    return f"aws logs filter-log-events --log-group-name {group} --filter-pattern '\"{trace}\"'"
