"""Instances and addresses that nobody's ECS service fills: the same faults, told without tasks."""

from diagnostics.facts import (
    ContainerInstances,
    EcsService,
    NetworkAcl,
    NetworkAclEntry,
    NetworkInterfaces,
    RunningTasks,
    SecurityGroup,
    ServiceHistory,
    StoppedTasks,
    TaskDefinitions,
)
from tests.incidents.building import LB_SG, PORT, TARGETS, VPC, Incident, allow_all, allow_from
from tests.incidents.cases import finds, look_alike
from tests.incidents.network.sg_ingress_missing import silent, task_group
from tests.incidents.on_hosts import HOSTS, NO_ECS, addresses, host, on_hosts, plain_instances, with_host
from tests.incidents.rows import answered, connect_timeouts, logged, refused

FAIL_OPEN = ("all-targets-unhealthy-fail-open",)
EVEN = {"i-0a:8080": 0.5, "i-0b:8080": 0.5}
FIRST = addresses(["i-0a"])


def by_address() -> Incident:
    """Targets by address, asked about by their target group."""
    incident = Incident()
    incident.subject = plain_instances().subject
    for kind in (EcsService, ServiceHistory, RunningTasks, StoppedTasks, TaskDefinitions, ContainerInstances):
        incident.facts[kind] = NO_ECS
    return incident


def about_the_balancer(incident: Incident) -> Incident:
    incident.subject = incident.subject.model_copy(update={"kind": "load-balancer"})
    return incident


def one_instance_wears_another_group() -> Incident:
    web = SecurityGroup(id="sg-web", name="web", ingress=(allow_from(LB_SG, port=80),), egress=(allow_all(),))

    def edit(fact: NetworkInterfaces) -> NetworkInterfaces:
        items = tuple(
            item.model_copy(update={"security_groups": ("sg-web",)}) if item.instance_id == "i-0b" else item
            for item in fact.items
        )
        return fact.model_copy(update={"items": items})

    return silent(plain_instances().security_group(web).edit(NetworkInterfaces, edit), targets=["i-0b"])


def acl_before_one_subnet() -> Incident:
    entries = (
        NetworkAclEntry(rule_number=100, egress=True, protocol="-1", allow=True, cidr="0.0.0.0/0"),
        NetworkAclEntry(rule_number=32767, egress=False, protocol="-1", allow=False, cidr="0.0.0.0/0"),
    )
    acl = NetworkAcl(id="acl-09", vpc_id=VPC, is_default=False, subnet_ids=("subnet-0b",), entries=entries)
    return silent(plain_instances().network_acl(acl), targets=["i-0b"])


def refusing(incident: Incident, *targets: str) -> Incident:
    incident.unhealthy("Target.FailedHealthChecks", "Health checks failed", targets=targets)
    return incident.elb_errors(502, 40, 10).connection_errors(40, 10)


def refused_on_the_traffic_port_alone() -> Incident:
    """The health check has a port of its own, and passes."""
    return logged(plain_instances().health_check(port="9000"), refused(120, since=20, targets=FIRST), target_share=EVEN)


def one_silent_host() -> Incident:
    incident = logged(plain_instances(), connect_timeouts(80, since=20, targets=FIRST), target_share=EVEN)
    return incident.elb_errors(504, 6, 20).connection_errors(6, 20)


def one_silent_host_whose_checks_were_not_read() -> Incident:
    return with_host(one_silent_host(), host("i-0a", system_status=None, instance_status=None))


def dynamic_port_of_one_task() -> Incident:
    """Under ECS, on a host port: rows name the address, target health the instance."""
    return logged(on_hosts(), refused(100, since=10, targets=("10.0.1.5:32801",)))


CASES = (
    finds(
        "sg-ingress-missing",
        "the group of plain instances lets nobody in",
        lambda: silent(plain_instances().security_group(task_group()), targets=list(HOSTS)),
        also=FAIL_OPEN,
        band="confirmed",
    ),
    finds(
        "sg-ingress-missing",
        "the same, asked about the load balancer",
        lambda: about_the_balancer(silent(plain_instances().security_group(task_group()), targets=list(HOSTS))),
        also=FAIL_OPEN,
        band="confirmed",
    ),
    finds("sg-ingress-missing", "one of two instances wears another group", one_instance_wears_another_group),
    finds("nacl-blocked", "an ACL before the subnet of one instance", acl_before_one_subnet, band="confirmed"),
    finds(
        "port-not-listening",
        "the server on one instance stopped",
        lambda: refusing(plain_instances(), "i-0b"),
        summary_says="although their hosts answer",
    ),
    finds(
        "port-not-listening",
        "the server behind one address stopped",
        lambda: refusing(by_address(), next(iter(TARGETS))),
        summary_says=f"10.0.1.21:{PORT}",
    ),
    finds(
        "port-not-listening",
        "rows of an instance whose health check has another port",
        refused_on_the_traffic_port_alone,
        summary_says="i-0a:8080",
    ),
    finds(
        "port-not-listening",
        "rows of one dynamic host port",
        dynamic_port_of_one_task,
        summary_says="i-0a:32801",
    ),
    finds(
        "no-registered-targets",
        "no instance is registered",
        lambda: plain_instances().targets(()).elb_errors(503, 300, 20),
    ),
    finds("connect-timeout-unattributed", "one silent host", one_silent_host, band="likely", summary_says="i-0a:8080"),
    finds(
        "connect-timeout-unattributed",
        "one silent host whose status checks were not read",
        one_silent_host_whose_checks_were_not_read,
        band="possible",
    ),
    look_alike(
        "port-not-listening",
        "plain instances answer errors themselves",
        lambda: logged(plain_instances(), answered(200, 500, targets=addresses(HOSTS))),
        first="target-generated-5xx",
    ),
    look_alike("container-instance-lost", "well instances", plain_instances, verdict="no_fault_found"),
)
