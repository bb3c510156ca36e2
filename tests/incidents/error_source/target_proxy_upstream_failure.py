"""A proxy in front of the application, in the same container or beside it."""

from diagnostics.facts import ApplicationLogs, Metrics
from tests.incidents.building import Incident
from tests.incidents.cases import finds, look_alike
from tests.incidents.rows import answered, closed, logged
from tests.incidents.written import Said, said

CODE = "target-proxy-upstream-failure"
TAIL = ', client: 10.0.1.10, request: "GET /{n} HTTP/1.1", upstream: "http://127.0.0.1:3000/", host: "shop.example.com"'
ERROR = "2026/11/21 03:20:00 [error] 29#29: *{n} "
REFUSED = ERROR + "connect() failed (111: Connection refused) while connecting to upstream" + TAIL
CLOSED = ERROR + "upstream prematurely closed connection while reading response header from upstream" + TAIL
ENVOY = '[2026-11-21T03:20:00.310Z] "GET /{n} HTTP/1.1" 503 UF,URX 0 91 12 - "10.0.1.10"'


def health_checks_go_through_the_proxy() -> Incident:
    incident = said(logged(Incident(), answered(300, 502, since=13)), Said(REFUSED, 60, 13, 6, container="nginx"))
    return incident.unhealthy("Target.ResponseCodeMismatch", "Health checks failed with these codes: [502]", since=12)


CASES = (
    finds(
        CODE,
        "health checks go through the proxy as well",
        health_checks_go_through_the_proxy,
        band="confirmed",
        also=("all-targets-unhealthy-fail-open", "health-check-app-error"),
    ),
    finds(
        CODE,
        "nginx finds nobody on port 3000",
        lambda: said(logged(Incident(), answered(300, 502)), Said(REFUSED, 60, 50, 6, container="nginx")),
        band="confirmed",
        summary_says="127.0.0.1:3000",
    ),
    finds(
        CODE,
        "the application closes connections that nginx keeps, inside of one container",
        lambda: said(logged(Incident(), answered(300, 502)), Said(CLOSED, 100, 50, 6)),
        band="confirmed",
    ),
    finds(
        CODE,
        "access logs are off, and Envoy's lines beside the counter tell",
        lambda: said(Incident().target_errors(60, 20), Said(ENVOY, 60, 20, 1, container="envoy")),
        band="confirmed",
    ),
    finds(
        CODE,
        "metrics may not be read",
        lambda: said(logged(Incident(), answered(300, 502)), Said(REFUSED, 60, 50, 6)).denied(
            Metrics, "cloudwatch:GetMetricData"
        ),
    ),
    finds(
        CODE,
        "a handler fails with 500 beside it, which is another story",
        lambda: said(logged(Incident(), answered(300, 502), answered(200, 500)), Said(REFUSED, 60, 50, 6)),
        first="target-generated-5xx",
    ),
    look_alike(
        CODE,
        "the application answers 500, and nginx wrote of its upstream three times long before",
        lambda: said(logged(Incident(), answered(300, 500, since=20)), Said(REFUSED, 3, 58, 57)),
        first="target-generated-5xx",
    ),
    look_alike(
        CODE,
        "502 of an application that calls others, without a line of a proxy",
        lambda: said(logged(Incident(), answered(300, 502)), Said("ValueError: no price", 60, 50, 6)),
        first="target-generated-5xx",
    ),
    look_alike(
        CODE,
        "nobody may read the log",
        lambda: logged(Incident(), answered(300, 502)).denied(ApplicationLogs, "logs:GetLogEvents"),
        first="target-generated-5xx",
    ),
    look_alike(
        CODE,
        "the load balancer made the 502 itself",
        lambda: said(logged(Incident(), closed(120, (0.001, 0.02), since=59)), Said(CLOSED, 4, 50, 6)),
        first="keepalive-race",
    ),
)
