"""Empty target groups, with and without somebody asking for them."""

from diagnostics.facts import EcsService, ForwardTarget, Listeners, Rule, RuleAction, ServiceLoadBalancer
from tests.incidents.building import (
    LB_DIMENSION,
    LISTENER,
    OTHER_TG,
    TG,
    TG_DIMENSION,
    Incident,
    change,
    forward_rule,
    minutes_of,
    stopped_task,
)
from tests.incidents.cases import finds, look_alike

CODE = "no-registered-targets"
THIRD_TG = OTHER_TG.replace("search", "find")
PULL = "CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref checkout:8"


def emptied(incident: Incident, since: float = 12, group: str = TG) -> Incident:
    """The group loses its targets; users get 503 since then."""
    incident.targets((), group).elb_errors(503, 600, since)
    for statistic in ("Minimum", "Maximum"):
        incident.of_group("HealthyHostCount", 4, 180, since, statistic)
        incident.of_group("UnHealthyHostCount", 0, 180, since, statistic)
    return incident.of_group("HTTPCode_Target_2XX_Count", 600, 180, since)


def deregistered_by_hand() -> Incident:
    return emptied(Incident()).changed(change("DeregisterTargets", minutes_ago=12.5, resources=(TG,)))


def rules_unread() -> Incident:
    return emptied(Incident()).denied(Listeners, "elasticloadbalancing:DescribeRules")


def tasks_cannot_start() -> Incident:
    failures = (
        stopped_task(
            n,
            minutes_ago=n * 3,
            stop_code="TaskFailedToStart",
            stopped_reason=PULL,
            ran_minutes=0.5,
        )
        for n in range(1, 5)
    )
    incident = emptied(Incident()).running().stopped(*failures)
    return incident.service(running=0)


def taken_out(incident: Incident, since: float = 45, until: float = 30, left: float | None = None) -> Incident:
    """503 for a quarter of an hour, and all is well since. `left`: targets that were counted all the same."""
    incident.elb_errors(503, 250, since, until)
    for statistic in ("Minimum", "Maximum"):
        meanwhile = minutes_of(left, since, until) if left is not None else ()
        for metric, usual in (("HealthyHostCount", 4), ("UnHealthyHostCount", 0)):
            found = meanwhile if metric == "HealthyHostCount" else ()
            points = (*minutes_of(usual, 180, since), *found, *minutes_of(usual, until))
            incident.metric(metric, points, statistic, LoadBalancer=LB_DIMENSION, TargetGroup=TG_DIMENSION)
    return incident


def by_hand(incident: Incident, minutes_ago: float = 45) -> Incident:
    return incident.changed(change("DeregisterTargets", minutes_ago=minutes_ago, resources=(TG,)))


def plain(incident: Incident) -> Incident:
    return incident.not_applicable(EcsService, "no ECS service")


def health_not_counted() -> Incident:
    incident = by_hand(Incident().elb_errors(503, 250, 45, 30))
    for metric in ("HealthyHostCount", "UnHealthyHostCount"):
        incident.of_group(metric, 0, 0, statistic="Maximum")
    return incident


def weight_zero() -> Incident:
    """Blue is switched off by weight, green serves."""
    forward = (ForwardTarget(target_group_arn=TG, weight=1), ForwardTarget(target_group_arn=OTHER_TG, weight=0))
    rule = Rule(arn=f"{LISTENER}/default", priority=None, actions=(RuleAction(type="forward", forward=forward),))
    return Incident().rules(rule).targets((), OTHER_TG)


def other_half_of_blue_green() -> Incident:
    setting = ServiceLoadBalancer(
        target_group_arn=TG, container_name="web", container_port=8080, alternate_target_group_arn=OTHER_TG
    )
    test_rule = Rule(
        arn=f"{LISTENER}/5",
        priority=5,
        actions=(RuleAction(type="forward", forward=(ForwardTarget(target_group_arn=OTHER_TG),)),),
    )
    incident = Incident().rules(test_rule, forward_rule()).targets((), OTHER_TG)
    return incident.service(load_balancers=(setting,), deployment_strategy="BLUE_GREEN")


def all_unhealthy_is_not_empty() -> Incident:
    """The load balancer fails open: requests still reach the targets, and nobody gets 503."""
    incident = Incident().unhealthy("Target.ResponseCodeMismatch", "Health checks failed with these codes: [404]")
    return incident.of_group("UnhealthyRoutingRequestCount", 600, 10).of_group("HTTPCode_Target_4XX_Count", 0, 180)


def half_of_a_weighted_pair() -> Incident:
    forward = (ForwardTarget(target_group_arn=TG, weight=80), ForwardTarget(target_group_arn=OTHER_TG, weight=20))
    rule = Rule(arn=f"{LISTENER}/default", priority=None, actions=(RuleAction(type="forward", forward=forward),))
    incident = Incident().rules(rule).targets((), OTHER_TG).elb_errors(503, 120, 12)
    service = incident.service(
        load_balancers=(
            ServiceLoadBalancer(target_group_arn=TG, container_name="web", container_port=8080),
            ServiceLoadBalancer(target_group_arn=OTHER_TG, container_name="admin", container_port=9000),
        )
    )
    return service.metric("RequestCount", minutes_of(480, 12), LoadBalancer="app/shop/50dc6c495c0c9188")


def of_the_balancer(incident: Incident) -> Incident:
    """Somebody asks about the load balancer; several services stand behind it."""
    groups = (TG, OTHER_TG)
    incident.subject = incident.subject.model_copy(
        update={"kind": "load-balancer", "cluster": None, "service": None, "target_groups": groups}
    )
    return incident.not_applicable(EcsService, "no ECS service belongs to it")


def nobody_asks() -> Incident:
    """A test listener still forwards to the colour that was emptied after the last deployment."""
    test_rule = forward_rule(OTHER_TG).model_copy(update={"arn": f"{LISTENER}/5", "priority": 5})
    return of_the_balancer(Incident().rules(test_rule, forward_rule()).targets((), OTHER_TG))


def other_half_while_another_service_fails() -> Incident:
    """A third service stands behind the same load balancer, and users get its 503."""
    incident = other_half_of_blue_green()
    listener = incident.known(Listeners).items[0]
    theirs = forward_rule(THIRD_TG).model_copy(update={"arn": f"{LISTENER}/7", "priority": 7})
    first, *others = listener.rules
    return incident.rules(first, theirs, *others).elb_errors(503, 60, 12)


CASES = (
    finds(CODE, "somebody deregistered every target", deregistered_by_hand, band="confirmed"),
    finds(CODE, "the rules could not be read", rules_unread, band="likely"),
    look_alike(
        CODE, "one group of a weighted pair is empty", half_of_a_weighted_pair, first="weighted-target-group-empty"
    ),
    finds(CODE, "tasks cannot pull their image", tasks_cannot_start, first="image-pull-failed", role="consequence"),
    look_alike(CODE, "weight 0", weight_zero),
    look_alike(CODE, "the other half of blue/green", other_half_of_blue_green),
    look_alike(
        CODE,
        "the other half of blue/green, and another service answers 503",
        other_half_while_another_service_fails,
        first="insufficient-evidence",
    ),
    look_alike(
        CODE, "nobody asks for the idle colour of a load balancer", nobody_asks, risk=True, verdict="no_fault_found"
    ),
    finds(
        CODE, "no service is known, and people get 503", lambda: of_the_balancer(emptied(Incident())), band="confirmed"
    ),
    finds(
        CODE,
        "taken out by hand and put back",
        lambda: by_hand(taken_out(Incident())),
        band="confirmed",
        summary_says="had no target to send to from 02:45 to 02:59 UTC; it has targets again",
    ),
    finds(CODE, "no service, and nobody knows who took them out", lambda: plain(taken_out(Incident())), band="likely"),
    finds(CODE, "taken out by hand, and targets were not counted", health_not_counted, band="possible"),
    look_alike(
        CODE,
        "one of the targets was taken out",
        lambda: by_hand(taken_out(Incident(), left=1)),
        first="insufficient-evidence",
    ),
    look_alike(
        CODE,
        "taken out after the errors",
        lambda: by_hand(taken_out(Incident()), minutes_ago=20),
        first="insufficient-evidence",
    ),
    look_alike(
        CODE,
        "all unhealthy is not empty",
        all_unhealthy_is_not_empty,
        first="health-check-path-mismatch",
        also=("all-targets-unhealthy-fail-open",),
    ),
)
