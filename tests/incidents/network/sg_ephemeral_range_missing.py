"""Tasks in bridge mode on instances: the instances' group counts, and the host ports change."""

from collections.abc import Sequence

from diagnostics.facts import (
    Container,
    NetworkInterfaces,
    Permission,
    PortBinding,
    PortMapping,
    SecurityGroup,
    Target,
)
from tests.incidents.building import LB_SG, SUBNETS, TASK_SG, Incident, allow_all, allow_from, definition, task
from tests.incidents.cases import finds, look_alike
from tests.incidents.network.sg_ingress_missing import silent, task_group

CODE = "sg-ephemeral-range-missing"
FAIL_OPEN = ("all-targets-unhealthy-fail-open",)
INSTANCES = {"i-0a": ("10.0.1.5", "subnet-0a"), "i-0b": ("10.0.2.5", "subnet-0b")}


def port_range(first: int, last: int) -> Permission:
    return allow_from(LB_SG).model_copy(update={"from_port": first, "to_port": last})


def on_instances(host_ports: Sequence[int] = (32801, 49153), *, fixed: int = 0) -> Incident:
    """Two tasks, one on each instance; `fixed` is the host port of the mapping, 0 leaves it to ECS."""
    incident = Incident().target_group(target_type="instance")
    first = incident.known(NetworkInterfaces).items[0]
    hosts = tuple(
        first.model_copy(
            update={
                "id": f"eni-{instance}",
                "private_ips": (ip,),
                "subnet_id": subnet,
                "instance_id": instance,
                "description": "",
            }
        )
        for instance, (ip, subnet) in INSTANCES.items()
    )
    incident.edit(
        NetworkInterfaces,
        lambda fact: fact.model_copy(
            update={"items": (*hosts, *(item for item in fact.items if item.description.startswith("ELB")))}
        ),
    )
    incident.targets(
        Target(id=instance, port=port, zone=SUBNETS[subnet][0], state="healthy", health_check_port=str(port))
        for (instance, (_, subnet)), port in zip(INSTANCES.items(), host_ports, strict=True)
    )
    incident.running(
        *(
            task(
                number,
                "",
                launch_type="EC2",
                private_ips=(),
                containers=(
                    Container(
                        name="web", last_status="RUNNING", bindings=(PortBinding(container_port=8080, host_port=port),)
                    ),
                ),
            )
            for number, port in enumerate(host_ports, 1)
        )
    )
    mapping = PortMapping(container_port=8080, host_port=fixed)
    container = definition().containers[0].model_copy(update={"port_mappings": (mapping,)})
    incident.definitions(definition(network_mode="bridge", containers=(container,)))
    return incident.service(launch_type="EC2", security_groups=(), subnets=(), desired=2, running=2)


def fixed_port_is_open() -> Incident:
    return silent(on_instances().security_group(task_group(allow_from(LB_SG))), targets=list(INSTANCES))


def range_ends_too_early() -> Incident:
    incident = on_instances().security_group(task_group(port_range(32768, 40000)))
    return silent(incident, targets=["i-0b"])


def range_is_open() -> Incident:
    return on_instances().security_group(task_group(port_range(32768, 65535)))


def fixed_host_port_is_closed() -> Incident:
    incident = on_instances((8080, 8080), fixed=8080).security_group(task_group(allow_from(LB_SG, port=80)))
    return silent(incident, targets=list(INSTANCES))


def nothing_is_open_at_all() -> Incident:
    return silent(on_instances().security_group(task_group(allow_from(TASK_SG))), targets=list(INSTANCES))


def own_interfaces() -> Incident:
    return silent(Incident().security_group(task_group(allow_from(LB_SG, port=80))))


def tasks_have_interfaces_of_their_own_on_the_host() -> Incident:
    """Interfaces that ECS attached to the host for other tasks wear other groups and do not matter."""
    incident = on_instances().security_group(task_group(port_range(32768, 65535)))
    incident.security_group(SecurityGroup(id="sg-other", name="other", egress=(allow_all(),)))
    host = incident.known(NetworkInterfaces).items[0]
    other = host.model_copy(
        update={"id": "eni-other", "security_groups": ("sg-other",), "description": "arn:aws:ecs:x:y:attachment/1"}
    )
    return incident.edit(NetworkInterfaces, lambda fact: fact.model_copy(update={"items": (other, *fact.items)}))


def only_administrators_are_let_in() -> Incident:
    """The load balancer's rule is gone; one for SSH from the whole network is left."""
    ssh = Permission(protocol="tcp", from_port=22, to_port=22, cidrs=("10.0.0.0/8",))
    return silent(on_instances().security_group(task_group(ssh)), targets=list(INSTANCES))


CASES = (
    look_alike(
        CODE,
        "only administrators are let in",
        only_administrators_are_let_in,
        first="sg-ingress-missing",
        also=FAIL_OPEN,
    ),
    finds(CODE, "the container's port is open, the host ports are not", fixed_port_is_open, also=FAIL_OPEN),
    finds(CODE, "the range ends below a host port", range_ends_too_early, band="confirmed", summary_says="49153"),
    look_alike(CODE, "the whole range is open", range_is_open),
    look_alike(CODE, "a fixed host port", fixed_host_port_is_closed, first="sg-ingress-missing", also=FAIL_OPEN),
    look_alike(
        CODE, "the load balancer is not named", nothing_is_open_at_all, first="sg-ingress-missing", also=FAIL_OPEN
    ),
    look_alike(CODE, "tasks with own interfaces", own_interfaces, first="sg-ingress-missing", also=FAIL_OPEN),
    look_alike(CODE, "other tasks' interfaces on the host", tasks_have_interfaces_of_their_own_on_the_host),
)
