from diagnostics.facts import ApplicationLogs
from tests.incidents.building import Incident
from tests.incidents.cases import finds, look_alike
from tests.incidents.error_source.target_proxy_upstream_failure import ERROR, TAIL
from tests.incidents.rows import answered, logged, slow
from tests.incidents.written import Said, said

CODE = "target-proxy-timeout"
LATE = ERROR + "upstream timed out (110: Connection timed out) while reading response header from upstream" + TAIL

CASES = (
    finds(
        CODE,
        "nginx waits for 60 s and answers 504",
        lambda: said(logged(Incident(), answered(100, 504, target_s=(60.0, 60.2))), Said(LATE, 80, 50, 6)),
        band="confirmed",
        summary_says="nginx",
    ),
    finds(
        CODE,
        "a constant time of 30 s, and the log was not read",
        lambda: logged(Incident(), answered(100, 504, target_s=(30.0, 30.2))),
        band="likely",
    ),
    finds(
        CODE,
        "a constant time, and the log is denied",
        lambda: logged(Incident(), answered(100, 504, target_s=(30.0, 30.2))).denied(
            ApplicationLogs, "logs:GetLogEvents"
        ),
    ),
    finds(
        CODE,
        "access logs are off, and the lines beside the counter tell",
        lambda: said(Incident().target_errors(20, 20), Said(LATE, 60, 20, 1)),
        band="confirmed",
    ),
    look_alike(
        CODE,
        "the load balancer gave up itself",
        lambda: said(logged(Incident(), slow(100)), Said(LATE, 60, 50, 6)),
        first="target-slow-response",
    ),
    look_alike(
        CODE,
        "504 of the application after any time",
        lambda: logged(Incident(), answered(100, 504, target_s=(0.1, 20.0))),
        first="target-generated-5xx",
    ),
    look_alike(
        CODE,
        "500 after a constant time",
        lambda: logged(Incident(), answered(100, 500, target_s=(30.0, 30.2))),
        first="target-generated-5xx",
    ),
)
