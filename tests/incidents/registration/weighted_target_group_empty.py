"""One group of a weighted rule is empty."""

from diagnostics.facts import ServiceLoadBalancer, SiblingHealth, Target, TargetHealth
from tests.incidents.building import OTHER_TG, TG, Incident, change, forward_rule
from tests.incidents.cases import finds, look_alike
from tests.incidents.registration.no_registered_targets import emptied, half_of_a_weighted_pair
from tests.incidents.rows import closed, logged, no_target
from tests.incidents.weighted import beside, failing_share, weighted_rule

CODE = "weighted-target-group-empty"
CANARY = Target(id="10.0.1.99", port=8080, zone="us-east-1a", state="healthy")


def canary_was_scaled_down() -> Incident:
    return failing_share(beside(80, 20), 0.2)


def of_a_blue_green_pair(own: int, other: int) -> Incident:
    """ECS runs the pair itself; the new colour is empty."""
    setting = ServiceLoadBalancer(
        target_group_arn=TG, container_name="web", container_port=8080, alternate_target_group_arn=OTHER_TG
    )
    incident = Incident().rules(weighted_rule(own, other)).targets((), OTHER_TG)
    return incident.service(load_balancers=(setting,), deployment_strategy="CANARY")


def every_group_is_empty() -> Incident:
    incident = emptied(Incident()).rules(weighted_rule(50, 50))
    return incident.replace(SiblingHealth(by_group={OTHER_TG: ()}))


def idle_colour_of_code_deploy() -> Incident:
    """The test listener's rule still names the colour that CodeDeploy emptied."""
    test_rule = forward_rule(OTHER_TG).model_copy(update={"arn": "test", "priority": 5})
    incident = Incident().rules(test_rule, forward_rule()).targets((), OTHER_TG)
    return incident.service(deployment_controller="CODE_DEPLOY")


CASES = (
    finds(CODE, "the other half belongs to the same service", half_of_a_weighted_pair, summary_says="20 %"),
    finds(CODE, "the canary was scaled down and kept its weight", canary_was_scaled_down, band="confirmed"),
    finds(
        CODE,
        "somebody gave the canary its weight too early",
        lambda: canary_was_scaled_down().changed(
            change("ModifyRule", minutes_ago=12.5, resources=(weighted_rule(1, 1).arn,))
        ),
        band="confirmed",
    ),
    finds(
        CODE,
        "rows name the empty group",
        lambda: logged(beside(80, 20), no_target(300, group=OTHER_TG)),
        band="confirmed",
    ),
    finds(
        CODE,
        "the other half is draining only",
        lambda: failing_share(beside(90, 10, CANARY.model_copy(update={"state": "draining"})), 0.1),
    ),
    finds(
        CODE,
        "a share for the empty colour of a blue/green pair",
        lambda: failing_share(of_a_blue_green_pair(90, 10), 0.1),
        summary_says="10 %",
    ),
    finds(
        CODE,
        "the weight explains a tenth of the 503s, and the rest is left over",
        lambda: failing_share(beside(95, 5), 0.5),
        band="likely",
        also=("insufficient-evidence",),
    ),
    look_alike(CODE, "weight 0 may be empty", lambda: beside(100, 0), verdict="no_fault_found"),
    look_alike(
        CODE, "the colour of a pair rests with weight 0", lambda: of_a_blue_green_pair(100, 0), verdict="no_fault_found"
    ),
    look_alike(CODE, "CodeDeploy's idle colour", idle_colour_of_code_deploy, verdict="no_fault_found"),
    look_alike(
        CODE,
        "both halves have targets, and one closes connections",
        lambda: logged(beside(80, 20, CANARY), closed(40, (0.001, 0.02))),
        first="keepalive-race",
    ),
    look_alike(CODE, "every group of the rule is empty", every_group_is_empty, first="no-registered-targets"),
    look_alike(
        CODE,
        "nobody comes by the weighted rule, and nobody gets 503",
        lambda: beside(80, 20),
        risk=True,
        verdict="no_fault_found",
    ),
    look_alike(
        CODE,
        "the other half's targets could not be read",
        lambda: canary_was_scaled_down().denied(SiblingHealth, "elasticloadbalancing:DescribeTargetHealth"),
        first="insufficient-evidence",
    ),
    look_alike(
        CODE,
        "no target could be read at all",
        lambda: canary_was_scaled_down().denied(TargetHealth, "elasticloadbalancing:DescribeTargetHealth"),
        first="insufficient-evidence",
    ),
)
