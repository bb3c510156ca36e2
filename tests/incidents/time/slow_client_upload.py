from tests.incidents.building import Incident
from tests.incidents.cases import finds, look_alike
from tests.incidents.rows import by_balancer, gave_up, logged, slow

CODE = "slow-client-upload"
UPLOAD = ("POST shop.example.com/upload",)
LARGE = {"received_bytes": 40_000_000, "method": "POST"}

CASES = (
    finds(
        CODE,
        "uploads stall on slow lines until the load balancer gives up",
        lambda: logged(Incident(), by_balancer(500, 408, routes=UPLOAD, elapsed_s=61.0, fields=LARGE)),
        band="likely",
    ),
    finds(
        CODE,
        "callers give up on uploads of forty megabytes",
        lambda: logged(Incident(), gave_up(600, (20.0, 55.0), routes=UPLOAD, fields=LARGE)),
        band="possible",
    ),
    finds(
        CODE,
        "uploads stall, and browsers leave connections unused",
        lambda: logged(
            Incident(),
            by_balancer(500, 408, routes=UPLOAD, elapsed_s=61.0, fields=LARGE),
            by_balancer(400, 408, routes=(), elapsed_s=60.0),
            by_balancer(500, 408, routes=(), elapsed_s=60.0, group=None),
        ),
        summary_says="500 uploads were",
    ),
    look_alike(
        CODE,
        "browsers open connections ahead and never use them",
        lambda: logged(Incident(), by_balancer(900, 408, routes=(), elapsed_s=60.0)),
        verdict="no_fault_found",
    ),
    look_alike(
        CODE,
        "small searches are slow",
        lambda: logged(Incident(), slow(200, routes=("GET shop.example.com/search",))),
        first="target-slow-response",
    ),
)
