"""The server listens on the loopback address, where only its own host can reach it."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.causes.cause import Evidence, Facts, Finding, cause, decisive, supporting
from diagnostics.facts import EcsService, TaskDefinitions
from diagnostics.rules.app_lines import LINE_USES
from diagnostics.rules.listening import (
    LISTENING_NEEDS,
    LISTENING_USES,
    REFUSING_SHOWS,
    Refusing,
    declared_ports,
    loopback_setting,
    refusing,
    registered_container,
)
from diagnostics.rules.written import Heard, listening, loopback_only, record

DEFINITION = "ecs:DescribeTaskDefinition"


@cause(
    code="app-bound-to-loopback",
    title="The application listens on the loopback address only",
    needs=(*LISTENING_NEEDS, EcsService, TaskDefinitions),
    uses=(*LISTENING_USES, *LINE_USES),
    clear_needs=LINE_USES,
    shows=REFUSING_SHOWS,
    docs=(
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html",
        "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-networking-awsvpc.html",
    ),
    replaces=("port-not-listening", "container-port-mismatch", "health-check-grace-period-too-short"),
    leads_to=("all-targets-unhealthy-fail-open", "deployment-failing-loop", "no-registered-targets"),
    helped_by=("deployment-regression", "deployment-min-healthy-too-low"),
)
def app_bound_to_loopback(facts: Facts) -> Iterator[Finding]:
    """Targets refuse connections, and the server of the registered container listens on 127.0.0.1 or localhost.

    Decided by the server's own line in the log, or by a flag or variable of the container that says so, together with
    the refusals. Refuted by a line that names another address, such as 0.0.0.0, or a different port; a sentence of
    the program itself ("running at http://localhost:3000") supports and does not decide, because people write it
    whatever the server is bound to.
    """
    for found in refusing(facts):
        registered = registered_container(facts, found.group, found.tasks)
        if registered is None:
            continue
        setting, definition, container = registered
        port = found.port or setting.container_port
        heard = listening(facts, container.name, found.tasks)
        declared = loopback_setting(container)
        other_port = any(item.port != setting.container_port for item in declared_ports(container))
        if _is_refuted(heard, setting.container_port) or (other_port and not heard):
            continue
        said = loopback_only(heard, setting.container_port)
        records = tuple(_records(declared, said, container.name))
        if declared or (said and said.by_server):
            yield _finding(facts, found, definition.arn, container.name, port, records)


def _is_refuted(heard: tuple[Heard, ...], port: int) -> bool:
    if any(one.address and not one.is_loopback for one in heard):
        return True
    return any(one.by_server and one.port not in (None, port) for one in heard)


def _records(declared: str | None, said: Heard | None, container: str) -> Iterator[Evidence]:
    if said:
        yield record(said.line, f"listens on {said.address} only", decides=said.by_server, value=said.address)
    if declared:
        text = f"{declared} keeps the server of container {container} on the loopback address"
        yield decisive(text, DEFINITION, value=declared)


def _finding(
    facts: Facts, found: Refusing, definition: str, container: str, port: int, records: tuple[Evidence, ...]
) -> Finding:
    from_log = any(one.source != DEFINITION for one in records)
    no_line = supporting("the log has no line in which the server says where it listens", DEFINITION)
    return Finding(
        resource=definition,
        summary=f"Container {container} listens on the loopback address only, so that nobody outside of it reaches"
        f" port {port} ({found.who()})",
        supports=(*records, *found.records),
        against=() if from_log else (no_line,),
        effect_seen=True,
        affects=found.affects,
        explains=found.explains,
        since=facts.observed.onset,
        overturned_by=f"Port {port} among the listening sockets on all addresses (0.0.0.0 or [::]): aws ecs"
        f" execute-command --cluster {facts.subject.cluster} --task {found.any_task} --container {container}"
        " --interactive --command 'ss -tlnp'",
        advice="Let the server listen on 0.0.0.0 (or ::): the flag --host or --bind, the variable HOST, or the address"
        " that the program passes to listen().",
    )
