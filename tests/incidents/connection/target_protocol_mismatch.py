from diagnostics.facts import Target
from tests.incidents.building import SUBNETS, TARGETS, Incident
from tests.incidents.cases import finds, look_alike
from tests.incidents.rows import closed, logged

CODE = "target-protocol-mismatch"


def on_port(port: int) -> Incident:
    return (
        Incident()
        .targets(
            Target(id=ip, port=port, zone=SUBNETS[subnet][0], state="healthy", health_check_port="8081")
            for ip, subnet in TARGETS.items()
        )
        .health_check(port="8081")
    )


def everything_closes(incident: Incident, port: int = 8080) -> Incident:
    return logged(
        incident,
        closed(6000, (0.001, 0.01), since=59, targets=[f"{ip}:{port}" for ip in TARGETS]),
        per_minute=1,
        sample=500,
    )


CASES = (
    finds(
        CODE,
        "the application speaks TLS on 8443 and the target group plain HTTP; its health port is another one",
        lambda: everything_closes(on_port(8443), 8443),
        band="confirmed",
    ),
    finds(CODE, "the same on a port that tells nothing", lambda: everything_closes(Incident()), band="likely"),
    look_alike(
        CODE,
        "one request in a hundred is closed at once",
        lambda: logged(Incident(), closed(360, (0.001, 0.01), since=59)),
        first="keepalive-race",
    ),
    look_alike(
        CODE,
        "one route fails every time, the others answer",
        lambda: logged(
            Incident(),
            closed(500, (0.001, 0.01), routes=("GET shop.example.com/x",)),
            always=("GET shop.example.com/x",),
        ),
        first="malformed-response",
    ),
)
