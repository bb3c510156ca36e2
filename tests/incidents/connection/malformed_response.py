from tests.incidents.building import Incident
from tests.incidents.cases import finds, look_alike
from tests.incidents.rows import ALL_TARGETS, answered, closed, logged

CODE = "malformed-response"
EXPORT = ("GET shop.example.com/export/:id",)
HOT = {"GET shop.example.com/export/:id": 0.9}

CASES = (
    finds(
        CODE,
        "the export route fails every time since its headers changed",
        lambda: logged(Incident(), closed(150, (0.02, 0.06), routes=EXPORT), always=EXPORT),
        band="likely",
        summary_says="/export/:id",
    ),
    finds(
        CODE,
        "a small route fails every time, beside a trickle everywhere",
        lambda: logged(
            Incident(),
            closed(80, (0.02, 0.05), routes=EXPORT),
            closed(100, (0.001, 0.02), since=59),
            always=EXPORT,
        ),
        also=("keepalive-race",),
    ),
    finds(
        CODE,
        "all rows are of one route, and nobody counted its good answers",
        lambda: logged(Incident(), closed(150, (0.03, 0.06), routes=EXPORT), routes_counted=False),
        band="possible",
    ),
    look_alike(
        CODE,
        "resets at once on the only route there is, which nobody counted",
        lambda: logged(Incident(), closed(135, (0.001, 0.01), since=59, routes=EXPORT), routes_counted=False),
        first="keepalive-race",
    ),
    look_alike(
        CODE,
        "the busiest route has most of the resets, as of everything",
        lambda: logged(
            Incident(),
            closed(135, (0.001, 0.02), since=59, routes=EXPORT),
            closed(15, (0.001, 0.02), since=58),
            route_share=HOT,
        ),
        first="keepalive-race",
    ),
    look_alike(
        CODE,
        "it fails on one target only, and others serve the route",
        lambda: logged(
            Incident(), closed(50, (0.02, 0.06), routes=EXPORT, targets=ALL_TARGETS[:1]), route_share={EXPORT[0]: 0.01}
        ),
        first="target-closed-mid-request",
    ),
    look_alike(
        CODE,
        "the application answers 500 on that route itself",
        lambda: logged(Incident(), answered(150, routes=EXPORT), always=EXPORT),
        first="target-generated-5xx",
    ),
    look_alike(
        CODE,
        "always after thirty seconds, on one route",
        lambda: logged(Incident(), closed(60, (30.0, 30.4), routes=EXPORT), always=EXPORT),
        first="worker-timeout-kill",
    ),
)
