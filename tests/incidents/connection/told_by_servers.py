"""Incidents in which rows alone tell one story, and what the servers wrote tells another."""

from collections.abc import Sequence

from diagnostics.facts import ApplicationLogs
from tests.incidents.building import LB_DIMENSION, TG_DIMENSION, Incident
from tests.incidents.cases import finds, look_alike
from tests.incidents.connection.keepalive_race import running
from tests.incidents.loading import cpu, load, memory, slow_for_all, unscaled
from tests.incidents.rows import ALL_TARGETS, Rows, answered, closed, connect_timeouts, logged, refused, slow
from tests.incidents.written import Said, said

RELATED = ("GET shop.example.com/items/:id/related",)
PANIC = "2026/11/21 03:05:00 http: panic serving 10.0.1.10:4{n}: runtime error: index out of range [3] with length 2"
FULL = "2026/11/21 03:05:01 [alert] 7#7: 512 worker_connections are not enough"
PUMA_KILLS = "[1] ! Terminating timed out worker (Worker {n} failed to check in within 30 seconds): 4{n}"
GUNICORN_KILLS = "[2026-11-21 03:05:00 +0000] [1] [CRITICAL] WORKER TIMEOUT (pid:{n})"
NGINX = "2026/11/21 03:05:01 [error] 29#29: *{n} "
REQUEST = ', client: 10.0.1.10, request: "GET /login HTTP/1.1", upstream: "fastcgi://127.0.0.1:9000"'
BIG_HEADER = NGINX + "upstream sent too big header while reading response header from upstream" + REQUEST
LATE = NGINX + "upstream timed out (110: Connection timed out) while reading response header from upstream" + REQUEST
REFUSED = NGINX + "connect() failed (111: Connection refused) while connecting to upstream" + REQUEST
PAUSE = "[2026-11-21T03:05:10.000+0000][info][gc] GC(4{n}) Pause Full (G1 Compaction Pause) 510M->504M(512M) 9422.4ms"
BUSY = ("target-slow-response", "cpu-saturation")


def panics(lines: int) -> Incident:
    incident = logged(Incident(), closed(120, (0.003, 0.03), routes=RELATED), always=RELATED)
    return said(incident, Said(PANIC, lines, 50, 6))


def crowded(lines: int, since: float) -> Incident:
    """nginx accepts connections and closes them again, for want of room."""
    incident = load(Incident(), 1800, 20)
    incident = logged(incident, closed(300, (0.0, 0.02), since=20, until=5), per_minute=1200)
    return said(incident, Said(FULL, lines, since, 5))


def with_their_worker(command: Sequence[str], line: str, rows: Rows) -> Incident:
    return said(logged(running("api:7", *command), rows), Said(line, 30, 50, 6))


def collecting(percent: float) -> Incident:
    """The garbage collector uses the processor; the load is as usual."""
    incident = cpu(slow_for_all(load(Incident(), 600, 20), 20), 100, 97, 20)
    incident = memory(incident, percent, 25)
    return said(logged(incident, slow(300, since=20, until=5)), Said(PAUSE, 60, 20, 5))


def both_proxy_errors(late_lines: int) -> Incident:
    incident = logged(
        Incident(), answered(100, 504, target_s=(15.0, 15.1)), answered(120, 503, target_s=(0.01, 0.03), since=20)
    )
    return said(incident, Said(LATE, late_lines, 50, 6), Said(REFUSED, 100, 20, 6))


def handshakes_not_counted() -> Incident:
    """Connections to an HTTPS group fail at once; neither counter of failures was read."""
    incident = Incident().target_group(protocol="HTTPS").health_check(protocol="HTTP", port="8081")
    logged(incident, refused(300, since=20), counted=False).elb_errors(502, 20, 20)
    for metric in ("TargetTLSNegotiationErrorCount", "TargetConnectionErrorCount"):
        for dimensions in ({}, {"TargetGroup": TG_DIMENSION}):
            pairs = tuple(sorted({"LoadBalancer": LB_DIMENSION, **dimensions}.items()))
            incident._series.pop((metric, "Sum", pairs))
    return incident


def busy_over_tls() -> Incident:
    """Three times the load: the processor does not get to finish handshakes."""
    incident = cpu(slow_for_all(load(Incident().target_group(protocol="HTTPS"), 1800, 20), 20), 100, 97, 20)
    return unscaled(logged(incident, connect_timeouts(200, since=20, until=5), tls=True))


def one_hangs() -> Incident:
    """One of four targets stops to answer users and health checks alike."""
    incident = Incident().unhealthy("Target.Timeout", "Request timed out", targets=("10.0.1.22",), since=12)
    return logged(incident, slow(60, since=14.5, until=12.5, targets=ALL_TARGETS[1:2]))


CASES = (
    finds(
        "target-closed-mid-request",
        "a handler panics on one route each time, and the process lives on",
        lambda: panics(120),
        band="confirmed",
    ),
    look_alike(
        "target-closed-mid-request",
        "a few panics beside a route that fails each time for another reason",
        lambda: panics(6),
        first="malformed-response",
    ),
    finds(
        "target-connection-saturation",
        "nginx closes what it has no room for at once",
        lambda: crowded(300, 20),
        also=("insufficient-task-count",),
        band="confirmed",
    ),
    look_alike(
        "keepalive-race",
        "quick resets while nginx has no room for connections",
        lambda: crowded(300, 20),
        first="target-connection-saturation",
        also=("insufficient-task-count",),
    ),
    look_alike(
        "target-connection-saturation",
        "quick resets, and the same few lines as all day",
        lambda: crowded(12, 59),
        first="keepalive-race",
        also=("insufficient-task-count",),
    ),
    finds(
        "worker-timeout-kill",
        "Puma looks at its workers every few seconds, so that the times vary",
        lambda: with_their_worker(("puma", "-w", "4"), PUMA_KILLS, closed(60, (30.0, 35.0))),
        band="confirmed",
    ),
    finds(
        "worker-timeout-kill",
        "the worker that hangs takes all its other requests with it",
        lambda: with_their_worker(
            ("gunicorn", "-k", "uvicorn.workers.UvicornWorker", "app:app"), GUNICORN_KILLS, closed(90, (0.1, 30.5))
        ),
        band="likely",
    ),
    finds(
        "worker-timeout-kill",
        "a sync worker waits on a connection that was opened ahead",
        lambda: with_their_worker(("gunicorn", "-w", "4", "app:app"), GUNICORN_KILLS, closed(80, (0.0, 0.04))),
        band="likely",
    ),
    look_alike(
        "worker-timeout-kill",
        "times vary, and workers are killed now and then",
        lambda: said(
            logged(running("api:7", "gunicorn", "-w", "4", "app:app"), closed(200, (1.0, 30.0))),
            Said(GUNICORN_KILLS, 4, 50, 6),
        ),
        first="target-closed-mid-request",
    ),
    finds(
        "memory-pressure",
        "a heap limit far below the task's memory",
        lambda: collecting(46),
        also=BUSY,
        band="likely",
    ),
    finds(
        "cpu-saturation",
        "the garbage collector is what uses the processor",
        lambda: collecting(97),
        first="memory-pressure",
        role="consequence",
        also=("target-slow-response",),
    ),
    finds(
        "target-proxy-upstream-failure",
        "headers larger than the buffers of nginx",
        lambda: said(logged(Incident(), answered(90, 502)), Said(BIG_HEADER, 90, 50, 6)),
        band="confirmed",
    ),
    finds(
        "target-proxy-timeout",
        "the proxy fails in two ways, which leave nothing unexplained",
        lambda: both_proxy_errors(90),
        also=("target-proxy-upstream-failure",),
    ),
    look_alike(
        "target-proxy-timeout",
        "two lines about a slow upstream do not explain a hundred 504 of any length",
        lambda: said(
            logged(Incident(), answered(100, 504, target_s=(0.1, 15.0)), answered(120, 503, target_s=(0.01, 0.03))),
            Said(REFUSED, 100, 50, 6),
            Said(LATE, 2, 50, 6),
        ),
        first="target-generated-5xx",
        also=("target-proxy-upstream-failure",),
    ),
    look_alike(
        "target-tls-handshake-failure",
        "handshakes are counted as none",
        lambda: logged(Incident().target_group(protocol="HTTPS"), refused(300, since=20)),
        first="port-not-listening",
    ),
    finds(
        "target-tls-handshake-failure",
        "neither handshakes nor connections were counted, and the log is denied",
        lambda: handshakes_not_counted().denied(ApplicationLogs, "logs:FilterLogEvents"),
        band="possible",
    ),
    look_alike(
        "target-connection-saturation",
        "handshakes, not connections, are what takes too long under the load",
        busy_over_tls,
        first="cpu-saturation",
        also=("target-tls-handshake-timeout", "insufficient-task-count"),
    ),
    finds(
        "target-slow-response",
        "the target that hangs is the one whose health checks time out",
        one_hangs,
    ),
)
