"""Access log rows beside the counters of failed connections."""

from tests.incidents.building import Incident, definition
from tests.incidents.cases import finds, look_alike
from tests.incidents.connection.keepalive_race import running
from tests.incidents.rows import ALL_TARGETS, closed, logged, refused

CASES = (
    finds(
        "port-not-listening",
        "one of four targets refuses, as its rows show; the others serve",
        lambda: (
            logged(Incident(), refused(100, targets=ALL_TARGETS[:1])).elb_errors(502, 2, 50).connection_errors(2, 50)
        ),
        band="likely",
        summary_says="Nothing accepts connections on port 8080 (10.0.1.21:8080)",
    ),
    finds(
        "port-not-listening",
        "all targets refused until somebody started the server again; they are healthy, and requests go on",
        lambda: logged(Incident(), refused(200, since=24, until=10)),
        band="possible",
        summary_says="Connections to port 8080 (all 4 targets) were refused until 03:19 UTC; none did since",
    ),
    finds(
        "port-not-listening",
        "a target refused users, and fails its health check still",
        lambda: logged(Incident(), refused(200, since=24, until=10, targets=ALL_TARGETS[:1])).unhealthy(
            "Target.FailedHealthChecks", "Health checks failed", targets=["10.0.1.21"]
        ),
        band="likely",
    ),
    look_alike(
        "port-not-listening",
        "some connections failed, and rows show that the 502s are others",
        lambda: logged(
            running("node:20", "node", "server.js").unhealthy(
                "Target.Timeout", "Request timed out", targets=("10.0.1.21",), since=3
            ),
            closed(120, (0.001, 0.02), since=59),
        ).connection_errors(1, 20),
        first="keepalive-race",
        also=("health-check-timeout-too-short", "insufficient-evidence"),
    ),
    finds(
        "container-port-mismatch",
        "rows of refused connections, and a container that is told another port",
        lambda: logged(
            Incident().definitions(
                definition(
                    7,
                    containers=(
                        definition(7)
                        .containers[0]
                        .model_copy(update={"environment": {"PORT": "3000"}, "environment_names": ("PORT",)}),
                    ),
                )
            ),
            refused(600),
        ),
    ),
)
