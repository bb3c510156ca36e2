from tests.incidents.building import Incident
from tests.incidents.cases import finds, look_alike
from tests.incidents.rows import closed, logged

CODE = "response-header-too-large"
TWO = ("203.0.113.7", "203.0.113.9")

CASES = (
    finds(
        CODE,
        "two customers with huge sessions get 502 everywhere, all others are served",
        lambda: logged(Incident(), closed(90, (0.02, 0.08), clients=TWO), always=TWO),
        band="likely",
    ),
    look_alike(
        CODE,
        "two callers inside the company make all the traffic, and get a reset now and then",
        lambda: logged(Incident(), closed(90, (0.001, 0.02), clients=TWO, since=59)),
        first="keepalive-race",
    ),
    look_alike(
        CODE,
        "everybody gets it, on one route",
        lambda: logged(
            Incident(),
            closed(150, (0.02, 0.06), routes=("GET shop.example.com/me",)),
            always=("GET shop.example.com/me",),
        ),
        first="malformed-response",
    ),
)
