from tests.incidents.building import TG, Incident, change
from tests.incidents.cases import finds, look_alike
from tests.incidents.health_check.health_check_path_mismatch import OPEN, mended, sick
from tests.incidents.health_check.health_check_port_mismatch import BROKEN

CODE = "health-check-protocol-mismatch"


def check_was_set_to_https() -> Incident:
    request = {"targetGroupArn": TG, "healthCheckProtocol": "HTTPS"}
    return (
        Incident()
        .health_check(protocol="HTTPS")
        .unhealthy(*BROKEN, since=20)
        .changed(change("ModifyTargetGroup", minutes_ago=22, resources=(TG,), request=request))
    )


CASES = (
    finds(
        CODE,
        "the check spoke HTTPS for a while",
        lambda: mended("Health checks failed", "healthCheckProtocol", ("HTTP", "HTTPS")),
        summary_says="protocol HTTPS got no connection; over since",
    ),
    finds(
        CODE,
        "the check was set to HTTPS, the application speaks HTTP",
        check_was_set_to_https,
        also=(OPEN,),
        band="confirmed",
    ),
    finds(
        CODE,
        "a TLS application answers 400 to plain HTTP checks",
        lambda: sick(400).target_group(protocol="HTTPS"),
        also=(OPEN,),
        band="confirmed",
    ),
    finds(
        CODE,
        "400 on a port that is customary for TLS",
        lambda: sick(400, targets=("10.0.1.21",)).health_check(port="8443"),
        band="possible",
    ),
    look_alike(
        CODE,
        "HTTPS checks and HTTPS traffic that all break",
        lambda: (
            Incident()
            .health_check(protocol="HTTPS")
            .target_group(protocol="HTTPS")
            .unhealthy(*BROKEN, since=20)
            .connection_errors(300, 20)
            .elb_errors(502, 300, 20)
        ),
        first="port-not-listening",
        also=(OPEN, "insufficient-evidence"),
    ),
    look_alike(
        CODE,
        "HTTPS checks against a plain HTTP group that pass, because the port speaks both",
        lambda: Incident().health_check(protocol="HTTPS"),
        verdict="no_fault_found",
    ),
)
