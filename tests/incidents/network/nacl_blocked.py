"""Network ACLs: numbered, stateless, one for each subnet."""

from diagnostics.facts import NetworkAcl, NetworkAclEntry, NetworkAcls, NetworkInterfaces, Subnets
from tests.incidents.building import VPC, Incident, allow_all_entries, change
from tests.incidents.cases import finds, look_alike
from tests.incidents.network.sg_ingress_missing import silent, task_group

CODE = "nacl-blocked"
FAIL_OPEN = ("all-targets-unhealthy-fail-open",)
SECOND_ZONE = ["10.0.2.21", "10.0.2.22"]


def entry(
    number: int, allow: bool, cidr: str, first: int | None = None, last: int | None = None, *, egress: bool = False
) -> NetworkAclEntry:
    protocol = "-1" if first is None else "6"
    return NetworkAclEntry(
        rule_number=number,
        egress=egress,
        protocol=protocol,
        allow=allow,
        cidr=cidr,
        from_port=first,
        to_port=last if last is not None else first,
    )


def acl(*entries: NetworkAclEntry, subnets: tuple[str, ...] = ("subnet-0b",)) -> NetworkAcl:
    return NetworkAcl(id="acl-0b", vpc_id=VPC, is_default=False, subnet_ids=subnets, entries=entries)


OUT = tuple(item for item in allow_all_entries() if item.egress)
IN = tuple(item for item in allow_all_entries() if not item.egress)


def one_zone(incident: Incident) -> Incident:
    """Nodes of the first zone cannot reach targets of the second; those in the same subnet can."""
    return incident.elb_errors(504, 150, 12).connection_errors(150, 12)


def deny_before_allow() -> Incident:
    incident = silent(Incident(), SECOND_ZONE).network_acl(acl(entry(90, False, "10.0.1.0/24"), *IN, *OUT))
    return incident.changed(change("CreateNetworkAclEntry", minutes_ago=13, resources=("acl-0b",)))


def private(incident: Incident) -> Incident:
    """Targets in subnets of their own, as usual; those of the load balancer have the default ACL."""
    own = {"subnet-0a": "subnet-1a", "subnet-0b": "subnet-1b"}

    def move(fact: NetworkInterfaces) -> NetworkInterfaces:
        items = tuple(
            item if item.description.startswith("ELB") else item.model_copy(update={"subnet_id": own[item.subnet_id]})
            for item in fact.items
        )
        return fact.model_copy(update={"items": items})

    subnets = {
        own[old]: subnet.model_copy(update={"id": own[old], "cidr": f"10.0.1{number}.0/24"})
        for number, (old, subnet) in enumerate(incident.known(Subnets).by_id.items(), 1)
    }
    incident.edit(Subnets, lambda fact: fact.model_copy(update={"by_id": {**fact.by_id, **subnets}}))
    incident.edit(NetworkInterfaces, move)
    return incident.network_acl(acl(*IN, *OUT, subnets=("subnet-1a", "subnet-1b")))


def return_ports_forgotten() -> Incident:
    out = entry(100, True, "0.0.0.0/0", 443, egress=True)
    return silent(private(Incident()), SECOND_ZONE).network_acl(acl(*IN, out, subnets=("subnet-1b",)))


def every_subnet() -> Incident:
    """One ACL before all of the targets' subnets lets requests in and no answer out."""
    closed = acl(*IN, entry(100, True, "0.0.0.0/0", 80, egress=True), subnets=("subnet-1a", "subnet-1b"))
    return silent(private(Incident())).network_acl(closed)


def half_of_the_return_ports() -> Incident:
    """Written for Linux clients: answers to ports below 32768 are lost."""
    out = entry(100, True, "0.0.0.0/0", 32768, 65535, egress=True)
    incident = private(Incident()).network_acl(acl(*IN, out, subnets=("subnet-1a", "subnet-1b")))
    return incident.elb_errors(504, 250, 12).connection_errors(250, 12)


def return_ports_only() -> Incident:
    """The usual careful ACL: the port in, the return ports out."""
    entries = (entry(100, True, "10.0.0.0/16", 8080), entry(100, True, "10.0.0.0/16", 1024, 65535, egress=True))
    return private(Incident()).network_acl(acl(*entries, subnets=("subnet-1a", "subnet-1b")))


def acls_denied() -> Incident:
    return silent(Incident(), SECOND_ZONE).denied(NetworkAcls, "ec2:DescribeNetworkAcls")


def only_between_the_zones() -> Incident:
    return one_zone(Incident()).network_acl(acl(entry(90, False, "10.0.1.0/24"), *IN, *OUT))


def deny_after_allow() -> Incident:
    return Incident().network_acl(acl(entry(200, False, "10.0.0.0/8"), *IN, *OUT))


def deny_of_somebody_else() -> Incident:
    return Incident().network_acl(acl(entry(90, False, "192.0.2.0/24"), *IN, *OUT))


def deny_of_remote_desktop() -> Incident:
    """A hardening rule inside the return range costs one port in sixty thousand."""
    return Incident().network_acl(acl(entry(90, False, "0.0.0.0/0", 3389), *IN, *OUT))


def group_is_the_fault() -> Incident:
    return silent(Incident().security_group(task_group()))


def no_effect_yet() -> Incident:
    return Incident().network_acl(acl(entry(90, False, "10.0.1.0/24"), *IN, *OUT))


CASES = (
    finds(CODE, "a deny with a low number in one zone", deny_before_allow, band="confirmed", summary_says="acl-0b"),
    finds(CODE, "the return ports were forgotten", return_ports_forgotten, summary_says="1024-65535"),
    finds(CODE, "one ACL before all subnets", every_subnet, band="confirmed", also=FAIL_OPEN),
    finds(CODE, "half of the return ports are closed", half_of_the_return_ports, summary_says="1024-32767"),
    finds(CODE, "healthy from one zone, cut off from the other", only_between_the_zones),
    look_alike(CODE, "port in and return ports out", return_ports_only),
    look_alike(CODE, "ACLs were not read", acls_denied, first="insufficient-evidence"),
    look_alike(CODE, "the deny comes after the allow", deny_after_allow),
    look_alike(CODE, "the deny is for another network", deny_of_somebody_else),
    look_alike(CODE, "remote desktop is denied", deny_of_remote_desktop),
    look_alike(CODE, "the security group is closed", group_is_the_fault, first="sg-ingress-missing", also=FAIL_OPEN),
    look_alike(CODE, "nobody was hurt yet", no_effect_yet, risk=True),
)
