"""Rules and entries that open the way: exactly what is missing, and nothing where it is not known."""

from __future__ import annotations

from typing import Any

import pytest

from diagnostics.facts import NetworkAcls, SecurityGroups
from remediations.plan import FROM
from tests.incidents.building import LB_SG, PORT, TASK_SG, Incident, change
from tests.incidents.network import nacl_blocked as acls
from tests.incidents.network import sg_egress_missing as egress
from tests.incidents.network import sg_ephemeral_range_missing as dynamic
from tests.incidents.network import sg_stale_reference as stale
from tests.incidents.network import sg_traffic_port_blocked as traffic
from tests.incidents.network.sg_ingress_missing import silent
from tests.remediations.catalogue.proposing import holds, only, plans

OUT, IN, RANGE, ACL = "sg-allow-lb-egress", "sg-allow-lb-ingress", "sg-allow-dynamic-ports", "nacl-allow"


def permission_of(plan: Any, index: int = 0) -> dict[str, Any]:
    (permission,) = plan.writes[index].call.parameters["IpPermissions"]
    return dict(permission)


@pytest.mark.parametrize(
    "incident", [egress.closed_by_a_module, egress.open_for_another_port, egress.second_zone_was_forgotten]
)
def test_the_load_balancer_is_let_out_to_the_group_of_the_targets(incident: Any) -> None:
    plan = only(OUT, incident())
    (write,) = plan.writes
    assert write.call.operation == "authorize_security_group_egress"
    assert write.call.parameters["GroupId"] == LB_SG
    permission = permission_of(plan)
    assert (permission["FromPort"], permission["ToPort"]) == (PORT, PORT)
    assert [pair["GroupId"] for pair in permission["UserIdGroupPairs"]] == [TASK_SG]
    assert plan.risk == "low"
    assert plan.undo.kind == "exact"
    (undo,) = plan.undo.writes
    assert undo.call.operation == "revoke_security_group_egress"
    assert undo.call.parameters["SecurityGroupRuleIds"] == [{FROM: write.keeps[0].name}]


def test_a_rule_that_came_in_the_meantime_stops_it() -> None:
    (absent,) = only(OUT, egress.closed_by_a_module()).guards
    rule: dict[str, Any] = {"IsEgress": True, "IpProtocol": "tcp", "FromPort": PORT, "ToPort": PORT}
    there = rule | {"ReferencedGroupInfo": {"GroupId": TASK_SG}}
    assert holds(absent, {"SecurityGroupRules": [rule]})
    assert not holds(absent, {"SecurityGroupRules": [there]})
    assert holds(absent, {"SecurityGroupRules": [there | {"IsEgress": False}]})


def in_another_vpc(incident: Incident, group_id: str) -> Incident:
    def move(fact: SecurityGroups) -> SecurityGroups:
        group = fact.by_id[group_id].model_copy(update={"vpc_id": "vpc-other"})
        return fact.model_copy(update={"by_id": {**fact.by_id, group_id: group}})

    return incident.edit(SecurityGroups, move)


@pytest.mark.parametrize(
    ("fix", "incident"),
    [
        pytest.param(OUT, lambda: in_another_vpc(egress.closed_by_a_module(), TASK_SG), id="a peering lies between"),
        pytest.param(OUT, egress.open_by_reference, id="nothing is closed"),
        pytest.param(OUT, egress.unreadable, id="a prefix list was not read"),
        pytest.param(OUT, egress.inbound_is_the_fault, id="the other side is closed"),
        pytest.param(
            OUT,
            lambda: egress.closed_by_a_module().denied(SecurityGroups, "ec2:DescribeSecurityGroups"),
            id="the rules were not read",
        ),
        pytest.param(RANGE, dynamic.range_is_open, id="the range is open"),
        pytest.param(RANGE, dynamic.fixed_host_port_is_closed, id="a fixed port"),
        pytest.param(RANGE, dynamic.own_interfaces, id="tasks have interfaces of their own"),
        pytest.param(
            RANGE, lambda: in_another_vpc(dynamic.fixed_port_is_open(), TASK_SG), id="instances in another network"
        ),
        pytest.param(IN, traffic.both_are_open, id="both ports are open"),
        pytest.param(IN, traffic.no_traffic_yet, id="a risk"),
        pytest.param(ACL, acls.return_ports_only, id="the ACL lets it through"),
        pytest.param(ACL, acls.no_effect_yet, id="nobody was hurt yet"),
        pytest.param(
            ACL,
            lambda: acls.deny_before_allow().denied(NetworkAcls, "ec2:DescribeNetworkAcls"),
            id="ACLs were not read",
        ),
        pytest.param(ACL, acls.group_is_the_fault, id="the group is closed"),
    ],
)
def test_nothing_is_opened(fix: str, incident: Any) -> None:
    assert plans(fix, incident()) == ()


def test_dynamic_ports_are_opened_as_a_range_or_only_those_of_today() -> None:
    plan = only(RANGE, dynamic.fixed_port_is_open())
    assert (permission_of(plan)["FromPort"], permission_of(plan)["ToPort"]) == (32768, 65535)
    assert plan.risk == "medium"
    (today,) = plan.narrower
    assert (permission_of(today)["FromPort"], permission_of(today)["ToPort"]) == (32801, 49153)
    assert today.label == "only tcp 32801-49153, where today's tasks listen"


def test_only_the_port_of_requests_is_opened_where_health_checks_get_through() -> None:
    plan = only(IN, traffic.management_port_only())
    assert [one.after for one in plan.changes] == [f"tcp {PORT} from shop-lb ({LB_SG})"]
    assert [quiet.metric for quiet in plan.success.quiet] == ["TargetConnectionErrorCount"]
    assert not any("describe_target_health" in guard.look.call.operation for guard in plan.success.guards)


def test_the_ports_of_requests_and_of_health_checks_are_opened_together() -> None:
    plan = only(IN, traffic.both_are_closed())
    assert [one.after for one in plan.changes] == [
        f"tcp {PORT} from shop-lb ({LB_SG})",
        f"tcp 9000 from shop-lb ({LB_SG})",
    ]
    assert [one.label for one in plan.narrower] == [f"only tcp {PORT}", "only tcp 9000"]
    names = [write.keeps[0].name for write in plan.writes]
    assert len(set(names)) == 2
    assert [undo.call.parameters["SecurityGroupRuleIds"] for undo in plan.undo.writes] == [
        [{FROM: name}] for name in names
    ]


def test_the_rule_names_the_group_that_the_load_balancer_has_now() -> None:
    finds = next(case for case in stale.CASES if case.kind == "finds")
    assert [one.after for one in only(IN, finds.build()).changes] == [f"tcp {PORT} from shop-lb-2 (sg-0new)"]


@pytest.mark.parametrize(
    ("incident", "entries"),
    [
        (acls.deny_before_allow, ["entry 89: allow tcp 1024-65535 from 10.0.1.0/24"]),
        (acls.only_between_the_zones, ["entry 89: allow tcp 1024-65535 from 10.0.1.0/24"]),
        (
            acls.return_ports_forgotten,
            [
                "entry 110: allow tcp 1024-65535 to 10.0.1.0/24",
                "entry 120: allow tcp 1024-65535 to 10.0.2.0/24",
            ],
        ),
        (
            acls.half_of_the_return_ports,
            [
                "entry 110: allow tcp 1024-32767 to 10.0.1.0/24",
                "entry 120: allow tcp 1024-32767 to 10.0.2.0/24",
            ],
        ),
    ],
)
def test_an_acl_gets_the_entries_that_are_missing(incident: Any, entries: list[str]) -> None:
    plan = only(ACL, incident())
    assert [one.after for one in plan.changes] == entries
    assert plan.risk == "high"
    assert plan.undo.kind == "exact"
    assert [one.call.operation for one in plan.undo.writes] == ["delete_network_acl_entry"] * len(entries)
    for write, undo in zip(plan.writes, plan.undo.writes, strict=True):
        assert undo.call.parameters.items() <= write.call.parameters.items()


def test_a_single_subnet_of_the_load_balancer_may_be_chosen() -> None:
    """Targets are healthy only when every node reaches them, so that a part is seen by its entries."""
    plan = only(ACL, acls.return_ports_forgotten())
    parts = {one.label: one for one in plan.narrower}
    assert len(parts) == 2
    assert sorted(str(one.writes[0].call.parameters["CidrBlock"]) for one in parts.values()) == [
        "10.0.1.0/24",
        "10.0.2.0/24",
    ]
    for part in parts.values():
        assert (len(part.writes), len(part.undo.writes)) == (1, 1)
        assert [guard.look.call.operation for guard in part.success.guards] == ["describe_network_acls"]
        assert part.risk == "high"
    assert only(ACL, acls.deny_before_allow()).narrower == ()


def test_any_edit_of_the_acl_stops_it() -> None:
    plan = only(ACL, acls.deny_before_allow())
    before, unchanged = plan.guards
    subnets = [{"SubnetId": "subnet-0b"}]
    assert holds(before, {"NetworkAcls": [{"Associations": subnets}]})
    assert not holds(before, {"NetworkAcls": [{"Associations": []}]})
    deny = {
        "RuleNumber": 90,
        "Egress": False,
        "Protocol": "-1",
        "RuleAction": "deny",
        "CidrBlock": "10.0.1.0/24",
    }
    allow = deny | {"RuleNumber": 100, "RuleAction": "allow", "CidrBlock": "0.0.0.0/0"}
    others = [allow | {"Egress": True}, deny | {"RuleNumber": 32767}]
    assert holds(unchanged, {"NetworkAcls": [{"Entries": [allow, deny, *others]}]})
    assert not holds(unchanged, {"NetworkAcls": [{"Entries": [allow, *others]}]})
    assert not holds(unchanged, {"NetworkAcls": [{"Entries": [allow, deny | {"CidrBlock": "10.0.0.0/16"}]}]})
    done = plan.writes[0].done_when
    made = {
        "RuleNumber": 89,
        "Egress": False,
        "Protocol": "6",
        "RuleAction": "allow",
        "CidrBlock": "10.0.1.0/24",
        "PortRange": {"From": 1024, "To": 65535},
    }
    assert holds(done, {"NetworkAcls": [{"Entries": [deny, made]}]})
    assert not holds(done, {"NetworkAcls": [{"Entries": [deny, made | {"Egress": True}]}]})


def test_who_closed_it_is_to_be_asked() -> None:
    incident = acls.deny_before_allow().changed(
        change("CreateNetworkAclEntry", minutes_ago=13, resources=("acl-0b",), actor="role/net")
    )
    assert "ask whether it was on purpose" in only(ACL, incident).warnings[0]


def test_a_number_that_is_taken_is_not_used() -> None:
    incident = silent(Incident(), acls.SECOND_ZONE).network_acl(
        acls.acl(acls.entry(90, False, "10.0.1.0/24"), acls.entry(89, True, "192.0.2.0/24", 22), *acls.IN, *acls.OUT)
    )
    assert [one.after for one in only(ACL, incident).changes] == ["entry 88: allow tcp 1024-65535 from 10.0.1.0/24"]


def test_an_acl_without_a_free_number_or_without_room_is_left_alone() -> None:
    first = acls.acl(acls.entry(1, False, "10.0.1.0/24"), *acls.IN, *acls.OUT)
    full = tuple(acls.entry(100 + number, True, "192.0.2.0/24", 22) for number in range(18))
    crowded = acls.acl(acls.entry(90, False, "10.0.1.0/24"), *full, *acls.IN, *acls.OUT)
    for acl in (first, crowded):
        assert plans(ACL, silent(Incident(), acls.SECOND_ZONE).network_acl(acl)) == ()


def test_a_hardening_rule_inside_the_return_range_stays() -> None:
    out = acls.entry(100, True, "0.0.0.0/0", 443, egress=True)
    denied = acls.entry(50, False, "0.0.0.0/0", 3389, egress=True)
    acl = acls.acl(*acls.IN, denied, out, subnets=("subnet-1b",))
    plan = only(ACL, silent(acls.private(Incident()), acls.SECOND_ZONE).network_acl(acl))
    assert all("entry 49" not in str(one.after) for one in plan.changes)
    assert {write.call.parameters["RuleNumber"] for write in plan.writes} >= {110, 120}


def test_that_later_tasks_get_other_ports_is_said_before() -> None:
    plan = only(IN, dynamic.nothing_is_open_at_all())
    assert len(plan.writes) == 2
    assert "tasks that start later" in plan.warnings[0]


def test_how_to_find_out_who_else_is_opened_is_said() -> None:
    find = "aws ec2 describe-network-interfaces --region us-east-1 --filters Name=group-id,Values="
    opened = only(IN, dynamic.nothing_is_open_at_all())
    assert all(one.warnings[-1] == f"who else is in it: {find}{TASK_SG}" for one in (opened, *opened.narrower))
    assert not any("who else" in one for one in only(OUT, egress.closed_by_a_module()).warnings)


def test_a_host_that_was_shut_out_stays_so() -> None:
    """Another address of the load balancer's subnet is denied before; no entry goes below that one."""
    ban, deny = acls.entry(40, False, "10.0.1.250/32"), acls.entry(90, False, "10.0.1.0/24")
    incident = silent(Incident(), acls.SECOND_ZONE).network_acl(acls.acl(ban, deny, *acls.IN, *acls.OUT))
    assert [one.after for one in only(ACL, incident).changes] == ["entry 89: allow tcp 1024-65535 from 10.0.1.0/24"]
