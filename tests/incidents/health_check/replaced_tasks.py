"""Health checks that fail while ECS replaces the tasks: what they failed for stands in events, not in target health."""

from diagnostics.facts import StoppedTasks
from tests.incidents.building import TARGETS, TG, Incident, change, deployment, stopped_task, task, task_definition_arn
from tests.incidents.cases import Case, finds, look_alike
from tests.incidents.replacing import KILLED, MOMENTS, NOT_FOUND, SILENT, replacing

PATH, TIMEOUT = "health-check-path-mismatch", "health-check-timeout-too-short"
APP_ERROR, AUTH = "health-check-app-error", "health-check-auth-required"
GRACE = "health-check-grace-period-too-short"
EMPTY = "no-registered-targets"


def stops_could_not_be_read() -> Incident:
    incident = replacing(Incident(), NOT_FOUND, "empty", stops_known=False)
    return incident.denied(StoppedTasks, "ecs:ListTasks")


def _event(incident: Incident, minutes_ago: float, number: int = 40) -> Incident:
    words = f"(task {number:08x}{0:024x}) (port 8080) is unhealthy in (target-group {TG}) due to (reason {NOT_FOUND})."
    return incident.event(words, minutes_ago)


def long_ago() -> Incident:
    """Three quarters of an hour ago; ECS has said nothing since, and all targets are well."""
    return _event(Incident(), 45)


def followed_by_a_steady_state() -> Incident:
    """The last task of a scale-out failed once and came up; one target is new at the moment for another reason."""
    incident = _event(Incident(), 8).event("has reached a steady state.", 4)
    return incident.health("initial", "Elb.InitialHealthChecking", None, targets=["10.0.1.21"], since=1)


def mended_by_a_newer_deployment() -> Incident:
    """Revision 8 answered 404; revision 9 is half rolled out and passes."""
    new = deployment(9, created=4, rollout_state="IN_PROGRESS", running=2, pending=2)
    old = deployment(7, status="ACTIVE", desired=2, running=2)
    tasks = [task(n, ip, revision=9 if n < 3 else 7, started=3 if n < 3 else 600) for n, ip in enumerate(TARGETS, 1)]
    incident = Incident().service(task_definition=task_definition_arn(9), deployments=(new, old)).running(*tasks)
    return _event(_event(incident, 9), 6, number=41)


def the_path_was_put_right() -> Incident:
    """Somebody set the path back a minute ago; the new target has not been checked yet."""
    incident = replacing(Incident(), NOT_FOUND, "initial", last_min=3, stops_known=False)
    return incident.changed(change("ModifyTargetGroup", minutes_ago=1, resources=(TG,)))


def crashed_while_it_was_checked() -> Incident:
    """Its last health check timed out because the process was gone."""
    words = f"(task {40:08x}{0:024x}) (port 8080) is unhealthy in (target-group {TG}) due to (reason {SILENT})."
    return (
        Incident()
        .stopped(stopped_task(40, minutes_ago=2, exit_code=1), stopped_task(41, minutes_ago=9, exit_code=1))
        .event(words, 2.5)
        .health("initial", "Elb.InitialHealthChecking", None, targets=["10.0.1.21"], since=1)
    )


def opened_again() -> Incident:
    """The security group let nobody in and does again since a minute."""
    incident = replacing(Incident(), SILENT, "empty", last_min=2)
    return incident.changed(change("AuthorizeSecurityGroupIngress", minutes_ago=1, resources=("sg-0c2d",)))


def rolled_back_after_404() -> Incident:
    """The circuit breaker went back to revision 7 a few minutes ago: over, and still worth telling why."""
    back = deployment(7, created=5)
    stops = [
        stopped_task(
            40 + n,
            minutes_ago=7 + 3 * n,
            exit_code=143,
            stop_code="ServiceSchedulerInitiated",
            stopped_reason=KILLED,
            revision=8,
            ran_minutes=2,
        )
        for n in range(3)
    ]
    incident = Incident().service(deployments=(back,)).stopped(*stops)
    for n in range(3):
        _event(incident, 7.4 + 3 * n, number=40 + n)
    return incident.event("has reached a steady state.", 2)


CASES = (
    *(
        Case(
            PATH,
            f"the only task is replaced for 404, target group {moment}",
            lambda moment=moment: replacing(Incident(), NOT_FOUND, moment),  # type: ignore[misc]
            "finds",
            also=(EMPTY,),
            band="confirmed",
        )
        for moment in MOMENTS
    ),
    finds(PATH, "the stopped tasks could not be read", stops_could_not_be_read, also=(EMPTY,)),
    finds(PATH, "the circuit breaker has rolled back since", rolled_back_after_404),
    *(
        Case(
            code,
            f"the only task is replaced for {reason}, target group {moment}",
            lambda reason=reason, moment=moment: replacing(Incident(), reason, moment, ran_min=9, served=True),  # type: ignore[misc]
            "finds",
            also=(EMPTY,),
        )
        for moment in MOMENTS
        for code, reason in (
            (APP_ERROR, "Health checks failed with these codes: [503]"),
            (AUTH, "Health checks failed with these codes: [401]"),
            (TIMEOUT, SILENT),
        )
    ),
    look_alike(PATH, "an event of three quarters of an hour ago", long_ago, verdict="no_fault_found"),
    look_alike(PATH, "a steady state came after it", followed_by_a_steady_state, verdict="no_fault_found"),
    look_alike(PATH, "a newer deployment passes", mended_by_a_newer_deployment, verdict="no_fault_found"),
    look_alike(PATH, "the path was put right", the_path_was_put_right, first="insufficient-evidence"),
    look_alike(TIMEOUT, "the task had crashed", crashed_while_it_was_checked, first="task-crash-exit"),
    look_alike(TIMEOUT, "the network was opened again", opened_again, first=EMPTY, also=(GRACE,)),
)
