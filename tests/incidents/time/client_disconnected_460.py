from tests.incidents.building import Incident
from tests.incidents.cases import finds, look_alike
from tests.incidents.rows import gave_up, logged, slow

CODE = "client-disconnected-460"
SEARCH = ("GET shop.example.com/search",)

CASES = (
    finds(
        CODE,
        "a phone app gives up after ten seconds",
        lambda: logged(Incident(), gave_up(600, (10.0, 10.2))),
        band="likely",
        summary_says="10 s",
    ),
    finds(
        CODE,
        "it gives up on one slow route",
        lambda: logged(Incident(), gave_up(600, (5.0, 5.2), routes=SEARCH)),
        also=("target-slow-response",),
    ),
    finds(
        CODE,
        "people leave after all kinds of times",
        lambda: logged(Incident(), gave_up(900, (0.2, 40.0))),
        band="possible",
    ),
    look_alike(
        CODE,
        "a few people leave, as on every site",
        lambda: logged(Incident(), gave_up(60, 8.0)),
        verdict="no_fault_found",
    ),
    look_alike(
        CODE,
        "the load balancer gives up, not the caller",
        lambda: logged(Incident(), slow(100)),
        first="target-slow-response",
    ),
)
