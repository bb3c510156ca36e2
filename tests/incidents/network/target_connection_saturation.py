from diagnostics.facts import ApplicationLogs, SecurityGroup
from tests.incidents.building import Incident, allow_all
from tests.incidents.cases import finds, look_alike
from tests.incidents.health_check.health_check_port_mismatch import SILENT
from tests.incidents.loading import Wrote, cpu, load, slow_for_all, wrote
from tests.incidents.rows import ALL_TARGETS, connect_timeouts, logged, refused

CODE = "target-connection-saturation"
FULL = Wrote("too-many-connections", 90)


def crowded(times: float = 3) -> Incident:
    """Connections fail in part, and more of them come than usual."""
    return load(Incident(), 600 * times, 20)


CASES = (
    finds(
        CODE,
        "nginx has no worker connections left",
        lambda: wrote(logged(crowded(), refused(200, since=20)), FULL),
        band="confirmed",
    ),
    finds(
        CODE,
        "the queue of connections overflows",
        lambda: wrote(logged(crowded(), connect_timeouts(200, since=20)), FULL),
        band="confirmed",
    ),
    finds(
        CODE,
        "too many open files, access logs are off",
        lambda: wrote(crowded().connection_errors(50, 20).elb_errors(502, 50, 20), FULL),
        band="confirmed",
    ),
    finds(
        CODE,
        "the servers' log may not be read",
        lambda: logged(crowded(), connect_timeouts(200, since=20)).denied(ApplicationLogs, "logs:FilterLogEvents"),
        band="possible",
    ),
    finds(
        CODE,
        "a single 504 came a quarter of an hour earlier",
        lambda: logged(crowded(), connect_timeouts(200, since=20), connect_timeouts(1, since=34, until=33)).denied(
            ApplicationLogs, "logs:FilterLogEvents"
        ),
        band="possible",
        summary_says="3.0 times the usual load",
    ),
    finds(
        CODE,
        "the processor is full as well",
        lambda: wrote(
            logged(cpu(slow_for_all(crowded(), 20), 100, 97, 20), connect_timeouts(200, since=20)),
            FULL,
        ),
        first="cpu-saturation",
        role="consequence",
        also=("insufficient-task-count",),
    ),
    look_alike(
        CODE,
        "as much load as ever, and connections time out",
        lambda: logged(load(Incident(), 600, 20), connect_timeouts(200, since=20)),
        first="connect-timeout-unattributed",
    ),
    look_alike(
        CODE,
        "nothing listens on the port, on a busy day",
        lambda: logged(crowded(), refused(30_000, since=20)).of_group("HTTPCode_Target_2XX_Count", 0, 20),
        first="port-not-listening",
    ),
    look_alike(
        CODE,
        "one target is gone",
        lambda: wrote(logged(crowded(), connect_timeouts(200, since=20, targets=ALL_TARGETS[:1])), FULL),
        first="connect-timeout-unattributed",
    ),
    look_alike(
        CODE,
        "the security group was closed on a busy day",
        lambda: (
            logged(
                crowded().security_group(
                    SecurityGroup(id="sg-0c2d", name="checkout", vpc_id="vpc-01", ingress=(), egress=(allow_all(),))
                ),
                connect_timeouts(200, since=20),
            )
            .of_group("HTTPCode_Target_2XX_Count", 0, 20)
            .unhealthy(*SILENT, since=20)
        ),
        first="sg-ingress-missing",
        also=("all-targets-unhealthy-fail-open",),
    ),
)
