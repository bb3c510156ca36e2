"""Desired count 0."""

from diagnostics.facts import Change, ForwardTarget, Rule, RuleAction, RuleCondition
from tests.incidents.building import LISTENER, OTHER_TG, SERVICE, TG, Incident, change, deployment, forward_rule
from tests.incidents.cases import finds, look_alike
from tests.incidents.health_check.health_check_path_mismatch import put_right_before_cloudtrail_tells
from tests.incidents.registration.no_registered_targets import deregistered_by_hand, emptied
from tests.incidents.rows import fixed, logged, no_target

CODE = "service-scaled-to-zero"
EMPTY = ("no-registered-targets",)


def at_zero(incident: Incident) -> Incident:
    idle = deployment(desired=0, running=0)
    return incident.service(desired=0, running=0, deployments=(idle,)).running()


def by_a_person() -> Incident:
    update = change(
        "UpdateService",
        minutes_ago=12.5,
        resources=(SERVICE, "checkout"),
        request={"service": "checkout", "desiredCount": 0},
        source="ecs.amazonaws.com",
    )
    return at_zero(emptied(Incident())).changed(update)


def by_a_schedule() -> Incident:
    update = change(
        "UpdateService",
        minutes_ago=12.5,
        resources=("checkout",),
        request={"service": "checkout", "desiredCount": 0},
        actor="AWSServiceRoleForApplicationAutoScaling_ECSService",
        by_service="ecs.application-autoscaling.amazonaws.com",
    )
    return at_zero(emptied(Incident())).changed(update)


def nobody_asked_yet() -> Incident:
    return at_zero(Incident().targets(()))


def scaled(count: int, minutes_ago: float) -> Change:
    return change(
        "UpdateService",
        minutes_ago=minutes_ago,
        resources=(SERVICE, "checkout"),
        request={"service": "checkout", "desiredCount": count},
        source="ecs.amazonaws.com",
    )


def after_health_checks_were_put_right() -> Incident:
    return at_zero(emptied(put_right_before_cloudtrail_tells())).changed(scaled(0, 12.5))


def back_after_ten_minutes() -> Incident:
    return Incident().elb_errors(503, 600, 39, 29).changed(scaled(4, 30), scaled(0, 40))


def gone_for_another_reason() -> Incident:
    """The count went up and down an hour before the 503s came."""
    return Incident().elb_errors(503, 600, 39, 29).changed(scaled(4, 100), scaled(0, 110))


def parked_behind_weight_zero() -> Incident:
    """Blue was parked after the switch to green."""
    forward = (ForwardTarget(target_group_arn=TG, weight=0), ForwardTarget(target_group_arn=OTHER_TG, weight=1))
    rule = Rule(arn=f"{LISTENER}/default", priority=None, actions=(RuleAction(type="forward", forward=forward),))
    return at_zero(Incident().targets(()).rules(rule))


def somebody_else_registers() -> Incident:
    """Targets that a script registers keep the group filled."""
    return Incident().service(desired=0, running=0)


def a_few_meet_a_maintenance_rule() -> Incident:
    """One in a hundred of the 503 is a rule's own, on a path that has been closed for long."""
    maintenance = RuleAction(type="fixed-response", status_code=503)
    closed = RuleCondition(field="path-pattern", values=("/internal/*",))
    rule = Rule(arn=f"{LISTENER}/5", priority=5, conditions=(closed,), actions=(maintenance,))
    incident = at_zero(emptied(Incident(), since=30)).rules(rule, forward_rule())
    return logged(incident, no_target(5000, since=30), fixed(50, since=55), sample=60)


CASES = (
    finds(CODE, "somebody set the desired count to 0", by_a_person, band="confirmed", also=EMPTY),
    finds(CODE, "a schedule set it", by_a_schedule, band="confirmed", also=EMPTY),
    finds(
        CODE,
        "a few of the 503 are a maintenance rule's",
        a_few_meet_a_maintenance_rule,
        also=(*EMPTY, "fixed-response-5xx"),
    ),
    finds(CODE, "nobody asked yet", nobody_asked_yet, also=EMPTY),
    finds(
        CODE,
        "health checks failed before, and do not any more",
        after_health_checks_were_put_right,
        band="confirmed",
        also=(*EMPTY, "health-check-path-mismatch"),
    ),
    finds(CODE, "zero for ten minutes, and back", back_after_ten_minutes, summary_says="from 02:50 to 03:00 UTC"),
    look_alike(
        CODE,
        "zero an hour before the errors",
        gone_for_another_reason,
        first="insufficient-evidence",
        verdict="inconclusive",
    ),
    look_alike(CODE, "targets were deregistered, tasks run", deregistered_by_hand, first="no-registered-targets"),
    look_alike(CODE, "parked behind weight 0", parked_behind_weight_zero),
    look_alike(CODE, "somebody else registers targets", somebody_else_registers),
)
