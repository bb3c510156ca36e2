"""Rules that divide requests between target groups by weight."""

from diagnostics.facts import ForwardTarget, Rule, RuleAction, SiblingHealth, Target
from tests.incidents.building import LB_DIMENSION, LISTENER, OTHER_TG, TG, Incident, minutes_of


def weighted_rule(own: int, other: int) -> Rule:
    forward = (ForwardTarget(target_group_arn=TG, weight=own), ForwardTarget(target_group_arn=OTHER_TG, weight=other))
    return Rule(arn=f"{LISTENER}/default", priority=None, actions=(RuleAction(type="forward", forward=forward),))


def beside(own: int, other: int, *targets: Target) -> Incident:
    """Half of the canary: the service's own group and another one, which has these targets."""
    return Incident().rules(weighted_rule(own, other)).replace(SiblingHealth(by_group={OTHER_TG: targets}))


def failing_share(incident: Incident, share: float, since: float = 12) -> Incident:
    """Such a part of 600 requests a minute gets 503 from the load balancer."""
    incident.elb_errors(503, round(600 * share), since)
    incident.metric("RequestCount", minutes_of(600 * (1 - share), since), LoadBalancer=LB_DIMENSION)
    return incident.of_group("RequestCount", round(600 * (1 - share)), 180)
