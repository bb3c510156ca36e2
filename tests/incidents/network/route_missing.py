"""Targets in another network: a peered VPC, a data centre."""

from collections.abc import Iterable

from diagnostics.facts import (
    NetworkInterfaces,
    RouteTable,
    RouteTables,
    RunningTasks,
    SecurityGroup,
    Subnet,
    Subnets,
    TableRoute,
    Target,
)
from tests.incidents.building import PORT, VPC, Incident, allow_all, change
from tests.incidents.cases import finds, look_alike
from tests.incidents.rows import connect_timeouts, logged

CODE = "route-missing"
FAIL_OPEN = ("all-targets-unhealthy-fail-open",)
THERE = ("10.9.0.4", "10.9.0.5")
LOCAL = TableRoute(destination="10.0.0.0/16", via="local")
INTERNET = TableRoute(destination="0.0.0.0/0", via="igw-01")
PEERING = TableRoute(destination="10.9.0.0/16", via="pcx-01")
BACK = TableRoute(destination="10.0.0.0/16", via="pcx-01")


def table(number: int, *routes: TableRoute, subnets: Iterable[str] = (), **changes: object) -> RouteTable:
    base = RouteTable(id=f"rtb-0{number}", vpc_id=VPC, subnet_ids=tuple(subnets), routes=(LOCAL, *routes))
    return base.model_copy(update=changes)


def elsewhere(*tables: RouteTable, ips: Iterable[str] = THERE) -> Incident:
    """Targets of another network by address, healthy; no ECS."""
    incident = Incident().service(load_balancers=())
    incident.not_applicable(RunningTasks, "no ECS service")
    nodes = [i for i in incident.known(NetworkInterfaces).items if i.description.startswith("ELB")]
    incident.edit(NetworkInterfaces, lambda fact: fact.model_copy(update={"items": tuple(nodes)}))
    incident.targets(Target(id=ip, port=PORT, zone="all", state="healthy", health_check_port=str(PORT)) for ip in ips)
    return incident.replace(RouteTables(items=tables))


def both(*routes: TableRoute) -> RouteTable:
    return table(1, *routes, subnets=("subnet-0a", "subnet-0b"))


def silent(incident: Incident) -> Incident:
    incident.unhealthy("Target.Timeout", "Request timed out", targets=THERE, since=25)
    return incident.elb_errors(504, 300, 25).connection_errors(300, 25)


def peering_was_deleted() -> Incident:
    return silent(elsewhere(both(INTERNET, PEERING.model_copy(update={"state": "blackhole"}))))


def route_was_deleted() -> Incident:
    return silent(elsewhere(both(INTERNET))).changed(change("DeleteRoute", minutes_ago=26, resources=("rtb-01",)))


def main_table_has_no_route() -> Incident:
    """The subnets name no table, so that the main one counts."""
    return silent(elsewhere(table(1, INTERNET, is_main=True)))


def no_way_back() -> Incident:
    """The peered VPC lost its route back; its interfaces are in the same account."""
    incident = elsewhere(both(INTERNET, PEERING), table(9, vpc_id="vpc-09", subnet_ids=("subnet-09",)))
    there = RouteTable(
        id="rtb-09",
        vpc_id="vpc-09",
        subnet_ids=("subnet-09",),
        routes=(TableRoute(destination="10.9.0.0/16", via="local"),),
    )
    incident.edit(RouteTables, lambda fact: fact.model_copy(update={"items": (fact.items[0], there)}))
    first = incident.known(NetworkInterfaces).items[0]
    theirs = tuple(
        first.model_copy(
            update={
                "id": f"eni-{ip}",
                "vpc_id": "vpc-09",
                "subnet_id": "subnet-09",
                "private_ips": (ip,),
                "security_groups": ("sg-there",),
                "description": "",
            }
        )
        for ip in THERE
    )
    incident.edit(NetworkInterfaces, lambda fact: fact.model_copy(update={"items": (*fact.items, *theirs)}))
    subnet = Subnet(id="subnet-09", vpc_id="vpc-09", zone="us-east-1a", cidr="10.9.0.0/24")
    incident.edit(Subnets, lambda fact: fact.model_copy(update={"by_id": {**fact.by_id, subnet.id: subnet}}))
    incident.security_group(SecurityGroup(id="sg-there", name="there", ingress=(allow_all(),), egress=(allow_all(),)))
    return silent(incident)


def rows_time_out() -> Incident:
    incident = elsewhere(both(INTERNET)).unhealthy("Target.Timeout", "Request timed out", targets=THERE, since=25)
    return logged(incident, connect_timeouts(200, since=25, targets=tuple(f"{ip}:{PORT}" for ip in THERE)))


def transit_gateway_is_the_default() -> Incident:
    return silent(elsewhere(both(TableRoute(destination="0.0.0.0/0", via="tgw-01"))))


def answers_all_the_same() -> Incident:
    return elsewhere(both(INTERNET))


def routes_may_not_be_read() -> Incident:
    return silent(elsewhere(both(INTERNET))).denied(RouteTables, "ec2:DescribeRouteTables")


def security_group_inside_one_vpc() -> Incident:
    incident = Incident().security_group(
        SecurityGroup(id="sg-0c2d", name="checkout", ingress=(), egress=(allow_all(),))
    )
    return incident.unhealthy("Target.Timeout", "Request timed out").elb_errors(504, 300, 10).connection_errors(300, 10)


def listed_by_prefixes() -> Incident:
    """A prefix list that nobody looked into may hold the range."""
    return silent(elsewhere(both(INTERNET, TableRoute(destination="pl-0123", via="tgw-01"))))


def one_zone_only() -> Incident:
    incident = elsewhere(
        table(1, INTERNET, PEERING, subnets=("subnet-0a",)), table(2, INTERNET, subnets=("subnet-0b",))
    )
    incident.unhealthy("Target.Timeout", "Request timed out", targets=THERE, since=25)
    return incident.elb_errors(504, 150, 25).connection_errors(150, 25)


CASES = (
    finds(
        CODE, "the peering was deleted", peering_was_deleted, band="confirmed", also=FAIL_OPEN, summary_says="pcx-01"
    ),
    finds(CODE, "the route was deleted", route_was_deleted, band="confirmed", also=FAIL_OPEN, summary_says="no route"),
    finds(CODE, "the main table has no route", main_table_has_no_route, band="confirmed", also=FAIL_OPEN),
    finds(CODE, "no way back", no_way_back, band="confirmed", also=FAIL_OPEN, summary_says="rtb-09"),
    finds(CODE, "rows time out", rows_time_out, band="confirmed", also=FAIL_OPEN),
    finds(CODE, "from one of two zones", one_zone_only, band="likely", also=FAIL_OPEN),
    look_alike(
        CODE,
        "a transit gateway takes everything",
        transit_gateway_is_the_default,
        first="insufficient-evidence",
        also=FAIL_OPEN,
    ),
    look_alike(CODE, "targets answer all the same", answers_all_the_same, verdict="no_fault_found"),
    look_alike(
        CODE,
        "a prefix list may hold the range",
        listed_by_prefixes,
        first="insufficient-evidence",
        also=FAIL_OPEN,
    ),
    look_alike(
        CODE,
        "route tables may not be read",
        routes_may_not_be_read,
        first="insufficient-evidence",
        also=FAIL_OPEN,
    ),
    look_alike(
        CODE,
        "a security group inside one VPC",
        security_group_inside_one_vpc,
        first="sg-ingress-missing",
        also=FAIL_OPEN,
    ),
)
