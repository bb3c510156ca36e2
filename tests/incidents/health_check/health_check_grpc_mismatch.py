from diagnostics.facts import HealthCheckLogs, HealthCheckRow, TargetGroups
from tests.incidents.building import NOW, TG, Incident, ago, change
from tests.incidents.cases import finds, look_alike
from tests.incidents.health_check.health_check_path_mismatch import OPEN, sick
from tests.incidents.loading import Wrote, wrote

CODE = "health-check-grpc-mismatch"


def grpc(*statuses: int, matcher: str = "12", path: str = "/AWS.ALB/healthcheck") -> Incident:
    codes = ",".join(str(status) for status in statuses)
    return (
        Incident()
        .target_group(protocol_version="GRPC")
        .health_check(path=path, matcher=None, grpc_matcher=matcher)
        .unhealthy("Target.ResponseCodeMismatch", f"Health checks failed with these codes: [{codes}]", since=20)
    )


def logged_checks(incident: Incident) -> Incident:
    row = HealthCheckRow(
        at=ago(3), target="10.0.1.21:8080", target_group="checkout", status_code="12", reason="GRPCUnexpectedStatus"
    )
    return incident.replace(
        HealthCheckLogs(covered_from=ago(60), covered_to=NOW, passed=0, failed=(row,), failed_total=1)
    )


def path_was_edited() -> Incident:
    request = {"targetGroupArn": TG, "healthCheckPath": "/shop.Checkout/Ping"}
    edited = change("ModifyTargetGroup", minutes_ago=22, resources=(TG,), request=request)
    return grpc(14, matcher="0", path="/shop.Checkout/Ping").changed(edited)


CASES = (
    finds(
        CODE,
        "the service registers no such method",
        lambda: grpc(12, matcher="0", path="/shop.Health/Check"),
        also=(OPEN,),
        band="confirmed",
        summary_says="UNIMPLEMENTED",
    ),
    finds(
        CODE,
        "the service answers OK and the matcher is the default 12",
        lambda: grpc(0),
        also=(OPEN,),
        band="confirmed",
    ),
    finds(
        CODE,
        "the health check log names the unexpected status",
        lambda: logged_checks(grpc(12, matcher="0", path="/grpc.health.v1.Health/Check")),
        also=(OPEN,),
        band="confirmed",
    ),
    finds(CODE, "the method was edited before", path_was_edited, also=(OPEN,)),
    finds(CODE, "a web page answers instead of the service", lambda: grpc(404, matcher="0"), also=(OPEN,)),
    look_alike(CODE, "a group that speaks HTTP", lambda: sick(404), first="health-check-path-mismatch", also=(OPEN,)),
    look_alike(
        CODE,
        "the service says that it is not well",
        lambda: grpc(14, matcher="0"),
        first="health-check-app-error",
        also=(OPEN,),
    ),
    look_alike(
        CODE,
        "the service is not well because of its database",
        lambda: wrote(grpc(14, matcher="0"), Wrote("dependency-unreachable", 200, since=21)),
        first="health-check-dependency-failure",
        also=(OPEN,),
    ),
    look_alike(
        CODE,
        "target groups may not be read",
        lambda: grpc(12, matcher="0").denied(TargetGroups, "elasticloadbalancing:DescribeTargetGroups"),
        first="insufficient-evidence",
        also=(OPEN,),
    ),
)
