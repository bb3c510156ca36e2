from diagnostics.facts import (
    Container,
    PortBinding,
    PortMapping,
    SecurityGroup,
    Target,
    TargetHealth,
    TaskDefinitions,
)
from tests.incidents.building import LB_SG, TASK_SG, TG, Incident, allow_all, allow_from, change, definition, task
from tests.incidents.cases import finds, look_alike
from tests.incidents.health_check.health_check_path_mismatch import mended

CODE = "health-check-port-mismatch"
OPEN = "all-targets-unhealthy-fail-open"
BROKEN = ("Target.FailedHealthChecks", "Health checks failed")
SILENT = ("Target.Timeout", "Request timed out")


def checks_on(port: str, reason: tuple[str, str] = BROKEN) -> Incident:
    incident = Incident().health_check(port=port)
    port_asked = port if port.isdigit() else "8080"
    targets = incident.known(TargetHealth).by_group[TG]
    incident.targets(target.model_copy(update={"health_check_port": port_asked}) for target in targets)
    return incident.unhealthy(*reason, since=20)


def edited() -> Incident:
    request = {"targetGroupArn": TG, "healthCheckPort": "8081"}
    return checks_on("8081").changed(change("ModifyTargetGroup", minutes_ago=22, resources=(TG,), request=request))


def the_port_was_closed() -> Incident:
    """Targets passed on the unmapped management port until its rule was removed."""
    removed = {
        "groupId": TASK_SG,
        "ipPermissions": {"items": [{"ipProtocol": "tcp", "fromPort": 8081, "toPort": 8081}]},
    }
    gone = change("RevokeSecurityGroupIngress", minutes_ago=21, resources=(TASK_SG,), request=removed)
    return checks_on("8081", SILENT).changed(gone)


def management_port_is_mapped_but_closed() -> Incident:
    container = (
        definition()
        .containers[0]
        .model_copy(update={"port_mappings": (PortMapping(container_port=8080), PortMapping(container_port=8081))})
    )
    return checks_on("8081").definitions(definition(containers=(container,)))


def management_port_is_mapped_and_blocked() -> Incident:
    container = (
        definition()
        .containers[0]
        .model_copy(update={"port_mappings": (PortMapping(container_port=8080), PortMapping(container_port=8081))})
    )
    return checks_on("8081", SILENT).definitions(definition(containers=(container,)))


def bridge_mode_with_a_fixed_check_port() -> Incident:
    """Tasks get host ports of their own choice, the check was written for one of them."""
    incident = Incident().health_check(port="32768").target_group(target_type="instance")
    bound = PortBinding(container_port=8080, host_port=49153)
    tasks = tuple(
        task(n, ip, containers=(Container(name="web", last_status="RUNNING", bindings=(bound,)),))
        for n, ip in enumerate(("10.0.1.21", "10.0.1.22"), 1)
    )
    targets = tuple(
        Target(id=f"i-0a{n}", port=49153, zone="us-east-1a", state="healthy", health_check_port="32768") for n in (1, 2)
    )
    return (
        incident.running(*tasks)
        .definitions(definition(network_mode="bridge"))
        .targets(targets)
        .unhealthy(*BROKEN, targets=("i-0a1", "i-0a2"), since=20)
    )


def nobody_can_connect() -> Incident:
    return (
        checks_on("traffic-port")
        .connection_errors(300, 20)
        .elb_errors(502, 300, 20)
        .of_group("HTTPCode_Target_2XX_Count", 0, 20)
    )


CASES = (
    finds(
        CODE,
        "a port of its own, put back to the traffic port",
        lambda: mended("Health checks failed", "healthCheckPort", ("traffic-port", "9000")),
        summary_says="port 9000 got no connection; over since",
    ),
    look_alike(
        CODE, "it worked until the port was closed", the_port_was_closed, first="sg-ingress-missing", also=(OPEN,)
    ),
    finds(
        CODE, "the check's port was edited to one that the tasks do not open", edited, also=(OPEN,), band="confirmed"
    ),
    finds(
        CODE,
        "it times out because the security group does not know the port either",
        lambda: checks_on("8081", SILENT),
        also=(OPEN,),
        band="confirmed",
    ),
    finds(
        CODE,
        "the port is mapped and nothing listens on it",
        management_port_is_mapped_but_closed,
        also=(OPEN,),
        band="likely",
    ),
    finds(CODE, "bridge mode with a fixed check port", bridge_mode_with_a_fixed_check_port, also=(OPEN,)),
    finds(
        CODE,
        "the task definition may not be read",
        lambda: checks_on("8081").denied(TaskDefinitions, "ecs:DescribeTaskDefinition"),
        also=(OPEN,),
        band="likely",
    ),
    look_alike(
        CODE,
        "the management port is mapped and the security group blocks it",
        management_port_is_mapped_and_blocked,
        first="sg-ingress-missing",
        also=(OPEN,),
    ),
    look_alike(
        CODE,
        "the traffic port itself refuses everybody",
        nobody_can_connect,
        first="port-not-listening",
        also=(OPEN, "insufficient-evidence"),
    ),
    look_alike(
        CODE,
        "a separate management port that works",
        lambda: (
            Incident()
            .health_check(port="8081")
            .security_group(
                SecurityGroup(
                    id=TASK_SG,
                    name="checkout",
                    vpc_id="vpc-01",
                    ingress=(allow_from(LB_SG), allow_from(LB_SG, port=8081)),
                    egress=(allow_all(),),
                )
            )
        ),
        verdict="no_fault_found",
    ),
)
