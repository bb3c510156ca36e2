from tests.incidents.building import LB_DIMENSION, TG_DIMENSION, Incident, minutes_of
from tests.incidents.cases import finds, look_alike
from tests.incidents.rows import logged, refused

CODE = "target-tls-handshake-failure"


def over_tls() -> Incident:
    return Incident().target_group(protocol="HTTPS").health_check(protocol="HTTPS")


def tls_errors(incident: Incident, per_minute: float, since: float) -> Incident:
    return incident.metric(
        "TargetTLSNegotiationErrorCount",
        minutes_of(per_minute, since),
        LoadBalancer=LB_DIMENSION,
        TargetGroup=TG_DIMENSION,
    )


CASES = (
    finds(
        CODE,
        "the new image dropped the cipher that the load balancer offers",
        lambda: logged(over_tls(), refused(300, since=20), tls=True),
        band="confirmed",
    ),
    finds(
        CODE,
        "access logs are off, and the counter of handshakes tells",
        lambda: tls_errors(over_tls().elb_errors(502, 30, 20), 30, 20),
        band="likely",
    ),
    finds(
        CODE,
        "targets speak plain HTTP, and the health check fails in the same way",
        lambda: logged(
            over_tls().unhealthy("Target.FailedHealthChecks", "Health checks failed"), refused(300, since=20), tls=True
        ),
        also=("all-targets-unhealthy-fail-open",),
    ),
    look_alike(
        CODE,
        "nothing listens: connections are refused, no handshake is counted",
        lambda: logged(over_tls(), refused(300, since=20)),
        first="port-not-listening",
    ),
    look_alike(
        CODE,
        "the handshake ends in ten seconds of silence",
        lambda: tls_errors(over_tls().elb_errors(504, 30, 20), 30, 20),
        first="target-tls-handshake-timeout",
    ),
    look_alike(CODE, "an expired certificate on the targets, and all is well", over_tls, verdict="no_fault_found"),
)
