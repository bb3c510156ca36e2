"""What an error code that people report means here, and whether this load balancer sent it.

Codes and their meaning: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Final

from diagnostics.facts import AccessLogs, Metrics, Read
from diagnostics.rules.counters import total_of_balancers
from diagnostics.rules.logged_errors import NEARLY_ALL_READ
from diagnostics.snapshot import Snapshot, Window

LATE: Final = timedelta(minutes=20)
"""Log files come some minutes after their rows, so the newest part of a window is never there."""
COUNTERS: Final[Mapping[int, str]] = MappingProxyType(
    {code: f"HTTPCode_ELB_{code}_Count" for code in (500, 502, 503, 504)}
    | {507: "HTTP_Redirect_Url_Limit_Exceeded_Count"}
)
ONLY_BY_BALANCER: Final = frozenset({460, 463, 464})
MEANS: Final[Mapping[int, str]] = MappingProxyType(
    {
        400: "a malformed request, headers that are too large, or a caller that closed before its body was complete",
        401: "a login or a token that the rule does not accept",
        403: "a request that AWS WAF, or the load balancer's protection against floods, refused",
        405: "the method TRACE, which it never takes",
        408: "a caller that did not send its data before the idle timeout",
        413: "headers of more than 64 KB, or a body of more than 1 MB for a function",
        414: "a URL or query that is too long",
        460: "a caller that closed the connection before the answer came: its own time limit is shorter",
        463: "a header X-Forwarded-For with more than 30 addresses: a proxy in front sends in a circle",
        464: "a request whose protocol does not fit the target group's protocol version",
        500: "a failure in a rule's own work (firewall, login, rewrite), not at a target",
        501: "a Transfer-Encoding that is neither chunked nor identity, or a websocket where the group takes none",
        502: "a target that refused the connection, closed it, or sent something that is no answer",
        503: "a rule's fixed answer, or a target group without a target that can be asked",
        504: "a target that did not accept the connection within 10 s, or did not answer before the idle timeout",
        505: "an HTTP version that does not fit the connection",
        507: "a redirect whose URL would have more than 8 KB",
        561: "a login that the identity provider answered with an error",
        562: "a key set for tokens (JWKS) that gave an error, or is none",
    }
)
NEVER_MADE: Final[Mapping[int, str]] = MappingProxyType(
    {
        431: "it answers 400 or 413 to headers that are too large; 431 comes from the application or a proxy",
        560: "it is none of the codes that it documents (561 and 562 are)",
    }
)


def notes_on_seen(snapshot: Snapshot) -> tuple[str, ...]:
    """Two lines about the code that somebody reports; none when nobody does.

    The first says what the load balancer means by it, the second whether it, or a target, sent it in this time: not
    where the load balancer's own counter has it, which the report tells above.
    """
    code = snapshot.subject.seen
    if code is None:
        return ()
    if _counted(snapshot, code) and not _by_target(snapshot.get(AccessLogs), code):
        return (_meaning(code),)
    return _meaning(code), _whether(snapshot, code)


def rows_with(logs: Read[AccessLogs], code: int) -> int:
    """Rows of the whole load balancer that callers got this status with."""
    return sum(error.count for error in logs.errors if error.elb_status == code) if isinstance(logs, AccessLogs) else 0


def all_rows_read(logs: AccessLogs, window: Window) -> bool:
    """Whether nearly every file of the window was read, but for those that had not been written yet."""
    complete = logs.share_read >= NEARLY_ALL_READ and logs.rows > 0
    return complete and logs.covered_from <= window.start and window.end - logs.covered_to <= LATE


def is_unknown(code: int | None, metrics: Read[Metrics], logs: Read[AccessLogs], window: Window) -> bool:
    """Whether nothing that was read can say if an error that people report came from here: no counter, and not all
    rows. Codes that applications send every day are left out."""
    if code is None or not (500 <= code <= 599 or code in ONLY_BY_BALANCER):
        return False
    if isinstance(logs, AccessLogs) and (rows_with(logs, code) or all_rows_read(logs, window)):
        return False
    return not isinstance(metrics, Metrics)


def _meaning(code: int) -> str:
    if code in MEANS:
        return f"{code} from a load balancer is {MEANS[code]}"
    why = NEVER_MADE.get(
        code, "it comes from the application, from a rule with a fixed answer or from something in front"
    )
    return f"{code} is not a code that an application load balancer makes by itself; {why}"


def _by_target(logs: Read[AccessLogs], code: int) -> int:
    errors = logs.errors if isinstance(logs, AccessLogs) else ()
    return sum(one.count for one in errors if one.elb_status == code and one.generated_by != "load-balancer")


def _whether(snapshot: Snapshot, code: int) -> str:
    logs = snapshot.get(AccessLogs)
    if isinstance(logs, AccessLogs):
        by_balancer = sum(e.count for e in logs.errors if e.elb_status == code and e.generated_by == "load-balancer")
        by_target = rows_with(logs, code) - by_balancer
        if by_balancer or by_target:
            return f"{code} in this time: {_who(by_balancer, by_target)} (access log rows)"
    counted = _counted(snapshot, code)
    if counted:
        return f"{code} in this time: {counted:,} by the load balancer itself (CloudWatch)"
    if isinstance(logs, AccessLogs) and all_rows_read(logs, snapshot.window) and (counted == 0 or code not in COUNTERS):
        read = f"none of {logs.rows:,} access log rows has it"
        if code >= 500 or code in ONLY_BY_BALANCER:
            return f"{code} did not come from this load balancer in this time: {read}"
        return (
            f"{code} was not made by this load balancer in this time; answers of targets below 500 were not looked at"
        )
    if counted == 0:
        return (
            f"{code} was not made by this load balancer in this time (its counter is 0); whether a target sent it, only"
            " access log rows tell"
        )
    why = "its counter could not be read" if code in COUNTERS else "it has no counter of its own"
    rows = "only a part of the access logs was read" if isinstance(logs, AccessLogs) else "access logs were not read"
    return f"whether {code} came from this load balancer is not known: {why}, and {rows}"


def _who(by_balancer: int, by_target: int) -> str:
    parts = [f"{by_balancer:,} by the load balancer itself"] if by_balancer else []
    parts += [f"{by_target:,} by targets"] if by_target else []
    return ", ".join(parts)


def _counted(snapshot: Snapshot, code: int) -> int | None:
    """None: it has no counter, or it was not read."""
    if code not in COUNTERS:
        return None
    return total_of_balancers(snapshot.get(Metrics), COUNTERS[code], snapshot.subject, snapshot.window)
