"""A health check on a port that no container maps, and that nothing shows to be right."""

from __future__ import annotations

from diagnostics.causes.cause import Facts
from diagnostics.facts import TargetGroups, TaskDefinitions
from diagnostics.rules.obstacles import Obstacle
from diagnostics.rules.proven_port import check_port_was_closed


def checks_an_unmapped_port(obstacle: Obstacle, facts: Facts) -> bool:
    """Such a check is wrong by itself, and opening that port would not help, unless it worked until the port was
    closed. For whoever declares `PROVEN_PORT_USES` and `TaskDefinitions`."""
    if obstacle.purposes != {"health-check"}:
        return False
    groups = [facts[TargetGroups].of(arn) for arn in obstacle.target_groups]
    if any(group is not None and check_port_was_closed(group, facts) for group in groups):
        return False
    definitions = facts.maybe(TaskDefinitions)
    if not isinstance(definitions, TaskDefinitions):
        return False
    mapped = {
        port
        for definition in definitions.all()
        for container in definition.containers
        for mapping in container.port_mappings
        for port in (mapping.container_port, mapping.host_port)
    }
    return bool(mapped) and not mapped.intersection(obstacle.ports)
