"""What the application wrote settles what rows, health checks and settings leave open."""

from diagnostics.facts import AccessLogs
from tests.incidents.building import Incident, stopped_task
from tests.incidents.cases import finds, look_alike
from tests.incidents.connection.container_port_mismatch import FAIL_OPEN, refused, with_container
from tests.incidents.connection.keepalive_race import running, trickle
from tests.incidents.connection.target_protocol_mismatch import everything_closes
from tests.incidents.connection.target_tls_handshake_failure import over_tls
from tests.incidents.rows import closed, logged
from tests.incidents.rows import refused as refused_rows
from tests.incidents.written import Said, said

REPORT = ("POST shop.example.com/report",)
EXPORT = ("GET shop.example.com/export/:id",)
GUNICORN = "[2026-11-21 03:00:00 +0000] [1] [CRITICAL] WORKER TIMEOUT (pid:{n})"
ON_3000 = '{"level":30,"msg":"Server listening at http://0.0.0.0:3000"}'
PANIC = "2026/11/21 03:00:00 http: panic serving 10.0.1.10:4{n}: runtime error: index out of range [3]"


def with_trace(incident: Incident, text: str) -> Incident:
    """The log names the trace ids of the first rows."""
    rows = incident.known(AccessLogs).sample[:10]
    return said(incident, *(Said(text.replace("TRACE", row.trace_id or ""), 1, 30, 29) for row in rows))


def traced_rows(*, seconds: tuple[float, float]) -> Incident:
    """Rows whose trace ids have the length that real ones have."""
    incident = logged(Incident(), closed(150, seconds, routes=EXPORT), always=EXPORT)

    def lengthen(fact: AccessLogs) -> AccessLogs:
        rows = tuple(
            row.model_copy(update={"trace_id": f"Root=1-{number:08x}-{number:024x}"})
            for number, row in enumerate(fact.sample)
        )
        return fact.model_copy(update={"sample": rows})

    return incident.edit(AccessLogs, lengthen)


def race_rows(*, spoken_of: bool) -> Incident:
    incident = trickle(running("node:20-slim", "node", "server.js"))
    rows = incident.known(AccessLogs).sample

    def lengthen(fact: AccessLogs) -> AccessLogs:
        changed = tuple(
            row.model_copy(update={"trace_id": f"Root=1-{number:08x}-{number:024x}"}) for number, row in enumerate(rows)
        )
        return fact.model_copy(update={"sample": changed})

    incident.edit(AccessLogs, lengthen)
    ids = [row.trace_id or "" for row in incident.known(AccessLogs).sample[:20]]
    named = ids[0] if spoken_of else "Root=1-ffffffff-ffffffffffffffffffffffff"
    return said(incident, Said(f"GET /cart 200 3 ms - {named}", 3), traces_asked=ids)


CASES = (
    finds(
        "container-port-mismatch",
        "every setting says 8080, and the server says 3000",
        lambda: said(refused(Incident()), Said(ON_3000, 4)),
        band="confirmed",
        also=FAIL_OPEN,
        summary_says="3000",
    ),
    look_alike(
        "container-port-mismatch",
        "a variable says 3000, and the server 8080",
        lambda: said(
            refused(Incident().definitions(with_container(environment={"PORT": "3000"}))),
            Said('{"msg":"Server listening at http://0.0.0.0:8080"}', 4),
        ),
        first="port-not-listening",
        also=FAIL_OPEN,
    ),
    look_alike(
        "container-port-mismatch",
        "a sentence names the port of the debugger, and the settings agree",
        lambda: said(refused(Incident()), Said("remote shell started on port 9229", 4)),
        first="port-not-listening",
        also=FAIL_OPEN,
    ),
    finds(
        "port-not-listening",
        "the log was read and names no port",
        lambda: said(refused(Incident()), Said("loading the catalogue, this takes a while", 40)),
        band="likely",
        also=FAIL_OPEN,
    ),
    finds(
        "worker-timeout-kill",
        "a default of 30 s, and the log names the killed workers",
        lambda: said(
            logged(running("api:7", "gunicorn", "app:app"), closed(60, (30.0, 30.6), routes=REPORT)),
            Said(GUNICORN, 60, 50, 6),
        ),
        band="confirmed",
    ),
    finds(
        "worker-timeout-kill",
        "access logs are off, and WORKER TIMEOUT comes with the 502s",
        lambda: said(running("api:7", "gunicorn", "app:app").elb_errors(502, 3, 20), Said(GUNICORN, 60, 20, 1)),
        band="likely",
        also=("keepalive-race", "insufficient-evidence"),
    ),
    look_alike(
        "worker-timeout-kill",
        "two workers were killed an hour before the 502s",
        lambda: said(running("api:7", "gunicorn", "app:app").elb_errors(502, 30, 20), Said(GUNICORN, 2, 59, 58)),
        first="insufficient-evidence",
        also=("keepalive-race",),
    ),
    finds(
        "target-protocol-mismatch",
        "the log says that plain HTTP came to its TLS port",
        lambda: said(
            everything_closes(Incident()),
            Said(
                "http: TLS handshake error from 10.0.1.10:4{n}: client sent an HTTP request to an HTTPS server", 90, 55
            ),
        ),
        band="confirmed",
    ),
    finds(
        "target-tls-handshake-failure",
        "bytes of TLS on a port that speaks plain HTTP",
        lambda: said(
            logged(over_tls(), refused_rows(300, since=20), tls=True),
            Said(r"code 400, message Bad request version ('\x16\x03\x01\x02')", 60, 20, 6),
        ),
        band="confirmed",
    ),
    finds(
        "malformed-response",
        "the application says that it answered these very requests",
        lambda: with_trace(traced_rows(seconds=(0.03, 0.06)), "GET /export 200 30 ms - 5120 TRACE"),
        band="confirmed",
    ),
    finds(
        "target-closed-mid-request",
        "a handler panics in a process that lives on, and says so",
        lambda: said(logged(Incident(), closed(200, (0.2, 9.0))), Said(PANIC, 150, 50, 6)),
        band="confirmed",
    ),
    finds(
        "keepalive-race",
        "the application never heard of these requests",
        lambda: race_rows(spoken_of=False),
        band="likely",
    ),
    finds(
        "keepalive-race",
        "the application knows one of these requests: then it is something else",
        lambda: race_rows(spoken_of=True),
        band="possible",
    ),
    finds(
        "task-crash-exit",
        "the stack trace stands before its end",
        lambda: said(
            Incident().stopped(stopped_task(9, minutes_ago=20, exit_code=2)),
            Said("panic: assignment to entry in nil map", 1, 20.3, 20.3, tasks=(stopped_task(9, minutes_ago=20).id,)),
        ),
        band="confirmed",
    ),
    look_alike(
        "task-crash-exit",
        "a stack trace of a process that lives on",
        lambda: said(Incident(), Said("Traceback (most recent call last):", 30)),
        verdict="no_fault_found",
    ),
)
