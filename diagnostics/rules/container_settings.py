"""What the task definitions say about ports and health checks of the service's containers."""

from __future__ import annotations

import re

from diagnostics.causes.cause import Facts
from diagnostics.facts import (
    ContainerDefinition,
    EcsService,
    Frozen,
    RunningTasks,
    TargetGroup,
    TaskDefinition,
    TaskDefinitions,
)

MAX_COMMAND = 2000
_URL = re.compile(r"(?P<scheme>https?)://[^/:\s'\"|;]{1,200}(?::(?P<port>\d{1,5}))?(?P<path>/[^\s'\"|;)]{0,200})?")


_CURL = re.compile(r"(?:^|[\s/])curl\s")
_CURL_FAILS = re.compile(r"\s(?:-[A-Za-z]*f[A-Za-z]*|--fail(?:-early|-with-body)?)(?=\s)")
_HONEST = re.compile(
    r"\d?>&\d|&?\d?>>?\s*[\w./-]+"  # redirected
    r"|\|\|\s*(?:exit\s+[1-9]\d{0,2}|false)(?=\s*(?:$|['\")]))"
    r"|&&"
    r"|(?:python[\d.]*|node|ruby|perl|php)\s+-[cer]\s+(?:'[^']*'|\"[^\"]*\")"
)
"""What does not keep a command that fails from failing. A program in the command line is not read."""
_JOINED = re.compile(r"[|;&\n]")
_SHELLS = re.compile(r"(?:.*/)?(?:ba|da|a|k|z)?sh\Z")


class ContainerProbe(Frozen):
    """The URL that a container's own health check asks, and whether containers pass it. A check that passes whatever is
    answered is passed by nobody."""

    port: int | None
    path: str
    passes: bool
    protocol: str = "HTTP"


def _definitions(facts: Facts) -> tuple[TaskDefinition, ...]:
    """The definitions of the present deployments, the newest deployment's first."""
    service, definitions = facts.maybe(EcsService), facts.maybe(TaskDefinitions)
    if not isinstance(service, EcsService) or not isinstance(definitions, TaskDefinitions):
        return ()
    arns = dict.fromkeys(deployment.task_definition for deployment in service.deployments)
    return tuple(found for arn in arns if (found := definitions.of(arn)) is not None)


def mapped_ports(facts: Facts, group: TargetGroup) -> frozenset[int] | None:
    """Ports on which the target group can reach the tasks; None when that is not known."""
    definitions = _definitions(facts)
    if not definitions:
        return None
    if group.target_type == "ip":
        return frozenset(m.container_port for d in definitions for c in d.containers for m in c.port_mappings)
    running = facts.maybe(RunningTasks)
    if not isinstance(running, RunningTasks):
        return None
    return frozenset(port for task in running.items for port in task.host_ports) or None


def container_probe(facts: Facts) -> ContainerProbe | None:
    """The first URL in a health check command of the newest task definition."""
    running = facts.maybe(RunningTasks)
    for definition in _definitions(facts)[:1]:
        for container in definition.containers:
            found = _asked(container)
            if found:
                return ContainerProbe(
                    port=int(found["port"]) if found["port"] else None,
                    path=found["path"] or "/",
                    passes=isinstance(running, RunningTasks)
                    and _can_fail(container)
                    and _all_pass(running, definition.arn, container.name),
                    protocol=found["scheme"].upper(),
                )
    return None


def probed_url(container: ContainerDefinition) -> tuple[int | None, str] | None:
    """Port and path of the first URL in the container's health check command."""
    found = _asked(container)
    return (int(found["port"]) if found["port"] else None, found["path"] or "/") if found else None


def _asked(container: ContainerDefinition) -> re.Match[str] | None:
    return _URL.search(_command(container))


def _can_fail(container: ContainerDefinition) -> bool:
    """Whether it says something of the one URL: curl without --fail takes an answer of 500 for a good one."""
    command = _command(container)
    told = not _CURL.search(command) or _CURL_FAILS.search(command)
    return bool(told) and not always_passes(container) and len(_URL.findall(command)) == 1


def always_passes(container: ContainerDefinition) -> bool:
    """Whether its health check may pass whatever comes of what it asks: ``… || true``, ``… || echo``, ``…; date``.

    Of several commands in a row only ``… && …``, ``… || exit 1`` and ``… || false`` are known to fail as the first one
    does."""
    words = container.health_check.command if container.health_check else ()
    if len(words) > 1 and words[0] == "CMD" and not _SHELLS.match(words[1]):
        return False
    return bool(_JOINED.search(_HONEST.sub("", _URL.sub("", _command(container)))))


def _command(container: ContainerDefinition) -> str:
    return " ".join(container.health_check.command)[:MAX_COMMAND] if container.health_check else ""


def _all_pass(running: RunningTasks, definition_arn: str, container_name: str) -> bool:
    states = [
        container.health_status
        for task in running.items
        if task.task_definition == definition_arn and task.last_status == "RUNNING"  # others have yet to start
        for container in task.containers
        if container.name == container_name
    ]
    return bool(states) and all(state == "HEALTHY" for state in states)
