"""Which explanation a failed health check has, so that one failure is never claimed twice.

The answer's code decides unless the check's path was changed before the trouble: a path that the application does not
own may answer anything, an error or a request to log in included.
"""

from __future__ import annotations

from typing import Literal

from diagnostics.rules.grpc_health import is_server_fault, speaks_grpc
from diagnostics.rules.health_case import HealthCase, outside_matcher

Explanation = Literal["path", "redirect", "auth", "host", "protocol", "app-error", "port", "timeout", "grpc"]

NOT_THERE = frozenset({404, 405, 410})
LOCKED = frozenset({401, 403, 407})
UNFIT_FOR_HOST = frozenset({400, 421})
TLS_PORTS = frozenset({443, 4443, 8443, 9443})


def explanation(case: HealthCase) -> Explanation | None:
    """None when the health check's settings have nothing to do with it, or nothing tells."""
    if case.sick.kind == "answer":
        return _of_answer(case)
    if case.mended is not None and case.mended.changed("healthCheckPort"):
        return "port"
    if case.sick.kind == "timeout":
        return "port" if nothing_maps_the_port(case) else "timeout"
    if case.mended is not None and case.mended.changed("healthCheckProtocol"):
        return "protocol"
    if case.traffic.connection_errors:
        return None
    if protocols_differ(case) and not nothing_maps_the_port(case):
        return "protocol"
    return "port" if case.explicit_port is not None else None


def nothing_maps_the_port(case: HealthCase) -> bool:
    """True when the check has a port of its own and the task definitions are known not to open it."""
    return (
        case.explicit_port is not None and case.mapped_ports is not None and case.explicit_port not in case.mapped_ports
    )


def protocols_differ(case: HealthCase) -> bool:
    """True when requests go to the same port over the other of HTTP and HTTPS."""
    protocols = {case.group.health_check.protocol, case.group.protocol}
    return protocols == {"HTTP", "HTTPS"}


def is_not_its_own_path(case: HealthCase) -> bool:
    """An error from a path on which no target was ever healthy, while users get good answers elsewhere."""
    elsewhere = case.probe is not None and case.probe.passes and case.probe.path != case.group.health_check.path
    return case.ever_healthy is False and (case.traffic.served or elsewhere)


def _of_answer(case: HealthCase) -> Explanation | None:
    codes = case.sick.codes
    if not codes:
        return None
    if speaks_grpc(case.group):
        return "app-error" if is_server_fault(codes) and not case.changed("healthCheckPath") else "grpc"
    if all(300 <= code <= 399 for code in codes):
        return "redirect"
    said = {one.signature for one in case.log_lines}
    if "host-refused" in said and codes <= UNFIT_FOR_HOST | LOCKED | NOT_THERE:
        return "host"
    if "plain-to-tls-port" in said and 400 in codes and case.group.health_check.protocol == "HTTP":
        return "protocol"
    if case.changed("healthCheckPath") or codes & NOT_THERE or outside_matcher(case):
        return "path"
    if codes & LOCKED:
        return "auth"
    if codes & UNFIT_FOR_HOST:
        return "protocol" if _looks_like_tls(case) else "host"
    if any(code >= 500 for code in codes):
        return "path" if is_not_its_own_path(case) else "app-error"
    return None


def _looks_like_tls(case: HealthCase) -> bool:
    check = case.group.health_check
    if 421 in case.sick.codes or check.protocol != "HTTP":
        return False
    ports = {target.port for target in case.sick.targets}
    checked = {int(check.port)} if check.port.isdigit() else ports
    return protocols_differ(case) or case.changed("healthCheckProtocol") is not None or bool(checked & TLS_PORTS)
