"""Addresses of load balancers among the targets."""

from diagnostics.facts import NetworkInterfaces, Target, TargetHealth
from tests.incidents.building import NODES, PORT, SUBNETS, TG, Incident
from tests.incidents.cases import finds, look_alike
from tests.incidents.registration.az_not_enabled import ZONE, serves

CODE = "target-ip-unusable"


def node(ip: str = "10.0.1.10") -> Target:
    return Target(
        id=ip,
        port=PORT,
        zone=SUBNETS[NODES[ip]][0],
        state="unused",
        reason="Target.IpUnusable",
        description="The target IP address is in use by a load balancer",
    )


def a_node_was_registered() -> Incident:
    return Incident().edit(
        TargetHealth, lambda fact: fact.model_copy(update={"by_group": {TG: (*fact.by_group[TG], node())}})
    )


def nodes_only() -> Incident:
    incident = Incident().targets(node(ip) for ip in NODES).running().service(desired=0, running=0, load_balancers=())
    return incident.elb_errors(503, 600, 30)


CASES = (
    finds(CODE, "a node of the load balancer itself", a_node_was_registered, band="confirmed"),
    finds(CODE, "nothing but nodes", nodes_only, summary_says="nobody is left"),
    finds(
        CODE,
        "interfaces may not be read",
        lambda: a_node_was_registered().denied(NetworkInterfaces, "ec2:DescribeNetworkInterfaces"),
        band="likely",
    ),
    look_alike(
        CODE,
        "the zone is not served",
        lambda: serves(Incident(), "subnet-0a").health("unused", "Target.NotInUse", ZONE, targets=["10.0.2.21"]),
        first="az-not-enabled",
    ),
    look_alike(CODE, "healthy targets", Incident, verdict="no_fault_found"),
)
