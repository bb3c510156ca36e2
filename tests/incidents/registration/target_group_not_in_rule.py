"""No rule sends requests to the group that the service fills."""

from datetime import timedelta

from diagnostics.facts import (
    Changes,
    DeletedRule,
    DeletedRules,
    FormerRule,
    ForwardTarget,
    Listener,
    Listeners,
    Rule,
    RuleAction,
    RuleCondition,
    ServiceLoadBalancer,
    Target,
)
from tests.incidents.building import LB, LISTENER, NOW, OTHER_TG, TARGETS, TG, Incident, ago, change, forward_rule
from tests.incidents.cases import finds, look_alike
from tests.incidents.registration.service_target_group_mismatch import rule_kept_the_old_group

CODE = "target-group-not-in-rule"
WORDS = "Target group is not configured to receive traffic from the load balancer"
ZONE = "Target is in an Availability Zone that is not enabled for the load balancer"


def path(value: str) -> RuleCondition:
    return RuleCondition(field="path-pattern", values=(value,))


def rule(priority: int, pattern: str, group: str) -> Rule:
    return forward_rule(group).model_copy(
        update={"arn": f"{LISTENER}/{priority}", "priority": priority, "conditions": (path(pattern),)}
    )


def redirect_only() -> Rule:
    return Rule(arn=f"{LISTENER}/default", priority=None, actions=(RuleAction(type="redirect", status_code=301),))


def rule_deleted(since: float = 12) -> Incident:
    """Only search has a rule now; the default redirects."""
    incident = Incident().health("unused", "Target.NotInUse", WORDS, since=since)
    return incident.rules(rule(5, "/search*", OTHER_TG), redirect_only()).of_group("RequestCount", 600, 180, since)


def deleted_by_somebody() -> Incident:
    return rule_deleted().changed(change("DeleteRule", minutes_ago=12.5, resources=(LISTENER,)))


def deleted_by_its_arn_alone() -> Incident:
    """As CloudTrail records it: the rule, and no other resource."""
    gone = f"{LISTENER.replace(':listener/', ':listener-rule/')}/0123456789abcdef"
    return rule_deleted().changed(change("DeleteRule", minutes_ago=12.5, resources=(), request={"ruleArn": gone}))


def the_rule_is_known(group: str = TG) -> Incident:
    """CloudTrail tells what the deleted rule was; `group` is where it led to."""
    gone = f"{LISTENER.replace(':listener/', ':listener-rule/')}/0123456789abcdef"
    former = FormerRule(
        rule=rule(10, "/shop*", group).model_copy(update={"arn": gone}),
        conditions=({"Field": "path-pattern", "PathPatternConfig": {"Values": ["/shop*"]}},),
        actions=({"Type": "forward", "TargetGroupArn": group},),
        told_by="CreateRule",
        told_at=NOW - timedelta(days=30),
    )
    deleted = DeletedRule(arn=gone, listener_arn=LISTENER, at=ago(12.5), actor="role/ops-admin", former=former)
    return deleted_by_its_arn_alone().replace(DeletedRules(items=(deleted,)))


def gone_with_503() -> Incident:
    """Requests fall to a default rule whose group is somebody else's, and empty."""
    incident = rule_deleted().rules(forward_rule(OTHER_TG))
    return incident.elb_errors(503, 600, 12)


def ecs_turned_to_green(green_has_a_rule: bool = True) -> Incident:
    """A blue/green deployment of ECS itself: the rule leads to green, blue waits for its end."""
    setting = ServiceLoadBalancer(
        target_group_arn=TG, container_name="web", container_port=8080, alternate_target_group_arn=OTHER_TG
    )
    incident = Incident().health("unused", "Target.NotInUse", WORDS, since=3)
    incident.targets(tuple(Target(id=f"10.0.1.7{n}", port=8080, state="healthy") for n in range(4)), OTHER_TG)
    incident.service(load_balancers=(setting,), deployment_strategy="BLUE_GREEN")
    return incident.rules(forward_rule(OTHER_TG) if green_has_a_rule else redirect_only())


def hidden_by_a_wider_rule() -> Incident:
    """Somebody put /shop* of another service before /shop/cart*."""
    incident = Incident().rules(rule(5, "/shop*", OTHER_TG), rule(10, "/shop/cart*", TG))
    return incident.of_group("RequestCount", 600, 180, 20).elb_errors(503, 600, 20)


def hidden_and_nobody_hurt() -> Incident:
    incident = Incident().rules(rule(5, "/shop*", OTHER_TG), rule(10, "/shop/cart*", TG))
    return incident.of_group("RequestCount", 600, 180, 20)


def weight_zero_on_purpose() -> Incident:
    forward = (ForwardTarget(target_group_arn=TG, weight=0), ForwardTarget(target_group_arn=OTHER_TG, weight=1))
    default = Rule(arn=f"{LISTENER}/default", priority=None, actions=(RuleAction(type="forward", forward=forward),))
    return Incident().rules(default).of_group("RequestCount", 600, 180, 20)


def on_another_port() -> Incident:
    """The group's rule is on the listener of port 8443."""
    other = Listener(arn=f"{LISTENER}-2", load_balancer_arn=LB, port=8443, protocol="HTTPS", rules=(forward_rule(),))
    incident = Incident().rules(redirect_only())
    return incident.edit(Listeners, lambda fact: fact.model_copy(update={"items": (*fact.items, other)}))


def old_colour_waits_for_its_end() -> Incident:
    """CodeDeploy has moved the rule to green and keeps blue for an hour."""
    green = tuple(Target(id=ip, port=8080, zone="us-east-1a", state="healthy") for ip in ("10.0.1.91", "10.0.1.92"))
    settings = tuple(
        ServiceLoadBalancer(target_group_arn=arn, container_name="web", container_port=8080) for arn in (OTHER_TG, TG)
    )
    incident = (
        Incident().health("unused", "Target.NotInUse", WORDS).rules(forward_rule(OTHER_TG)).targets(green, OTHER_TG)
    )
    return incident.service(load_balancers=settings, deployment_controller="CODE_DEPLOY")


CASES = (
    finds(CODE, "the rule is gone", rule_deleted, band="confirmed", summary_says="No listener rule"),
    finds(CODE, "somebody deleted the rule", deleted_by_somebody, band="confirmed"),
    finds(CODE, "the deletion names the rule alone", deleted_by_its_arn_alone, band="confirmed"),
    finds(CODE, "records tell what the rule was", the_rule_is_known, band="confirmed"),
    finds(CODE, "another group's rule was deleted, too", lambda: the_rule_is_known(OTHER_TG), band="confirmed"),
    finds(
        CODE,
        "what the rule was could not be looked up",
        lambda: the_rule_is_known().denied(DeletedRules, "cloudtrail:LookupEvents"),
        band="confirmed",
    ),
    finds(CODE, "requests fall to another group, which is empty", gone_with_503, band="confirmed"),
    finds(
        CODE,
        "the rules could not be read",
        lambda: rule_deleted().denied(Listeners, "elasticloadbalancing:DescribeRules"),
        band="likely",
    ),
    finds(
        CODE,
        "nobody can say who changed it",
        lambda: deleted_by_somebody().denied(Changes, "cloudtrail:LookupEvents"),
        band="confirmed",
    ),
    finds(
        CODE,
        "the rule kept the old group",
        rule_kept_the_old_group,
        first="service-target-group-mismatch",
        role="consequence",
        also=("no-registered-targets",),
    ),
    look_alike(
        CODE,
        "targets are in a zone that is not enabled",
        lambda: (
            Incident()
            .health("unused", "Target.NotInUse", ZONE, targets=list(TARGETS)[:2])
            .targets(
                tuple(
                    Target(
                        id=ip, port=8080, zone="us-east-1c", state="unused", reason="Target.NotInUse", description=ZONE
                    )
                    for ip in TARGETS
                )
            )
        ),
        first="az-not-enabled",
    ),
    look_alike(CODE, "weight 0 is somebody's intention", weight_zero_on_purpose, verdict="no_fault_found"),
    look_alike(CODE, "its rule is on another port", on_another_port, verdict="no_fault_found"),
    look_alike(
        CODE, "CodeDeploy keeps the old colour for a while", old_colour_waits_for_its_end, verdict="no_fault_found"
    ),
    look_alike(CODE, "ECS itself turned to the other colour", ecs_turned_to_green, verdict="no_fault_found"),
    finds(CODE, "neither colour has a rule", lambda: ecs_turned_to_green(green_has_a_rule=False)),
    look_alike(CODE, "a wider rule takes its requests, and nobody gets an error", hidden_and_nobody_hurt, risk=True),
    finds(CODE, "a wider rule takes all of its requests", hidden_by_a_wider_rule, summary_says="Rule 5 of port 443"),
)
