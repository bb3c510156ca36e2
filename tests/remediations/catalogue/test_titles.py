"""A fix of a security group names it as people do, by somebody's text, and by its id, which nobody can make up."""

from __future__ import annotations

from diagnostics.facts import SecurityGroups
from remediations.steps.security_groups import MAX_NAME, named
from tests.incidents.building import LB_SG, TASK_SG, Incident
from tests.incidents.network import sg_egress_missing, sg_ingress_missing
from tests.remediations.catalogue.proposing import only


def renamed(incident: Incident, name: str) -> Incident:
    """Every security group has this name."""
    return incident.edit(
        SecurityGroups,
        lambda fact: fact.model_copy(
            update={"by_id": {key: group.model_copy(update={"name": name}) for key, group in fact.by_id.items()}}
        ),
    )


def test_the_way_in() -> None:
    plan = only("sg-allow-lb-ingress", sg_ingress_missing.rule_revoked())
    assert plan.title == f"Open tcp 8080 of checkout ({TASK_SG}) to load balancer shop"
    (change,) = plan.changes
    assert (change.resource, change.setting, change.after) == (
        TASK_SG,
        "inbound rule",
        f"tcp 8080 from shop-lb ({LB_SG})",
    )
    assert plan.undo.text == f"removes that rule from checkout ({TASK_SG})"


def test_the_way_out() -> None:
    plan = only("sg-allow-lb-egress", sg_egress_missing.closed_by_a_module())
    assert plan.title == f"Open tcp 8080 from load balancer shop to checkout ({TASK_SG})"
    assert plan.changes[0].after == f"tcp 8080 to checkout ({TASK_SG})"


def test_a_name_can_hide_neither_the_id_nor_the_rest() -> None:
    plan = only("sg-allow-lb-ingress", renamed(sg_ingress_missing.rule_revoked(), "safe\u202e\n" + "x" * 200))
    assert "\u202e" not in plan.title
    assert "\n" not in plan.title
    assert f"({TASK_SG}) to load balancer shop" in plan.title
    assert len(plan.title) < MAX_NAME + 80


def test_a_group_without_a_name_is_its_id() -> None:
    known = renamed(Incident(), "").known(SecurityGroups)
    assert named(known, TASK_SG) == TASK_SG
    assert named(renamed(Incident(), TASK_SG).known(SecurityGroups), TASK_SG) == TASK_SG
    assert named(known, "sg-0fff") == "sg-0fff"
