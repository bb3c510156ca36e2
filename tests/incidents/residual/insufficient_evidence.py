from typing import Any

from diagnostics.facts import SecurityGroups, StoppedTasks, TargetHealth
from tests.incidents.building import LB_DIMENSION, OTHER_TG, TASK_SG, TG, Incident, change, minutes_of, stopped_task
from tests.incidents.cases import finds, look_alike

OTHER = {"LoadBalancer": LB_DIMENSION, "TargetGroup": OTHER_TG.rsplit(":", 1)[1]}


def another_target_group_is_sick() -> Incident:
    return (
        Incident()
        .shared_with_search()
        .elb_errors(502, 40, 20)
        .metric("TargetConnectionErrorCount", minutes_of(40, 20), **OTHER)
    )


def kept_stopping(until: float = 12) -> Incident:
    """Tasks were replaced every two minutes because nobody got in; all is well since, and the rules are open."""
    reason = f"Task failed ELB health checks in (target-group {TG})"
    kinds: dict[str, Any] = {"stop_code": "ServiceSchedulerInitiated", "stopped_reason": reason, "exit_code": 143}
    tasks = (stopped_task(n, minutes_ago=until + 2 * n, **kinds) for n in range(8))
    return Incident().stopped(*tasks).elb_errors(504, 40, until + 14, until)


def the_rule_was_put_back(minutes_ago: float = 13, until: float = 12) -> Incident:
    rule = change("AuthorizeSecurityGroupIngress", minutes_ago=minutes_ago, resources=(TASK_SG,))
    return kept_stopping(until).changed(rule)


def nobody_may_read_the_rules() -> Incident:
    return (
        Incident()
        .unhealthy("Target.Timeout", "Request timed out", since=20)
        .elb_errors(504, 40, 20)
        .denied(SecurityGroups, "ec2:DescribeSecurityGroups")
    )


CASES = (
    finds("insufficient-evidence", "tasks kept stopping, and nobody changed anything", kept_stopping),
    finds(
        "insufficient-evidence",
        "a rule was added, and a minute of quiet tells nothing yet",
        lambda: the_rule_was_put_back(3, until=1),
    ),
    finds(
        "insufficient-evidence",
        "a rule was added at the beginning, and it went on for long",
        lambda: the_rule_was_put_back(25),
    ),
    look_alike(
        "insufficient-evidence",
        "somebody put the rule back, and all is well since",
        the_rule_was_put_back,
        verdict="no_fault_found",
    ),
    finds(
        "insufficient-evidence",
        "a steady trickle of 502 and nothing else to see",
        lambda: Incident().elb_errors(502, 2, 59),
        also=("keepalive-race",),
    ),
    finds(
        "insufficient-evidence",
        "504, and target health may not be read",
        lambda: Incident().elb_errors(504, 40, 20).denied(TargetHealth, "elasticloadbalancing:DescribeTargetHealth"),
    ),
    finds(
        "insufficient-evidence",
        "504, all targets are unhealthy, and the rules on the way may not be read",
        nobody_may_read_the_rules,
        first="health-check-timeout-too-short",
        also=("all-targets-unhealthy-fail-open",),
        summary_says="what else was found does not explain that",
    ),
    finds(
        "insufficient-evidence",
        "502 on a shared load balancer that nothing points to",
        lambda: Incident().shared_with_search().elb_errors(502, 40, 20),
        summary_says="nothing points to this one",
    ),
    look_alike("insufficient-evidence", "all is well", Incident, verdict="no_fault_found"),
    look_alike(
        "insufficient-evidence",
        "another target group has the errors",
        another_target_group_is_sick,
        verdict="no_fault_found",
    ),
    look_alike(
        "insufficient-evidence",
        "a crash explains the errors",
        lambda: (
            Incident()
            .stopped(*(stopped_task(n, minutes_ago=n * 3, exit_code=1) for n in (1, 2, 3)))
            .elb_errors(502, 20, 10)
        ),
        first="task-crash-exit",
    ),
    look_alike(
        "insufficient-evidence",
        "two errors in an hour are noise",
        lambda: Incident().elb_errors(502, 1, 1),
        verdict="no_fault_found",
    ),
    look_alike(
        "insufficient-evidence",
        "stopped tasks cannot be read and all is well",
        lambda: Incident().denied(StoppedTasks, "ecs:DescribeTasks"),
    ),
)
