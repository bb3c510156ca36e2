"""People report errors that this load balancer did not send."""

from diagnostics.facts import AccessLogs, Metrics
from tests.incidents.building import Incident
from tests.incidents.cases import finds, look_alike
from tests.incidents.guards import asked
from tests.incidents.rows import answered, closed, fixed, logged

CODE = "edge-generated-5xx"


def clean_rows() -> Incident:
    return logged(Incident())


CASES = (
    finds(
        CODE,
        "counters at 0 and no row with the code",
        lambda: asked(clean_rows(), 502),
        band="confirmed",
        summary_says="502",
    ),
    finds(CODE, "access logs are off", lambda: asked(Incident(), 504), band="possible"),
    finds(CODE, "a code without a counter", lambda: asked(clean_rows(), 520), band="confirmed"),
    finds(
        CODE,
        "targets send 500, and people report 502",
        lambda: asked(logged(Incident(), answered(5, 500)), 502),
        band="confirmed",
    ),
    finds(
        CODE, "rows may not be read", lambda: asked(Incident().denied(AccessLogs, "s3:GetObject"), 503), band="possible"
    ),
    look_alike(
        CODE,
        "the load balancer sends them",
        lambda: asked(logged(Incident(), closed(120, (0.001, 0.02), since=59)), 502),
        first="keepalive-race",
    ),
    look_alike(
        CODE,
        "the targets send them",
        lambda: asked(logged(Incident(), answered(300, 502)), 502),
        first="target-generated-5xx",
    ),
    look_alike(
        CODE,
        "targets send 5xx, and no rows tell which",
        lambda: asked(Incident().target_errors(1, 2), 502),
        verdict="no_fault_found",
    ),
    look_alike(
        CODE, "two errors in an hour", lambda: asked(Incident().elb_errors(502, 1, 2), 502), verdict="no_fault_found"
    ),
    look_alike(
        CODE, "a listener rule sends them", lambda: asked(logged(Incident(), fixed(2)), 503), verdict="no_fault_found"
    ),
    look_alike(CODE, "nobody reports anything", clean_rows, verdict="no_fault_found"),
    look_alike(CODE, "a code of the callers", lambda: asked(clean_rows(), 404), verdict="no_fault_found"),
    look_alike(
        CODE,
        "counters may not be read",
        lambda: asked(clean_rows().denied(Metrics, "cloudwatch:GetMetricData"), 502),
        verdict="no_fault_found",
    ),
    look_alike(
        CODE,
        "neither counters nor rows may be read",
        lambda: asked(Incident().denied(Metrics, "cloudwatch:GetMetricData"), 502),
        first="insufficient-evidence",
        verdict="inconclusive",
    ),
    look_alike(
        CODE,
        "another service of the load balancer has them",
        lambda: asked(Incident().shared_with_search().elb_errors(502, 40, 20), 502),
        first="insufficient-evidence",
    ),
)
