from tests.incidents.building import Incident
from tests.incidents.cases import finds, look_alike
from tests.incidents.rows import by_balancer, logged

CODE = "protocol-version-mismatch"
HTTP1 = {"protocol": "https"}

CASES = (
    finds(
        CODE,
        "browsers reach a target group of gRPC",
        lambda: logged(Incident().target_group(protocol_version="GRPC"), by_balancer(900, 464, fields=HTTP1)),
        band="confirmed",
        summary_says="HTTP/2 with POST",
    ),
    finds(
        CODE,
        "gRPC clients reach a target group of HTTP/1",
        lambda: logged(Incident(), by_balancer(200, 464, fields={"protocol": "grpcs"})),
        band="confirmed",
    ),
    look_alike(CODE, "two stray requests", lambda: logged(Incident(), by_balancer(2, 464)), verdict="no_fault_found"),
    look_alike(
        CODE,
        "a target group of gRPC, and nobody is refused",
        lambda: logged(Incident().target_group(protocol_version="GRPC")),
        verdict="no_fault_found",
    ),
)
