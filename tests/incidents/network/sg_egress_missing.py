"""The load balancer's own outbound rules."""

from diagnostics.facts import Permission, SecurityGroup
from tests.incidents.building import LB_SG, PORT, TASK_SG, Incident, allow_all, allow_from, change
from tests.incidents.cases import finds, look_alike
from tests.incidents.network.sg_ingress_missing import from_cidrs, silent, task_group

CODE = "sg-egress-missing"
FAIL_OPEN = ("all-targets-unhealthy-fail-open",)


def balancer_group(*egress: Permission) -> SecurityGroup:
    return SecurityGroup(id=LB_SG, name="shop-lb", ingress=(from_cidrs("0.0.0.0/0", port=443),), egress=egress)


def closed_by_a_module() -> Incident:
    return silent(Incident().security_group(balancer_group()))


def open_for_another_port() -> Incident:
    revoke = change("RevokeSecurityGroupEgress", minutes_ago=13, resources=(LB_SG,))
    return silent(Incident().security_group(balancer_group(allow_from(TASK_SG, port=80)))).changed(revoke)


def second_zone_was_forgotten() -> Incident:
    incident = Incident().security_group(balancer_group(from_cidrs("10.0.1.0/24")))
    return silent(incident, targets=["10.0.2.21", "10.0.2.22"])


def open_by_reference() -> Incident:
    return Incident().security_group(balancer_group(allow_from(TASK_SG)))


def closed_for_the_answers_of_the_targets() -> Incident:
    """Answers need no outbound rule: security groups remember the connection."""
    group = SecurityGroup(id=TASK_SG, name="checkout", ingress=(allow_from(LB_SG),))
    return Incident().security_group(group)


def inbound_is_the_fault() -> Incident:
    group = balancer_group(Permission(protocol="6", from_port=PORT, to_port=PORT, cidrs=("10.0.0.0/8",)))
    return silent(Incident().security_group(group).security_group(task_group()))


def unreadable() -> Incident:
    incident = Incident().security_group(balancer_group(Permission(protocol="-1", prefix_list_ids=("pl-1",))))
    return incident.security_group(task_group(allow_all()))


CASES = (
    finds(CODE, "no outbound rule at all", closed_by_a_module, band="confirmed", also=FAIL_OPEN),
    finds(CODE, "outbound for port 80 only", open_for_another_port, band="confirmed", also=FAIL_OPEN),
    finds(CODE, "the second zone was forgotten", second_zone_was_forgotten, summary_says="us-east-1b"),
    look_alike(CODE, "outbound to the targets' group", open_by_reference),
    look_alike(CODE, "targets without outbound rules", closed_for_the_answers_of_the_targets),
    look_alike(CODE, "the inbound side is closed", inbound_is_the_fault, first="sg-ingress-missing", also=FAIL_OPEN),
    look_alike(CODE, "a prefix list that was not read", unreadable),
)
