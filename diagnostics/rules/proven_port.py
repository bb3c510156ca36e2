"""A health check's own port: whether targets answered there until somebody closed it, and whether it is wrong.

In network mode ``awsvpc`` every port that a process opens can be reached, listed in ``portMappings`` or not, so a port
that no container maps may still be the right one. Targets that passed on it are the better witness.
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_PortMapping.html
"""

from __future__ import annotations

from diagnostics.causes.cause import Facts
from diagnostics.facts import Changes, Fact, Metrics, TargetGroup, TargetGroups, TaskDefinitions, known
from diagnostics.rules.changes import changes_before_onset, permissions_in
from diagnostics.rules.group_traffic import was_ever_healthy
from diagnostics.rules.obstacles import Obstacle
from diagnostics.rules.security_group import covers_port

PROVEN_PORT_USES: tuple[type[Fact], ...] = (Changes, Metrics)
"""What a cause declares to ask whether a check's port was closed."""
CLOSES = ("RevokeSecurityGroupIngress", "ModifySecurityGroupRules")


def check_port_was_closed(group: TargetGroup, facts: Facts) -> bool:
    """True when targets were healthy on the check's own port, nobody changed that setting since, and a rule for the
    port was taken away before the trouble."""
    changes, port = facts.maybe(Changes), group.health_check.port
    if not isinstance(changes, Changes) or not port.isdigit() or not was_ever_healthy(facts.maybe(Metrics), group):
        return False
    edits = changes_before_onset(
        changes, resources=(group.arn, group.name), names=("ModifyTargetGroup",), onset=facts.window.end
    )
    touched = {resource for change in changes.items for resource in change.resources}
    closed = changes_before_onset(changes, resources=touched, names=CLOSES, onset=facts.observed.onset)
    return not any("healthCheckPort" in edit.request for edit in edits) and any(
        covers_port(rule, int(port)) for change in closed for rule in permissions_in(change)
    )


def checks_an_unmapped_port(obstacle: Obstacle, facts: Facts) -> bool:
    """Such a check is wrong by itself, and opening that port would not help, unless it worked until the port was
    closed. For whoever declares `PROVEN_PORT_USES` and `TaskDefinitions`."""
    if obstacle.purposes != {"health-check"}:
        return False
    groups = [facts[TargetGroups].of(arn) for arn in obstacle.target_groups]
    if any(group is not None and check_port_was_closed(group, facts) for group in groups):
        return False
    definitions = known(facts.maybe(TaskDefinitions))
    mapped = {
        port
        for definition in (definitions.all() if definitions else ())
        for container in definition.containers
        for mapping in container.port_mappings
        for port in (mapping.container_port, mapping.host_port)
    }
    return bool(mapped) and not mapped.intersection(obstacle.ports)
