from collections.abc import Iterable

from diagnostics.facts import Metrics, ServiceDeployment, ServiceHistory, Target, TargetHealth
from tests.incidents.building import (
    LB_DIMENSION,
    PORT,
    TG,
    TG_DIMENSION,
    Incident,
    ago,
    deployment,
    minutes_of,
    stopped_task,
    task,
    task_definition_arn,
)
from tests.incidents.cases import finds, look_alike
from tests.incidents.rows import logged, no_target, refused

CODE = "deployment-gap"
TOO_LOW = "deployment-min-healthy-too-low"


def healthy(incident: Incident, usual: float, since: float, until: float, least: float = 0) -> Incident:
    """So many targets are healthy, but for these minutes."""
    for statistic in ("Minimum", "Maximum"):
        points = minutes_of(usual, 180, since) + minutes_of(least, since, until) + minutes_of(usual, until)
        incident.metric("HealthyHostCount", points, statistic, LoadBalancer=LB_DIMENSION, TargetGroup=TG_DIMENSION)
    return incident


def told(incident: Incident, left: float, came: float) -> Incident:
    incident.event(f"deregistered 1 targets in (target-group {TG})", left)
    return incident.event(f"registered 1 targets in (target-group {TG})", came)


def small(tasks: int, *, created: float = 20, **settings: int) -> Incident:
    new = deployment(8, created=created, desired=tasks, running=tasks)
    incident = Incident().service(
        desired=tasks, running=tasks, deployments=(new,), task_definition=task_definition_arn(8), **settings
    )
    return incident.targets(
        Target(id=f"10.0.1.{21 + n}", port=PORT, zone="us-east-1a", state="healthy") for n in range(tasks)
    )


def only_task_replaced(**settings: int) -> Incident:
    return told(healthy(small(1, **settings), 1, 18, 16), 18, 17)


def server_takes_its_time() -> Incident:
    """The new task is registered when its container runs, and its server listens forty seconds later."""
    incident = only_task_replaced(minimum_healthy_percent=0, maximum_percent=100)
    incident.running(task(1, "10.0.1.21", revision=8, started=17.2))
    lost = no_target(120, since=18, until=17.2)
    return logged(incident, lost, refused(60, since=17.1, until=16.5, targets=("10.0.1.21:8080",)))


def two_tasks(**settings: int) -> Incident:
    """Both old ones drain while both new ones are still initial."""
    return told(healthy(small(2, **settings), 2, 18, 16), 18, 19)


def right_now(states: Iterable[str]) -> Incident:
    new = deployment(8, created=3, desired=2, running=2, rollout_state="IN_PROGRESS")
    old = deployment(7, status="ACTIVE", desired=0, running=0)
    incident = Incident().service(desired=2, running=2, deployments=(new, old))
    incident.targets(
        Target(id=f"10.0.1.{40 + n}", port=PORT, zone="us-east-1a", state=state) for n, state in enumerate(states)
    )
    return logged(healthy(incident, 2, 2, 0), no_target(200, since=2, until=0.1))


def from_the_history() -> Incident:
    """ECS shows only the newest deployment; the one with the gap stands in the history."""
    incident = healthy(small(1, created=5), 1, 48, 45)
    past = ServiceDeployment(arn="arn:d/1", status="SUCCESSFUL", started_at=ago(50), finished_at=ago(44))
    return logged(incident.replace(ServiceHistory(deployments=(past,))), no_target(200, since=48, until=45))


def new_task_is_killed_for_memory() -> Incident:
    """The new revision serves for two minutes; its only task is killed, and 503s follow until the next one serves."""
    reason = "OutOfMemoryError: Container killed due to memory usage"
    killed = [
        stopped_task(n, minutes_ago=at, exit_code=137, reason=reason, revision=8) for n, at in enumerate((18, 14), 1)
    ]
    incident = healthy(small(1), 1, 18, 13).stopped(*killed)
    return logged(incident, no_target(200, since=18, until=13))


CASES = (
    finds(
        CODE,
        "one task, 0 and 100 percent: it goes before its successor serves",
        lambda: logged(
            only_task_replaced(minimum_healthy_percent=0, maximum_percent=100), no_target(200, since=18, until=16)
        ),
        first=TOO_LOW,
        role="consequence",
        band="confirmed",
    ),
    finds(
        CODE,
        "its successor is registered before its server listens, and refuses until then",
        server_takes_its_time,
        first=TOO_LOW,
        role="consequence",
        band="confirmed",
    ),
    finds(
        CODE,
        "two tasks, 100 and 200 percent, the new targets are still initial",
        lambda: logged(two_tasks(), no_target(200, since=18, until=16)),
        band="confirmed",
        summary_says="its 2 tasks",
    ),
    finds(CODE, "without access logs", lambda: two_tasks().elb_errors(503, 200, 18, 16), band="likely"),
    finds(CODE, "at this moment: two draining, two initial", lambda: right_now(("draining",) * 2 + ("initial",) * 2)),
    finds(CODE, "the deployment with the gap is in the history only", from_the_history),
    finds(
        CODE,
        "metrics could not be read, rows tell",
        lambda: logged(only_task_replaced(), no_target(200, since=18, until=16)).denied(
            Metrics, "cloudwatch:GetMetricData"
        ),
        band="likely",
    ),
    look_alike(
        CODE,
        "two tasks, and one was healthy all the time",
        lambda: healthy(small(2), 2, 18, 16, least=1).elb_errors(503, 200, 18, 16),
        first="deployment-regression",
    ),
    look_alike(
        CODE,
        "the 503s are half an hour before the deployment",
        lambda: logged(healthy(small(1, created=10), 1, 45, 43), no_target(200, since=45, until=43)),
        first="insufficient-evidence",
    ),
    look_alike(
        CODE,
        "the new revision's only task is killed for memory, again and again",
        new_task_is_killed_for_memory,
        first="task-oom-killed",
        also=("deployment-regression", "insufficient-task-count"),
    ),
    look_alike(
        CODE,
        "four tasks at 100 and 200 percent",
        lambda: logged(healthy(small(4), 4, 18, 16), no_target(200, since=18, until=16)),
        first="deployment-regression",
    ),
    look_alike(CODE, "a deployment without a gap", lambda: small(1), verdict="no_fault_found"),
    look_alike(
        CODE,
        "the only task crashed, no deployment near",
        lambda: logged(
            healthy(small(1, created=2000), 1, 20, 17).stopped(
                stopped_task(9, minutes_ago=20, exit_code=1, ran_minutes=300)
            ),
            no_target(200, since=20, until=17),
        ),
        first="task-crash-exit",
    ),
    look_alike(
        CODE,
        "target health could not be read, and the gap is not of a deployment",
        lambda: logged(
            healthy(small(1, created=2000), 1, 20, 17).denied(
                TargetHealth, "elasticloadbalancing:DescribeTargetHealth"
            ),
            no_target(200, since=20, until=17),
        ),
        first="insufficient-evidence",
    ),
)
