from typing import Any

from pydantic import JsonValue

from diagnostics.facts import Change, Changes, ContainerHealthCheck, EarlierChanges, TargetHealth
from tests.incidents.building import (
    LB_DIMENSION,
    TG,
    TG_DIMENSION,
    Incident,
    change,
    definition,
    deployment,
    minutes_of,
    stopped_task,
    task,
)
from tests.incidents.cases import finds, look_alike
from tests.incidents.rows import logged, slow

CODE = "health-check-path-mismatch"
OPEN = "all-targets-unhealthy-fail-open"


def answers(*codes: int) -> str:
    return f"Health checks failed with these codes: [{', '.join(map(str, codes))}]"


def sick(*codes: int, targets: tuple[str, ...] | None = None, since: float = 20) -> Incident:
    return Incident().unhealthy("Target.ResponseCodeMismatch", answers(*codes), targets=targets, since=since)


def path_set(path: str, minutes_ago: float, **changes: Any) -> Incident:
    return Incident().changed(
        change(
            "ModifyTargetGroup",
            minutes_ago=minutes_ago,
            resources=(TG,),
            request={"targetGroupArn": TG, "healthCheckPath": path},
            **changes,
        )
    )


def path_edited_in_the_console(code: int = 404) -> Incident:
    return (
        path_set("/health-v2", 22)
        .health_check(path="/health-v2")
        .unhealthy("Target.ResponseCodeMismatch", answers(code), since=20)
    )


def weeks_ago(path: str) -> EarlierChanges:
    request = {"targetGroupArn": TG, "healthCheckPath": path, "healthCheckIntervalSeconds": 30}
    edit = change("ModifyTargetGroup", minutes_ago=30 * 24 * 60, resources=(TG,), request=request)
    return EarlierChanges(items=(edit,))


def the_path_before_is_older_than_the_window() -> Incident:
    return path_edited_in_the_console().replace(weeks_ago("/healthz"))


def edited_soon_after_a_deployment() -> Incident:
    """Ten minutes before the edit a roll-out had one target unhealthy for two minutes."""
    bout = minutes_of(1, 32, 30) + minutes_of(4, 20)
    return path_edited_in_the_console(500).metric(
        "UnHealthyHostCount", bout, "Maximum", LoadBalancer=LB_DIMENSION, TargetGroup=TG_DIMENSION
    )


def kill_loop_without_a_deployment() -> Incident:
    reason = f"Task failed ELB health checks in (target-group {TG})"
    return (
        sick(404, targets=("10.0.1.21", "10.0.1.22"))
        .stopped(
            *(
                stopped_task(
                    n, minutes_ago=n * 4, exit_code=143, stop_code="ServiceSchedulerInitiated", stopped_reason=reason
                )
                for n in range(1, 5)
            )
        )
        .event(f"(task {1:032x}) (port 8080) is unhealthy in (target-group {TG}) due to (reason {answers(404)})", 4)
        .elb_errors(502, 6, 16)
    )


def only_the_events_are_left() -> Incident:
    """At the moment of looking the replaced targets are gone and the new ones still initial."""
    incident = kill_loop_without_a_deployment()
    return incident.health("initial", "Elb.InitialHealthChecking", None, since=1)


def new_revision_lost_the_path() -> Incident:
    new = deployment(8, created=14, rollout_state="IN_PROGRESS", running=2)
    old = deployment(7, status="ACTIVE", desired=2, running=2)
    return (
        sick(404, targets=("10.0.1.21", "10.0.1.22"), since=10)
        .service(deployments=(new, old), task_definition=new.task_definition)
        .definitions(definition(7), definition(8), previous=7)
        .running(
            task(1, "10.0.1.21", revision=8, started=13),
            task(2, "10.0.1.22", revision=8, started=13),
            task(3, "10.0.2.21"),
            task(4, "10.0.2.22"),
        )
    )


def new_revision_is_replaced_for_ever() -> Incident:
    new = deployment(8, created=25, rollout_state="IN_PROGRESS", running=1, failed_tasks=4)
    old = deployment(7, status="ACTIVE", desired=3, running=3)
    reason = f"Task failed ELB health checks in (target-group {TG})"
    return (
        sick(404, targets=("10.0.2.22",), since=20)
        .service(deployments=(new, old), task_definition=new.task_definition)
        .definitions(definition(7), definition(8), previous=7)
        .running(
            *(task(n, ip) for n, ip in enumerate(("10.0.1.21", "10.0.1.22", "10.0.2.21"), 1)),
            task(9, "10.0.2.22", revision=8, started=2),
        )
        .stopped(
            *(
                stopped_task(
                    n,
                    minutes_ago=n * 5,
                    exit_code=143,
                    stop_code="ServiceSchedulerInitiated",
                    stopped_reason=reason,
                    revision=8,
                    ran_minutes=3,
                )
                for n in range(1, 5)
            )
        )
    )


def over_ipv6() -> Incident:
    incident = Incident()
    targets = tuple(
        target.model_copy(update={"id": f"2600:1f18::{number}"})
        for number, target in enumerate(incident.known(TargetHealth).by_group[TG], 1)
    )
    return incident.targets(targets).health(
        "unhealthy",
        "Target.ResponseCodeMismatch",
        answers(404),
        targets=tuple(target.id for target in targets),
        since=20,
    )


def the_container_asks_another_path() -> Incident:
    container = (
        definition()
        .containers[0]
        .model_copy(
            update={
                "health_check": ContainerHealthCheck(
                    command=("CMD-SHELL", "curl -f http://localhost:8080/ping || exit 1")
                )
            }
        )
    )
    healthy = [task(n, ip) for n, ip in enumerate(("10.0.1.21", "10.0.1.22", "10.0.2.21", "10.0.2.22"), 1)]
    return (
        sick(404)
        .definitions(definition(containers=(container,)))
        .running(
            *(
                one.model_copy(
                    update={"containers": (one.containers[0].model_copy(update={"health_status": "HEALTHY"}),)}
                )
                for one in healthy
            )
        )
    )


def never_healthy_and_answers_500_though_people_are_served() -> Incident:
    return sick(500, since=180)


def path_set_to_what_it_was() -> Incident:
    """The console sends every field; the path had that value before."""
    return sick(503).changed(*_set_twice()).target_errors(30, 20).of_group("HTTPCode_Target_2XX_Count", 20, 20)


def the_path_was_sent_along() -> Incident:
    """Somebody changed another field in the console."""
    incident = sick(503).changed(_set_twice()[0]).replace(weeks_ago("/healthz"))
    return incident.target_errors(30, 20).of_group("HTTPCode_Target_2XX_Count", 20, 20)


def _set_twice() -> tuple[Change, ...]:
    return tuple(
        change(
            "ModifyTargetGroup",
            minutes_ago=ago,
            resources=(TG,),
            request={"targetGroupArn": TG, "healthCheckPath": "/healthz"},
        )
        for ago in (22, 300)
    )


def changed_after_the_onset_to_help() -> Incident:
    return (
        path_set("/healthz2", 5)
        .health_check(path="/healthz2")
        .unhealthy("Target.ResponseCodeMismatch", answers(503), since=20)
    )


def change_was_refused() -> Incident:
    return path_set("/healthz", 22, error="AccessDenied").unhealthy(
        "Target.ResponseCodeMismatch", answers(401), since=20
    )


def put_right_again() -> Incident:
    """ECS replaced tasks until somebody took the edit back; nothing fails any more."""
    return mended("Health checks failed with these codes: [404]", "healthCheckPath", ("/healthz", "/status"))


def put_right_before_cloudtrail_tells() -> Incident:
    """The same, asked about within the minutes that CloudTrail takes: the path that was read never failed."""
    return put_right_again().replace(Changes(items=()))


def login_put_right_again() -> Incident:
    return mended("Health checks failed with these codes: [401]", "healthCheckPath", ("/healthz", "/admin"))


def mended(words: str, key: str, values: tuple[JsonValue, JsonValue] | tuple[JsonValue]) -> Incident:
    """The failure that `words` tell of went on until `key` got its present value, the first of `values`; the second is
    what it was set to before, where CloudTrail still knows."""
    group = f"(target-group {TG})"
    incident = Incident()
    for number, minutes in enumerate((48, 44, 40, 36)):
        reason = f"(reason {words})"
        text = f"(task {number:08x}{0:024x}) (port 8080) is unhealthy in {group} due to {reason}."
        incident.event(text, minutes)
        incident.stopped(
            stopped_task(
                number,
                minutes_ago=minutes - 0.2,
                stop_code="ServiceSchedulerInitiated",
                stopped_reason=f"Task failed ELB health checks in {group}",
                exit_code=0,
            )
        )
    return incident.changed(
        *(
            change(
                "ModifyTargetGroup", minutes_ago=minutes, resources=(TG,), request={"targetGroupArn": TG, key: value}
            )
            for value, minutes in zip(values, (37.0, 50.0), strict=False)
        )
    )


CASES = (
    finds(CODE, "the edit was taken back", put_right_again, summary_says="path /status answered 404; over since"),
    finds(
        CODE,
        "taken back, and CloudTrail does not tell it yet",
        put_right_before_cloudtrail_tells,
        band="possible",
        summary_says="none fails now",
    ),
    finds(
        CODE,
        "taken back long before targets became slow",
        lambda: logged(put_right_again(), slow(60, since=15)),
        first="target-slow-response",
        band="possible",
        also=("target-slow-response",),
    ),
    finds(CODE, "a path behind the login, taken back", login_put_right_again, summary_says="path /admin answered 401"),
    finds(
        CODE,
        "somebody edits the health check's path; users are served because the load balancer fails open",
        path_edited_in_the_console,
        also=(OPEN,),
        band="confirmed",
    ),
    finds(
        CODE,
        "the path before the edit is older than the window",
        the_path_before_is_older_than_the_window,
        also=(OPEN,),
        band="confirmed",
    ),
    finds(CODE, "the edited path answers 500", lambda: path_edited_in_the_console(500), also=(OPEN,), band="confirmed"),
    finds(CODE, "the edit came soon after a bumpy deployment", edited_soon_after_a_deployment, also=(OPEN,)),
    finds(CODE, "the edited path asks for a login", lambda: path_edited_in_the_console(401), also=(OPEN,)),
    finds(CODE, "one target of four has lost the path", lambda: sick(404, targets=("10.0.2.21",)), band="confirmed"),
    finds(CODE, "some nodes got 404 and some 405", lambda: sick(404, 405), also=(OPEN,)),
    finds(CODE, "the path answers 204 and the matcher wants 200", lambda: sick(204), also=(OPEN,)),
    finds(CODE, "ECS replaces the tasks for ever, with 502 at the kills", kill_loop_without_a_deployment),
    finds(CODE, "only events remember the replaced targets", only_the_events_are_left),
    finds(
        CODE,
        "a new revision lost the path; the deployment only contributes",
        new_revision_lost_the_path,
        also=("deployment-regression",),
    ),
    finds(
        CODE,
        "the new revision's tasks are replaced for ever; the looping deployment follows from the path",
        new_revision_is_replaced_for_ever,
        also=("deployment-regression", "deployment-failing-loop"),
    ),
    finds(CODE, "targets with IPv6 addresses", over_ipv6, also=(OPEN,)),
    finds(CODE, "the container's own check passes on another path", the_container_asks_another_path, also=(OPEN,)),
    finds(
        CODE,
        "never healthy on this path, people are answered well",
        never_healthy_and_answers_500_though_people_are_served,
        also=(OPEN,),
        band="likely",
    ),
    finds(
        CODE,
        "CloudTrail may not be read",
        lambda: sick(404, targets=("10.0.2.21",)).denied(Changes, "cloudtrail:LookupEvents"),
    ),
    look_alike(
        CODE,
        "the path was set to what it was",
        path_set_to_what_it_was,
        first="health-check-app-error",
        also=(OPEN, "target-generated-5xx"),
    ),
    look_alike(
        CODE,
        "the console sent the path along, which was the same for weeks",
        the_path_was_sent_along,
        first="health-check-app-error",
        also=(OPEN, "target-generated-5xx"),
    ),
    look_alike(
        CODE,
        "the path was changed after the onset, as a try to help",
        changed_after_the_onset_to_help,
        first="health-check-app-error",
        also=(OPEN,),
    ),
    look_alike(CODE, "AWS refused the change", change_was_refused, first="health-check-auth-required", also=(OPEN,)),
    look_alike(
        CODE,
        "target health may not be read",
        lambda: Incident().denied(TargetHealth, "elasticloadbalancing:DescribeTargetHealth"),
        verdict="no_fault_found",
    ),
)
