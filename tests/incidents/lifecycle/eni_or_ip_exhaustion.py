"""Subnets without addresses, hosts without interfaces, and few addresses that do no harm."""

from diagnostics.facts import Subnets
from tests.incidents.building import Incident, stopped_task
from tests.incidents.cases import finds, look_alike

CODE = "eni-or-ip-exhaustion"
PROVISIONING = "Timeout waiting for network interface provisioning to complete."
NO_ADDRESS = (
    "Unexpected EC2 error while attempting to Create Network Interface with public IP assignment disabled in subnet"
    " 'subnet-0a': InsufficientFreeAddressesInSubnet"
)
NO_SLOT = (
    "was unable to place a task because no container instance met all of its requirements. The closest matching"
    " (container-instance 0123456789abcdef) encountered error RESOURCE:ENI."
)


def free(incident: Incident, number: int) -> Incident:
    def edit(fact: Subnets) -> Subnets:
        by_id = {key: subnet.model_copy(update={"available_ips": number}) for key, subnet in fact.by_id.items()}
        return fact.model_copy(update={"by_id": by_id})

    return incident.edit(Subnets, edit)


def never_started(reason: str, addresses: int, running: int = 2) -> Incident:
    incident = free(Incident(), addresses).service(running=running, pending=0)
    return incident.stopped(
        *(
            stopped_task(n, minutes_ago=5 + n, stop_code="TaskFailedToStart", stopped_reason=reason, ran_minutes=1)
            for n in (1, 2)
        )
    )


def nothing_runs() -> Incident:
    return never_started(NO_ADDRESS, 0, running=0).targets(()).running().elb_errors(503, 500, 20)


CASES = (
    finds(
        CODE, "the subnets are full", lambda: never_started(NO_ADDRESS, 0), band="confirmed", summary_says="subnet-0a"
    ),
    finds(CODE, "provisioning times out in full subnets", lambda: never_started(PROVISIONING, 1), band="confirmed"),
    finds(CODE, "nothing runs", nothing_runs, also=("no-registered-targets",)),
    finds(
        CODE,
        "instances have no slot for an interface",
        lambda: Incident().service(running=2, pending=0).event(NO_SLOT, 6),
        summary_says="no network interface is left",
    ),
    finds(
        CODE,
        "provisioning times out although there is room",
        lambda: never_started(PROVISIONING, 200),
        band="possible",
    ),
    finds(
        CODE,
        "subnets may not be read",
        lambda: never_started(NO_ADDRESS, 0).denied(Subnets, "ec2:DescribeSubnets"),
        band="likely",
    ),
    look_alike(CODE, "few addresses, and tasks start", lambda: free(Incident(), 1), risk=True),
    look_alike(CODE, "few addresses are enough", lambda: free(Incident(), 6), verdict="no_fault_found"),
    finds(CODE, "it happened and was overcome", lambda: never_started(NO_ADDRESS, 200, running=4)),
    look_alike(
        CODE,
        "instances had no slot for a moment",
        lambda: Incident().event(NO_SLOT, 26),
        verdict="no_fault_found",
    ),
)
