"""The targets' security group and the load balancer."""

from diagnostics.facts import (
    Change,
    GroupReference,
    NetworkAclEntry,
    NetworkAcls,
    NetworkInterfaces,
    Permission,
    SecurityGroup,
    SecurityGroups,
    TargetHealth,
)
from tests.incidents.building import (
    LB_SG,
    NODES,
    PORT,
    TARGETS,
    TASK_SG,
    TG,
    Incident,
    allow_all,
    allow_from,
    change,
    definition,
)
from tests.incidents.cases import finds, look_alike

CODE = "sg-ingress-missing"


def task_group(*ingress: Permission) -> SecurityGroup:
    return SecurityGroup(id=TASK_SG, name="checkout", vpc_id="vpc-01", ingress=ingress, egress=(allow_all(),))


def from_cidrs(*cidrs: str, port: int = PORT) -> Permission:
    return Permission(protocol="tcp", from_port=port, to_port=port, cidrs=cidrs)


def silent(incident: Incident, targets: list[str] | None = None) -> Incident:
    """Health checks and requests time out; the answers of before stop."""
    incident.unhealthy("Target.Timeout", "Request timed out", targets=targets, since=10)
    incident.elb_errors(504, 300, 12).connection_errors(300, 12)
    return incident.of_group("HTTPCode_Target_2XX_Count", 600, 180, 12)


def revoked(minutes_ago: float, port: int = PORT, **changes: object) -> Change:
    request = {
        "groupId": TASK_SG,
        "ipPermissions": {
            "items": [
                {
                    "ipProtocol": "tcp",
                    "fromPort": port,
                    "toPort": port,
                    "groups": {"items": [{"groupId": LB_SG}]},
                }
            ]
        },
    }
    return change(
        "RevokeSecurityGroupIngress", minutes_ago=minutes_ago, resources=(TASK_SG,), **{"request": request, **changes}
    )


def rule_revoked() -> Incident:
    return silent(Incident().security_group(task_group())).changed(revoked(13))


def another_port_is_open() -> Incident:
    return silent(Incident().security_group(task_group(allow_from(LB_SG, port=80))))


def bastion_may_and_the_balancer_may_not() -> Incident:
    """The rule for the load balancer went; the one for the bastion on the same port stayed."""
    return silent(Incident().security_group(task_group(allow_from("sg-bastion")))).changed(revoked(13))


def new_service_never_opened() -> Incident:
    incident = Incident().security_group(task_group(allow_from(TASK_SG)))
    return incident.unhealthy("Target.Timeout", "Request timed out", since=50)


def one_of_two_groups_of_targets() -> Incident:
    """Two tasks still wear an old group that lets nobody in."""
    incident = Incident().security_group(SecurityGroup(id="sg-old", name="old", egress=(allow_all(),)))

    def wear(fact: NetworkInterfaces) -> NetworkInterfaces:
        old = set(list(TARGETS)[2:])
        items = tuple(
            item.model_copy(update={"security_groups": ("sg-old",)}) if old & set(item.private_ips) else item
            for item in fact.items
        )
        return fact.model_copy(update={"items": items})

    return silent(incident.edit(NetworkInterfaces, wear), targets=list(TARGETS)[2:])


def node_addresses_of_yesterday() -> Incident:
    return silent(Incident().security_group(task_group(from_cidrs("10.0.1.77/32", "10.0.2.78/32"))))


def deleted_peering() -> Incident:
    reference = GroupReference(group_id=LB_SG, account="444455556666", peering_status="deleted")
    rule = Permission(protocol="tcp", from_port=PORT, to_port=PORT, groups=(reference,))
    return silent(Incident().security_group(task_group(rule)))


def rules_denied_but_the_removal_was_recorded() -> Incident:
    return silent(Incident().denied(SecurityGroups, "ec2:DescribeSecurityGroups")).changed(revoked(13))


def still_tracked_while_new_connections_fail() -> Incident:
    """The rule went half a minute ago: users already wait, the health checks have not noticed."""
    incident = Incident().security_group(task_group()).changed(revoked(0.5))
    return incident.elb_errors(504, 100, 1).connection_errors(100, 1)


def of_a_shared_load_balancer() -> Incident:
    return silent(Incident().shared_with_search().security_group(task_group())).changed(revoked(13))


def over_ipv6(*ingress: Permission) -> Incident:
    """The same service with IPv6 targets behind a dualstack load balancer."""
    incident = Incident().security_group(task_group(*ingress))
    address = {ip: f"2001:db8:{number}::21" for number, ip in enumerate(TARGETS, 1)}

    def move(fact: NetworkInterfaces) -> NetworkInterfaces:
        items = tuple(
            item.model_copy(
                update={"ipv6_addresses": tuple(address.get(ip, f"2001:db8:ff::{n}") for ip in item.private_ips)}
            )
            for n, item in enumerate(fact.items, 1)
        )
        return fact.model_copy(update={"items": items})

    def rename(fact: TargetHealth) -> TargetHealth:
        targets = tuple(target.model_copy(update={"id": address[target.id]}) for target in fact.by_group[TG])
        return fact.model_copy(update={"by_group": {TG: targets}})

    def allow_ipv6(fact: NetworkAcls) -> NetworkAcls:
        more = tuple(
            NetworkAclEntry(rule_number=101, egress=egress, protocol="-1", allow=True, ipv6_cidr="::/0")
            for egress in (False, True)
        )
        items = tuple(acl.model_copy(update={"entries": (*acl.entries, *more)}) for acl in fact.items)
        return fact.model_copy(update={"items": items})

    incident.edit(NetworkAcls, allow_ipv6).edit(NetworkInterfaces, move).edit(TargetHealth, rename)
    wide_open = Permission(protocol="-1", cidrs=("0.0.0.0/0",), ipv6_cidrs=("::/0",))
    return incident.security_group(SecurityGroup(id=LB_SG, name="shop-lb", egress=(wide_open,)))


def ipv4_range_for_ipv6_targets() -> Incident:
    incident = over_ipv6(from_cidrs("10.0.0.0/8"))
    return silent(incident, [target.id for target in incident.known(TargetHealth).by_group[TG]])


def ipv6_range_for_ipv6_targets() -> Incident:
    return over_ipv6(Permission(protocol="tcp", from_port=PORT, to_port=PORT, ipv6_cidrs=("2001:db8::/32",)))


def slow_health_check() -> Incident:
    return Incident().unhealthy("Target.Timeout", "Request timed out", targets=list(TARGETS)[:2])


def healthy_although_a_rule_seems_missing() -> Incident:
    """What was read says blocked and every target answers: what was read is not the whole truth."""
    return Incident().security_group(task_group())


def admitted_by_subnet_range() -> Incident:
    return Incident().security_group(task_group(from_cidrs("10.0.0.0/22")))


def admitted_by_todays_addresses() -> Incident:
    return Incident().security_group(task_group(from_cidrs(*(f"{node}/32" for node in NODES))))


def admitted_by_a_prefix_list_that_was_not_read() -> Incident:
    rule = Permission(protocol="tcp", from_port=PORT, to_port=PORT, prefix_list_ids=("pl-1",))
    return slow_health_check().security_group(task_group(rule))


def rules_denied_and_nothing_recorded() -> Incident:
    return silent(Incident().denied(SecurityGroups, "ec2:DescribeSecurityGroups"))


def removed_after_the_errors_began() -> Incident:
    """Somebody tidied up rules while looking for the reason."""
    incident = silent(Incident().denied(SecurityGroups, "ec2:DescribeSecurityGroups"))
    return incident.changed(revoked(3))


def removal_was_refused() -> Incident:
    incident = silent(Incident().denied(SecurityGroups, "ec2:DescribeSecurityGroups"))
    return incident.changed(revoked(13, error="Client.UnauthorizedOperation"))


def removal_of_another_port() -> Incident:
    incident = silent(Incident().denied(SecurityGroups, "ec2:DescribeSecurityGroups"))
    return incident.changed(revoked(13, port=22))


def connections_are_refused() -> Incident:
    """A refusal comes back through open doors only."""
    incident = Incident().security_group(task_group())
    incident.unhealthy("Target.FailedHealthChecks", "Health checks failed").elb_errors(502, 300, 12)
    incident.of_group("HTTPCode_Target_2XX_Count", 600, 180, 12)
    return incident.connection_errors(300, 12).definitions(definition())


CASES = (
    finds(
        CODE,
        "somebody revoked the rule, all targets time out",
        rule_revoked,
        band="confirmed",
        also=("all-targets-unhealthy-fail-open",),
        summary_says="all 4 targets",
    ),
    finds(CODE, "the group opens port 80 only", another_port_is_open, also=("all-targets-unhealthy-fail-open",)),
    finds(
        CODE,
        "the bastion's rule stayed, the load balancer's went",
        bastion_may_and_the_balancer_may_not,
        also=("all-targets-unhealthy-fail-open",),
    ),
    finds(
        CODE,
        "a new service whose group only admits itself",
        new_service_never_opened,
        band="confirmed",
        also=("all-targets-unhealthy-fail-open",),
    ),
    finds(CODE, "two of four targets wear another group", one_of_two_groups_of_targets, summary_says="2 of 4"),
    finds(
        CODE,
        "rules list node addresses that are gone",
        node_addresses_of_yesterday,
        also=("all-targets-unhealthy-fail-open",),
    ),
    finds(CODE, "the peering is gone", deleted_peering, also=("all-targets-unhealthy-fail-open",)),
    finds(
        CODE,
        "rules unreadable, the removal recorded",
        rules_denied_but_the_removal_was_recorded,
        band="likely",
        also=("all-targets-unhealthy-fail-open",),
    ),
    finds(CODE, "the health checks have not noticed yet", still_tracked_while_new_connections_fail),
    finds(
        CODE,
        "one sick service on a shared load balancer",
        of_a_shared_load_balancer,
        band="confirmed",
        also=("all-targets-unhealthy-fail-open",),
    ),
    finds(
        CODE,
        "the range is for IPv4 and the targets are not",
        ipv4_range_for_ipv6_targets,
        also=("all-targets-unhealthy-fail-open",),
    ),
    look_alike(CODE, "a range for IPv6", ipv6_range_for_ipv6_targets),
    look_alike(CODE, "time-outs with open rules", slow_health_check, first="health-check-timeout-too-short"),
    look_alike(CODE, "targets are healthy all the same", healthy_although_a_rule_seems_missing),
    look_alike(CODE, "admitted by a range instead of a group", admitted_by_subnet_range),
    look_alike(CODE, "admitted by today's node addresses", admitted_by_todays_addresses, risk=True),
    look_alike(
        CODE,
        "a prefix list that was not read",
        admitted_by_a_prefix_list_that_was_not_read,
        first="health-check-timeout-too-short",
    ),
    look_alike(
        CODE,
        "rules unreadable, nothing recorded",
        rules_denied_and_nothing_recorded,
        first="insufficient-evidence",
        also=("all-targets-unhealthy-fail-open",),
    ),
    look_alike(
        CODE,
        "rules removed after the errors began",
        removed_after_the_errors_began,
        first="insufficient-evidence",
        also=("all-targets-unhealthy-fail-open",),
    ),
    look_alike(
        CODE,
        "the removal was refused",
        removal_was_refused,
        first="insufficient-evidence",
        also=("all-targets-unhealthy-fail-open",),
    ),
    look_alike(
        CODE,
        "the rule for port 22 was removed",
        removal_of_another_port,
        first="insufficient-evidence",
        also=("all-targets-unhealthy-fail-open",),
    ),
    look_alike(
        CODE,
        "connections are refused, not dropped",
        connections_are_refused,
        first="port-not-listening",
        also=("all-targets-unhealthy-fail-open",),
    ),
)
