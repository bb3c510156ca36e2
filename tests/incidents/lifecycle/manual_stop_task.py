from diagnostics.facts import AccessLogs, Target
from tests.incidents.building import LB_DIMENSION, PORT, TG_DIMENSION, Incident, change, minutes_of
from tests.incidents.cases import finds, look_alike
from tests.incidents.rows import closed, logged, no_target
from tests.incidents.stopping import LEAVING, leaving, lost_at, released_at

CODE = "manual-stop-task"
SHUTDOWN = "graceful-shutdown-missing"


def by_hand(**changes: object) -> Incident:
    return Incident().stopped(leaving(by="UserInitiated", took_s=2, **changes))  # type: ignore[arg-type]


def recorded() -> Incident:
    task = leaving(by="UserInitiated", took_s=2)
    request = {"cluster": "prod", "task": task.arn, "reason": "stuck"}
    return by_hand().changed(change("StopTask", minutes_ago=20.1, resources=("prod",), request=request))


def the_only_task() -> Incident:
    """One task served; for three minutes nothing did."""
    incident = by_hand().service(desired=1, running=1)
    incident.targets((Target(id="10.0.1.21", port=PORT, zone="us-east-1a", state="healthy"),))
    for statistic in ("Minimum", "Maximum"):
        points = minutes_of(1, 180, 20) + minutes_of(0, 20, 17) + minutes_of(1, 17)
        incident.metric("HealthyHostCount", points, statistic, LoadBalancer=LB_DIMENSION, TargetGroup=TG_DIMENSION)
    return logged(incident, lost_at(), no_target(200, since=19.9, until=17))


CASES = (
    finds(
        CODE,
        "a person stops a task that serves",
        lambda: logged(recorded(), lost_at(), released_at()),
        band="confirmed",
        also=(SHUTDOWN,),
        summary_says="role/ops-admin",
    ),
    finds(CODE, "the only task is stopped, and users see 502 and 503", the_only_task, also=(SHUTDOWN,)),
    finds(
        CODE,
        "no rows, errors in the minute of the stop",
        lambda: by_hand().elb_errors(502, 80, 20, 19),
        also=(SHUTDOWN,),
    ),
    finds(
        CODE,
        "access logs are denied",
        lambda: by_hand().elb_errors(502, 80, 20, 19).denied(AccessLogs, "s3:GetObject"),
        also=(SHUTDOWN,),
    ),
    look_alike(CODE, "nobody noticed", by_hand, verdict="no_fault_found"),
    look_alike(
        CODE,
        "the errors came first, and the stop was meant to mend them",
        lambda: logged(by_hand(), closed(200, (0.1, 4.0), since=35, until=20, targets=(f"{LEAVING}:8080",))),
        first="target-closed-mid-request",
    ),
    look_alike(
        CODE,
        "errors before the stop, without rows",
        lambda: by_hand().elb_errors(502, 80, 40, 18),
        first="insufficient-evidence",
        verdict="inconclusive",
    ),
    look_alike(
        CODE,
        "errors of other targets in the same minutes",
        lambda: logged(by_hand(), closed(200, (0.1, 4.0), since=24, until=16)),
        first="target-closed-mid-request",
    ),
    look_alike(
        CODE,
        "503 without a target in the same minutes, while three other tasks run",
        lambda: by_hand().elb_errors(503, 80, 20, 18),
        first="insufficient-evidence",
    ),
    look_alike(CODE, "ECS scaled in", lambda: logged(Incident().stopped(leaving(took_s=2)), lost_at()), first=SHUTDOWN),
)
