"""Health checks on a port of their own."""

from diagnostics.facts import TargetHealth
from tests.incidents.building import LB_SG, PORT, TASK_SG, TG, Incident, allow_from, definition
from tests.incidents.cases import finds, look_alike
from tests.incidents.network.sg_ingress_missing import revoked, silent, task_group

CODE = "sg-traffic-port-blocked"


def checks_on(incident: Incident, port: int) -> Incident:
    now = incident.known(TargetHealth).by_group[TG]
    incident.targets(target.model_copy(update={"health_check_port": str(port)}) for target in now)
    mappings = definition().containers[0].port_mappings
    extra = mappings[0].model_copy(update={"container_port": port, "host_port": port})
    container = definition().containers[0].model_copy(update={"port_mappings": (*mappings, extra)})
    return incident.health_check(port=str(port)).definitions(definition(containers=(container,)))


def management_port_only() -> Incident:
    incident = checks_on(Incident(), 9000).security_group(task_group(allow_from(LB_SG, port=9000)))
    incident.elb_errors(504, 600, 12).connection_errors(600, 12)
    return incident.of_group("HTTPCode_Target_2XX_Count", 600, 180, 12)


def after_a_removal() -> Incident:
    return management_port_only().changed(revoked(13))


def both_are_open() -> Incident:
    return checks_on(Incident(), 9000).security_group(task_group(allow_from(LB_SG, port=9000), allow_from(LB_SG)))


def no_traffic_yet() -> Incident:
    return checks_on(Incident(), 9000).security_group(task_group(allow_from(LB_SG, port=9000)))


def same_port() -> Incident:
    return silent(Incident().security_group(task_group(allow_from(LB_SG, port=9000))))


def both_are_closed() -> Incident:
    return silent(checks_on(Incident(), 9000).security_group(task_group(allow_from(TASK_SG, port=PORT))))


CASES = (
    finds(CODE, "only the management port is open", management_port_only, band="confirmed", summary_says="9000"),
    finds(CODE, "the rule for requests was revoked", after_a_removal, band="confirmed"),
    look_alike(CODE, "both ports are open", both_are_open),
    look_alike(CODE, "nobody asked yet", no_traffic_yet, risk=True),
    look_alike(
        CODE,
        "one port for both",
        same_port,
        first="sg-ingress-missing",
        also=("all-targets-unhealthy-fail-open",),
    ),
    look_alike(
        CODE,
        "both ports are closed",
        both_are_closed,
        first="sg-ingress-missing",
        also=("all-targets-unhealthy-fail-open",),
    ),
)
