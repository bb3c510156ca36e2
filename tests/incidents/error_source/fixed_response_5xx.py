from diagnostics.facts import Listeners, Rule, RuleAction, RuleCondition
from tests.incidents.building import (
    LB_DIMENSION,
    LISTENER,
    OTHER_TG,
    TARGETS,
    TG,
    TG_DIMENSION,
    Incident,
    change,
    definition,
    deployment,
    forward_rule,
    minutes_of,
    stopped_task,
    task,
)
from tests.incidents.cases import finds, look_alike
from tests.incidents.rows import answered, logged
from tests.incidents.rows import fixed as by_rule

CODE = "fixed-response-5xx"
MAINTENANCE = f"{LISTENER}/maintenance"


def fixed(priority: int | None, *conditions: RuleCondition, code: int = 503) -> Rule:
    return Rule(
        arn=MAINTENANCE if priority else f"{LISTENER}/default",
        priority=priority,
        conditions=conditions,
        actions=(RuleAction(type="fixed-response", status_code=code, message_body="maintenance"),),
    )


def path(*values: str) -> RuleCondition:
    return RuleCondition(field="path-pattern", values=values)


def host(*values: str) -> RuleCondition:
    return RuleCondition(field="host-header", values=values)


def own(priority: int, *conditions: RuleCondition, group: str = TG) -> Rule:
    return forward_rule(group).model_copy(
        update={"arn": f"{LISTENER}/{priority}", "priority": priority, "conditions": conditions}
    )


def given(incident: Incident, per_minute: float = 600, since: float = 20) -> Incident:
    return incident.of_balancer("HTTP_Fixed_Response_Count", per_minute, since).elb_errors(503, per_minute, since)


def maintenance_left_on() -> Incident:
    return (
        given(Incident().rules(fixed(1, path("/checkout*")), own(10, path("/checkout/*")), fixed(None, code=404)))
        .of_group("RequestCount", 600, 180, 20)
        .of_group("HTTPCode_Target_2XX_Count", 600, 180, 20)
        .changed(change("CreateRule", minutes_ago=21, resources=(MAINTENANCE, LISTENER)))
    )


def maintenance_on_a_shared_load_balancer() -> Incident:
    return given(
        Incident()
        .shared_with_search()
        .rules(
            fixed(1, host("shop.example.com")),
            own(5, path("/search*"), group=OTHER_TG),
            own(10, host("shop.example.com"), path("/checkout*")),
        )
        .of_group("RequestCount", 600, 180, 20)
        .of_group("HTTPCode_Target_2XX_Count", 600, 180, 20)
    )


def url_of_the_maintenance_page() -> Incident:
    incident = given(Incident().rules(fixed(1, path("/checkout*")), own(10, path("/orders*")), fixed(None, code=404)))
    incident.subject = incident.subject.model_copy(
        update={"query": "https://shop.example.com/checkout", "kind": "target-group", "rule_arn": MAINTENANCE}
    )
    return incident


def the_rule_was_deleted() -> Incident:
    """The service's own rule is gone: the default answers, and no target group gets a request."""
    words = "Target group is not configured to receive traffic from the load balancer"
    incident = Incident().rules(own(5, path("/search*"), group=OTHER_TG), fixed(None))
    return given(incident.health("unused", "Target.NotInUse", words).of_group("RequestCount", 0, 180))


def a_part_is_taken() -> Incident:
    return given(Incident().rules(fixed(1, path("/checkout/export*")), own(10, path("/checkout/*"))), 30)


def nobody_forwards_any_more() -> Incident:
    return given(Incident().rules(fixed(None))).of_group("RequestCount", 600, 180, 20)


def only_the_test_listener_forwards() -> Incident:
    """The rule of port 443 is gone; the service keeps one on a port that nobody uses."""
    incident = given(Incident().rules(fixed(None)), since=15).of_group("RequestCount", 600, 180, 15)
    users = incident.known(Listeners).items[0]
    test = users.model_copy(update={"arn": f"{LISTENER}-test", "port": 8443, "rules": (forward_rule(),)})
    return incident.replace(Listeners(items=(users, test)))


def maintenance_that_is_over() -> Incident:
    """The rule was there for ten minutes, and nobody finds it any more."""
    return logged(Incident(), by_rule(3000, 503, "1", since=40, until=30), sample=60)


def catch_all_that_nobody_meets() -> Incident:
    return Incident().rules(own(10, path("/checkout/*")), fixed(None))


def catch_all_for_scanners_on_a_shared_load_balancer() -> Incident:
    return given(
        Incident()
        .shared_with_search()
        .rules(own(5, path("/search*"), group=OTHER_TG), own(10, path("/checkout*")), fixed(None)),
        5,
    )


def of_another_host() -> Incident:
    return given(
        Incident()
        .shared_with_search()
        .rules(
            fixed(1, host("old.example.com")),
            own(5, host("search.example.com"), group=OTHER_TG),
            own(10, host("shop.example.com")),
        ),
        5,
    )


def left_on_after_a_mended_health_path() -> Incident:
    """The health path was wrong for a quarter of an hour, and put right before the maintenance began."""
    sick = (*minutes_of(0, 180, 55), *minutes_of(4, 55, 40), *minutes_of(0, 40))
    return (
        maintenance_left_on()
        .of_group("RequestCount", 600, 180, 20)
        .metric("HTTPCode_ELB_503_Count", (*minutes_of(90, 55, 40), *minutes_of(600, 20)), LoadBalancer=LB_DIMENSION)
        .metric("UnHealthyHostCount", sick, "Maximum", LoadBalancer=LB_DIMENSION, TargetGroup=TG_DIMENSION)
        .changed(
            change("ModifyTargetGroup", minutes_ago=56, resources=(TG,), request={"healthCheckPath": "/gone"}),
            change("ModifyTargetGroup", minutes_ago=41, resources=(TG,), request={"healthCheckPath": "/healthz"}),
            change("CreateRule", minutes_ago=21, resources=(MAINTENANCE, LISTENER)),
        )
    )


def left_on_after_crashes_of_a_former_release() -> Incident:
    """checkout:8 crashed, checkout:9 has run well for 35 minutes; then somebody puts the page before it."""
    incident = maintenance_left_on()
    now = deployment(9, created=40)
    crashed = (stopped_task(n, minutes_ago=40 + n * 2, exit_code=1, revision=8, ran_minutes=1) for n in range(1, 9))
    return (
        incident.service(deployments=(now,), task_definition=now.task_definition)
        .definitions(definition(8), definition(9), previous=8)
        .running(*(task(n, ip, revision=9, started=38) for n, ip in enumerate(TARGETS, 1)))
        .stopped(*crashed)
        .metric("HTTPCode_ELB_502_Count", minutes_of(60, 57, 41), LoadBalancer=LB_DIMENSION)
    )


def left_on_after_crashes_of_the_present_release() -> Incident:
    """Its tasks crashed while a dependency was down; they have run well since."""
    crashed = (stopped_task(n, minutes_ago=40 + n * 2, exit_code=1, ran_minutes=1) for n in range(1, 9))
    return (
        maintenance_left_on()
        .stopped(*crashed)
        .metric("HTTPCode_ELB_502_Count", minutes_of(60, 57, 41), LoadBalancer=LB_DIMENSION)
    )


CASES = (
    finds(
        CODE,
        "many fixed answers are the 404 of the default rule, and counters do not tell them apart",
        lambda: maintenance_left_on().of_balancer("HTTPCode_ELB_4XX_Count", 200, 180),
        band="likely",
    ),
    finds(
        CODE,
        "the page is left on after a health path that was put right",
        left_on_after_a_mended_health_path,
        band="confirmed",
    ),
    finds(
        CODE,
        "the page is left on after crashes of a release that is gone",
        left_on_after_crashes_of_a_former_release,
        also=("task-crash-exit",),
        band="confirmed",
    ),
    finds(
        CODE,
        "the page is left on after crashes of the release that runs",
        left_on_after_crashes_of_the_present_release,
        also=("task-crash-exit",),
        band="confirmed",
    ),
    finds(
        CODE,
        "the maintenance rule was left on before the service's own",
        maintenance_left_on,
        summary_says="rule 1 of port 443",
    ),
    finds(
        CODE,
        "a maintenance rule on a shared load balancer hides the service",
        maintenance_on_a_shared_load_balancer,
        band="confirmed",
    ),
    finds(CODE, "somebody asks about a URL that the maintenance rule takes", url_of_the_maintenance_page),
    finds(
        CODE,
        "the service's own rule was deleted",
        the_rule_was_deleted,
        first="target-group-not-in-rule",
        role="consequence",
        summary_says="no rule sends requests",
    ),
    finds(CODE, "a rule takes a part of the paths", a_part_is_taken, band="likely"),
    finds(
        CODE,
        "requests that no rule takes get the default's 503",
        lambda: given(catch_all_that_nobody_meets(), 40),
        band="likely",
        summary_says="the default rule",
    ),
    finds(
        CODE,
        "users' own rule was deleted, a test listener still forwards",
        only_the_test_listener_forwards,
        band="likely",
    ),
    finds(
        CODE,
        "the maintenance is over and its rule is gone",
        maintenance_that_is_over,
        band="likely",
        summary_says="no such rule is there any more, the last was at 03:00 UTC",
    ),
    finds(
        CODE,
        "rows name the rule, and rules may not be read",
        lambda: maintenance_that_is_over().denied(Listeners, "elasticloadbalancing:DescribeRules"),
        band="likely",
    ),
    look_alike(
        CODE,
        "the targets answer 503 as in a maintenance that they know of",
        lambda: logged(Incident(), answered(3000, 503, since=40, until=30), sample=60),
        first="target-generated-5xx",
    ),
    look_alike(
        CODE,
        "a rule that is gone, on a load balancer whose errors may be another's",
        lambda: logged(Incident().shared_with_search(), by_rule(3000, 503, "1", since=40, until=30), sample=60),
        first="insufficient-evidence",
    ),
    look_alike(
        CODE, "a catch-all default rule that nobody meets", catch_all_that_nobody_meets, verdict="no_fault_found"
    ),
    look_alike(
        CODE,
        "scanners get the default's 503 on a shared load balancer",
        catch_all_for_scanners_on_a_shared_load_balancer,
        first="insufficient-evidence",
    ),
    look_alike(CODE, "the fixed answer belongs to another host", of_another_host, first="insufficient-evidence"),
    look_alike(
        CODE,
        "a maintenance rule that waits for its day",
        lambda: (
            Incident()
            .rules(fixed(1, path("/checkout*")), own(10, path("/checkout/*")))
            .of_group("RequestCount", 0, 180)
        ),
        risk=True,
        verdict="no_fault_found",
    ),
)
