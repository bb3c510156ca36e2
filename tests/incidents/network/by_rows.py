"""Access log rows beside the rules of the network: they confirm a blocked way, or contradict it."""

from diagnostics.facts import SecurityGroup, Target
from tests.incidents.building import LB_SG, PORT, SUBNETS, TARGETS, TASK_SG, Incident, allow_all, allow_from
from tests.incidents.cases import finds, look_alike
from tests.incidents.rows import connect_timeouts, logged, slow


def only_the_check_port_is_open() -> Incident:
    targets = (
        Target(id=ip, port=PORT, zone=SUBNETS[subnet][0], state="healthy", health_check_port="8081")
        for ip, subnet in TARGETS.items()
    )
    return (
        Incident()
        .health_check(port="8081")
        .targets(targets)
        .security_group(
            SecurityGroup(id=TASK_SG, name="checkout", ingress=(allow_from(LB_SG, port=8081),), egress=(allow_all(),))
        )
    )


CASES = (
    finds(
        "sg-traffic-port-blocked",
        "rows show connections that time out on the port that is not open",
        lambda: logged(only_the_check_port_is_open(), connect_timeouts(200, since=20)),
        band="confirmed",
    ),
    look_alike(
        "sg-traffic-port-blocked",
        "counters fit, and rows show that the targets were reached and did not answer",
        lambda: logged(only_the_check_port_is_open(), slow(200, since=20)).connection_errors(3, 20),
        first="target-slow-response",
        risk=True,
    ),
)
