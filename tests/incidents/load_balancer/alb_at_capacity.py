"""The load balancer has no room for more connections."""

from dataclasses import replace

from diagnostics.facts import LoadBalancers, Subnets
from tests.incidents.building import LB_DIMENSION, Incident, minutes_of
from tests.incidents.cases import finds, look_alike

CODE = "alb-at-capacity"


def refusing(since: float = 15) -> Incident:
    return Incident().of_balancer("RejectedConnectionCount", 40, since)


def in_state(incident: Incident, state: str, reason: str = "") -> Incident:
    def edit(fact: LoadBalancers) -> LoadBalancers:
        items = tuple(item.model_copy(update={"state": state, "state_reason": reason}) for item in fact.items)
        return fact.model_copy(update={"items": items})

    return incident.edit(LoadBalancers, edit)


def without_addresses(incident: Incident, left: int = 2) -> Incident:
    def edit(fact: Subnets) -> Subnets:
        by_id = {name: subnet.model_copy(update={"available_ips": left}) for name, subnet in fact.by_id.items()}
        return fact.model_copy(update={"by_id": by_id})

    return incident.edit(Subnets, edit)


CASES = (
    finds(CODE, "connections are refused at the limit", refusing, band="likely", summary_says="600"),
    finds(
        CODE,
        "it cannot grow, because its subnets are full",
        lambda: in_state(without_addresses(refusing()), "active_impaired"),
        band="confirmed",
        summary_says="no addresses",
    ),
    finds(CODE, "refused connections and 503 come together", lambda: refusing().elb_errors(503, 50, 14)),
    finds(
        CODE,
        "load balancer and subnets may not be read",
        lambda: (
            refusing()
            .denied(LoadBalancers, "elasticloadbalancing:DescribeLoadBalancers")
            .denied(Subnets, "ec2:DescribeSubnets")
        ),
        band="likely",
    ),
    look_alike(
        CODE,
        "callers fail their TLS handshake",
        lambda: Incident().metric("ClientTLSNegotiationErrorCount", minutes_of(40, 15), LoadBalancer=LB_DIMENSION),
        verdict="no_fault_found",
    ),
    look_alike(CODE, "full subnets, and no connection refused", lambda: without_addresses(Incident()), risk=True),
    look_alike(CODE, "503 before the first refused connection", lambda: refusing(5).elb_errors(503, 50, 40)),
)
CASES = (*CASES[:-1], replace(CASES[-1], kind="finds", also=("insufficient-evidence",)))
