"""The rule and the service name different target groups."""

from diagnostics.facts import (
    ForwardTarget,
    Rule,
    RuleAction,
    RuleCondition,
    ServiceLoadBalancer,
    SiblingHealth,
    Target,
    TargetHealth,
)
from tests.incidents.building import LISTENER, OTHER_TG, TG, Incident, change, forward_rule
from tests.incidents.cases import finds, look_alike
from tests.incidents.registration.no_registered_targets import emptied, other_half_of_blue_green

CODE = "service-target-group-mismatch"
EMPTY = ("no-registered-targets", "target-group-not-in-rule")
"""What follows from it."""
NO_RULE = "target-group-not-in-rule"


def registers_into(incident: Incident, group: str) -> Incident:
    return incident.service(
        load_balancers=(ServiceLoadBalancer(target_group_arn=group, container_name="web", container_port=8080),)
    )


def rule_kept_the_old_group() -> Incident:
    """The service moved to a new group; its tasks wait there, unused."""
    incident = Incident()
    waiting = tuple(
        target.model_copy(
            update={
                "state": "unused",
                "reason": "Target.NotInUse",
                "description": "Target group is not configured to receive traffic from the load balancer",
            }
        )
        for target in incident.known(TargetHealth).by_group[TG]
    )
    return registers_into(emptied(incident).targets(waiting, OTHER_TG), OTHER_TG)


def rule_was_changed() -> Incident:
    update = change("ModifyRule", minutes_ago=12.5, resources=(f"{LISTENER}/default",))
    return rule_kept_the_old_group().changed(update)


def service_without_a_group() -> Incident:
    return emptied(Incident()).service(load_balancers=())


def host_rule() -> Incident:
    rule = forward_rule().model_copy(
        update={
            "priority": 10,
            "arn": f"{LISTENER}/10",
            "conditions": (RuleCondition(field="host-header", values=("shop.example.com",)),),
        }
    )
    return rule_kept_the_old_group().rules(rule, Rule(arn=f"{LISTENER}/default", priority=None))


def feeds_the_group_and_cannot_start() -> Incident:
    return emptied(Incident()).service(running=0).running()


def empty_group_without_a_rule() -> Incident:
    """A left-over group that no rule uses."""
    return Incident().targets((), OTHER_TG)


NEW_TG = OTHER_TG.replace("search", "checkout-v2")
LONELY_TG = OTHER_TG.replace("search", "orders")


def rule_points_elsewhere(siblings: dict[str, tuple[Target, ...]]) -> Incident:
    """Somebody pointed the rule at other groups; the service's own has no rule any more and its targets wait."""
    words = "Target group is not configured to receive traffic from the load balancer"
    forward = tuple(ForwardTarget(target_group_arn=arn) for arn in siblings)
    rule = Rule(arn=f"{LISTENER}/default", priority=None, actions=(RuleAction(type="forward", forward=forward),))
    incident = Incident().health("unused", "Target.NotInUse", words, since=10).rules(rule)
    incident.replace(SiblingHealth(by_group=siblings))
    return incident.elb_errors(503, 600, 10).of_group("RequestCount", 600, 180, 10)


def one_of_several_empty_groups() -> Incident:
    return rule_points_elsewhere({OTHER_TG: (), LONELY_TG: ()})


def the_other_group_answers() -> Incident:
    """The service was replaced by another one; the old tasks have nothing to do."""
    there = (Target(id="10.0.1.99", port=8080, zone="us-east-1a", state="healthy"),)
    return rule_points_elsewhere({NEW_TG: there}).elb_errors(503, 0, 10).of_group("RequestCount", 600, 180, 10)


def empty_group_with_weight_0() -> Incident:
    """The next colour is prepared: its group is empty and gets nothing."""
    weights = (ForwardTarget(target_group_arn=TG, weight=100), ForwardTarget(target_group_arn=NEW_TG, weight=0))
    rule = Rule(arn=f"{LISTENER}/default", priority=None, actions=(RuleAction(type="forward", forward=weights),))
    return Incident().rules(rule).replace(SiblingHealth(by_group={NEW_TG: ()})).elb_errors(503, 1, 10)


CASES = (
    finds(
        CODE,
        "somebody pointed the rule at a new group",
        lambda: rule_points_elsewhere({NEW_TG: (), OTHER_TG: ()}),
        band="confirmed",
        summary_says="checkout-v2",
        also=(NO_RULE,),
    ),
    finds(CODE, "several groups are empty", one_of_several_empty_groups, band="possible", first=NO_RULE),
    look_alike(CODE, "another group took over", the_other_group_answers, first=NO_RULE),
    look_alike(CODE, "the next colour rests with weight 0", empty_group_with_weight_0),
    finds(CODE, "the rule kept the old group", rule_kept_the_old_group, band="confirmed", also=EMPTY),
    finds(CODE, "somebody changed the rule", rule_was_changed, band="confirmed", also=EMPTY),
    finds(CODE, "the service names no group", service_without_a_group, also=EMPTY, summary_says="no target group"),
    finds(CODE, "a rule for a host name", host_rule, also=EMPTY, summary_says="shop.example.com"),
    look_alike(
        CODE, "the right group, and nothing in it", feeds_the_group_and_cannot_start, first="no-registered-targets"
    ),
    look_alike(CODE, "the other half of blue/green", other_half_of_blue_green),
    look_alike(CODE, "a left-over group", empty_group_without_a_rule),
    look_alike(
        CODE,
        "an external controller does not tell where it registers",
        lambda: emptied(Incident()).service(load_balancers=(), deployment_controller="EXTERNAL"),
        first="no-registered-targets",
    ),
)
