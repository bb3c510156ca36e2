"""Settings of a health check that are known to have worked: what a record shows, never what is usual.

A wrong value makes every target of the group unhealthy at once, so that a path counts only where the application was
seen to answer it, and an earlier value only where targets were healthy under it.
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pydantic import JsonValue

from diagnostics.causes.cause import Facts
from diagnostics.facts import (
    ApplicationLogs,
    Changes,
    EcsService,
    Fact,
    Frozen,
    LogLine,
    Metrics,
    ServiceLoadBalancer,
    TargetGroup,
    TargetGroups,
    TargetHealth,
    known,
)
from diagnostics.redaction import REDACTED
from diagnostics.rules.health_answers import nothing_maps_the_port
from diagnostics.rules.health_case import HealthCase
from diagnostics.rules.health_reasons import accepted_codes
from diagnostics.rules.mended import SETTINGS
from diagnostics.rules.routing import registered_groups, registration_of, short_name
from diagnostics.rules.unvisited import was_unvisited

PROVEN_CHECK_USES: tuple[type[Fact], ...] = (Changes, ApplicationLogs, EcsService, Metrics, TargetGroups, TargetHealth)
"""What asks here has to declare beside what health cases need."""
CHECKER = "ELB-HealthChecker"
"""Beginning of the User-Agent of health checks, which anybody can send."""
_PATH = re.compile(r"/[!-~]{0,1023}\Z")
_DEFAULT_PORTS = {"HTTP": 80, "HTTPS": 443}


class Proven(Frozen):
    """A value and the record that proves it, in words."""

    value: str
    why: str


def former(case: HealthCase, key: str) -> JsonValue:
    """What a setting was before the change that brought the trouble, under which targets were healthy; `key` as in
    `mended.SETTINGS`. None where nobody changed it, or where no record tells."""
    change = case.changed(key)
    if change is None or not case.ever_healthy:
        return None
    value = case.before(change, key)
    return None if str(value) == str(getattr(case.group.health_check, SETTINGS[key].field)) else value


def proven_paths(case: HealthCase, facts: Facts) -> Iterator[Proven]:
    """Paths that the application answered as the check wants it, the best proven first."""
    before = former(case, "healthCheckPath")
    change = case.changed("healthCheckPath")
    if isinstance(before, str) and change is not None:
        why = f"it was the path until {change.at:%H:%M} UTC, and targets were healthy with it"
        yield Proven(value=before, why=why)
    yield from _answered_to_checks(case, facts)
    yield from _asked_by_the_container(case, facts)
    yield from _used_by_another_group(case, facts)
    yield from _with_the_slash(case, facts)


def proven_traffic_port(case: HealthCase, facts: Facts) -> str | None:
    """The record that the check, as it is, would pass on the port of the requests; None where there is none."""
    check, ports = case.group.health_check, case.mapped_ports or frozenset()
    change = case.changed("healthCheckPort")
    if change is not None and case.ever_healthy and nothing_maps_the_port(case) and len(ports) == 1:
        only = ", ".join(str(port) for port in ports)
        return f"targets were healthy until the port was changed at {change.at:%H:%M} UTC, and they open {only} alone"
    own, probe = _registration(facts, case.group.arn), case.probe
    if probe is not None and own is not None and probe.passes:
        asked = (probe.port or _DEFAULT_PORTS[probe.protocol], probe.path, probe.protocol)
        if asked == (own.container_port, check.path, check.protocol):
            return f"the container's own health check asks {probe.path} on port {own.container_port}, and passes"
    return None


def usable_path(path: str) -> bool:
    """Whether it may be set: nothing was cut off or taken out of it on the way here."""
    return bool(_PATH.match(path)) and REDACTED not in path and "…" not in path


def container_port(case: HealthCase, facts: Facts) -> int | None:
    """The port inside the container that the health check reaches; None where that is not known."""
    check, setting_of_group = case.group.health_check, _registration(facts, case.group.arn)
    if check.port.isdigit():
        return int(check.port) if case.group.target_type == "ip" else None
    return setting_of_group.container_port if setting_of_group else None


def other_of_the_pair(facts: Facts, group: TargetGroup) -> TargetGroup | None:
    """The other colour of a blue/green pair, which gets the same requests after the next switch."""
    own = _registration(facts, group.arn)
    arn = next((one for one in registered_groups(own) if one != group.arn), None) if own else None
    return facts[TargetGroups].of(arn) if arn else None


def _answered_to_checks(case: HealthCase, facts: Facts) -> Iterator[Proven]:
    """The application's own lines about health checks that it answered well. The name that a request gives itself
    proves nothing: no client's request may have reached the targets at that time."""
    metrics = facts.maybe(Metrics)
    for path, line in _newest_requests(facts).items():
        named = CHECKER in line.text and path != case.group.health_check.path and _is_accepted(case, line)
        if named and was_unvisited(metrics, facts.subject, line.at):
            why = f"the application's log: it answered a health check on it with {line.details['status']}"
            yield Proven(value=path, why=f"{why} at {line.at:%H:%M} UTC, when no client's request was counted")


def _asked_by_the_container(case: HealthCase, facts: Facts) -> Iterator[Proven]:
    probe = case.probe
    if probe is None or not probe.passes or probe.path == case.group.health_check.path:
        return
    asked = probe.port or _DEFAULT_PORTS[probe.protocol]
    if asked == container_port(case, facts) and probe.protocol == case.group.health_check.protocol:
        yield Proven(value=probe.path, why=f"the container's own health check asks it on port {asked}, and passes")


def _used_by_another_group(case: HealthCase, facts: Facts) -> Iterator[Proven]:
    """Another target group that the same service fills on the same port, and whose targets are healthy."""
    own = _registration(facts, case.group.arn)
    service, check = facts.maybe(EcsService), case.group.health_check
    for other in service.load_balancers if isinstance(service, EcsService) and own else ():
        same = own and (other.container_name, other.container_port) == (own.container_name, own.container_port)
        group = facts[TargetGroups].of(other.target_group_arn)
        if not same or group is None or group.arn == case.group.arn or not group.health_check.path:
            continue
        theirs, targets = group.health_check, facts[TargetHealth].by_group.get(group.arn, ())
        alike = (theirs.protocol, theirs.port, theirs.matcher) == (check.protocol, check.port, check.matcher)
        if alike and theirs.path != check.path and any(target.state == "healthy" for target in targets):
            why = f"the service's other target group {short_name(group.arn)} asks it, and its targets are healthy"
            yield Proven(value=theirs.path or "/", why=why)


def _with_the_slash(case: HealthCase, facts: Facts) -> Iterator[Proven]:
    """The same path with its last slash, or without, where the application's log shows that it answers that."""
    path = case.group.health_check.path or "/"
    other = path[:-1] if path.endswith("/") else f"{path}/"
    line = _newest_requests(facts).get(other)
    if line is not None and _is_accepted(case, line):
        why = f"the application's log: it answered {other} with {line.details['status']} at {line.at:%H:%M} UTC"
        yield Proven(value=other, why=why)


def _newest_requests(facts: Facts) -> dict[str, LogLine]:
    """The last line about each path: what the application answers now counts, not what it did an hour ago."""
    logs = facts.maybe(ApplicationLogs)
    lines = sorted(logs.of("request"), key=lambda line: line.at) if isinstance(logs, ApplicationLogs) else ()
    return {line.details.get("path", "").split("?")[0]: line for line in lines}


def _is_accepted(case: HealthCase, line: LogLine) -> bool:
    status, method = line.details.get("status", ""), line.details.get("method", "GET")
    return method == "GET" and status.isdigit() and int(status) in accepted_codes(case.group.health_check.matcher)


def _registration(facts: Facts, group_arn: str) -> ServiceLoadBalancer | None:
    service = known(facts.maybe(EcsService))
    return registration_of(service, group_arn) if service else None
