"""Which container answers the requests, what it keeps open, and how its log is searched for one request."""

from __future__ import annotations

import re
from collections.abc import Iterable

from diagnostics.causes.cause import Facts
from diagnostics.facts import ApplicationLogs, ContainerDefinition, EcsService, Fact, LoggedRow, TaskDefinitions
from diagnostics.rules.routing import registered_groups
from diagnostics.rules.runtimes import KeepAlive, keep_alive_of

SERVED_USES: tuple[type[Fact], ...] = (EcsService, TaskDefinitions, ApplicationLogs)
"""What a cause declares that asks here."""
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
    container, logs = serving_container(facts), facts.maybe(ApplicationLogs)
    if container is None:
        return None
    lines = logs.lines if isinstance(logs, ApplicationLogs) else ()
    return keep_alive_of(container, [line for line in lines if line.container in (None, container.name)])


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
