"""Roles that are absent, cannot be assumed, or lack one permission."""

from tests.incidents.building import Incident, stopped_task
from tests.incidents.cases import finds, look_alike

CODE = "ecs-iam-misconfigured"
ASSUME = (
    "failed to launch a task with (error ECS was unable to assume the role 'arn:aws:iam::111122223333:role/checkout'"
    " that was provided for this task. Please verify that the role being passed has the proper trust relationship and"
    " permissions and that your IAM user has permissions to pass this role.)."
)
TRUST = "was unable to place a task. Reason: IAM trust relationship has been misconfigured."
REGISTER = (
    "failed to register targets in (target-group arn:aws:elasticloadbalancing:us-east-1:111122223333:targetgroup/x/1)"
    " with (error User is not authorized to perform: elasticloadbalancing:RegisterTargets)"
)
LACKS_ONE = (
    "ResourceInitializationError: unable to pull secrets or registry auth: AccessDeniedException: User:"
    " arn:aws:sts::111122223333:assumed-role/ecsTaskExecutionRole/x is not authorized to perform:"
    " secretsmanager:GetSecretValue"
)


def short(message: str, running: int = 0) -> Incident:
    incident = Incident().service(running=running, pending=0).event(message, 6).event(message, 26)
    return incident.targets(()).running().elb_errors(503, 500, 20) if running == 0 else incident


def role_is_gone() -> Incident:
    failed = stopped_task(
        1,
        minutes_ago=8,
        stop_code="TaskFailedToStart",
        stopped_reason="ResourceInitializationError: ECS was unable to assume the role 'arn:aws:iam::1:role/exec' that"
        " was provided for this task.",
    )
    return short("is unable to consistently start tasks successfully.", 2).stopped(failed)


def execution_role_lacks_a_permission() -> Incident:
    failed = stopped_task(1, minutes_ago=8, stop_code="TaskFailedToStart", stopped_reason=LACKS_ONE)
    return Incident().service(running=2, pending=0).stopped(failed)


def tasks_run_and_are_not_registered() -> Incident:
    return Incident().event(REGISTER, 8).targets(()).elb_errors(503, 500, 20)


EMPTY = ("no-registered-targets",)
CASES = (
    finds(CODE, "the task role cannot be assumed", lambda: short(ASSUME), also=EMPTY, summary_says="assumed"),
    finds(CODE, "its trust relationship was changed", lambda: short(TRUST), also=EMPTY),
    finds(CODE, "the execution role is gone", role_is_gone),
    finds(CODE, "tasks run and ECS may not register them", tasks_run_and_are_not_registered, also=EMPTY),
    look_alike(
        CODE,
        "the execution role lacks one permission",
        execution_role_lacks_a_permission,
        first="resource-initialization-failed",
    ),
    look_alike(CODE, "it was mended in the meantime", lambda: short(ASSUME, 4), verdict="no_fault_found"),
)
