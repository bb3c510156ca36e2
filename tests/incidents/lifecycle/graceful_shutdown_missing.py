from diagnostics.facts import AccessLogs, ApplicationLogs, Latency, LogLine, StoppedTasks, TargetGroupAttributes
from tests.incidents.building import Incident, ago, deployment, minutes_of
from tests.incidents.cases import finds, look_alike
from tests.incidents.connection.keepalive_race import running
from tests.incidents.network.sg_ingress_missing import revoked, silent, task_group
from tests.incidents.rows import ALL_TARGETS, answered, closed, connect_timeouts, logged
from tests.incidents.stopping import LEAVING, leaving, lost_at, refused_at, released_at, with_delay

CODE = "graceful-shutdown-missing"
DELAY, MANUAL = "deregistration-delay-too-short", "manual-stop-task"


def leaves_at_once(delay_s: int = 5) -> Incident:
    return with_delay(Incident().stopped(leaving(took_s=3)), delay_s)


def replaced_one_by_one() -> Incident:
    """A rolling deployment replaces the four tasks, each of which is gone within seconds."""
    new = deployment(8, created=30)
    tasks = [leaving(n, minutes_ago=28 - n, took_s=2, ip=f"10.0.1.{60 + n}") for n in range(4)]
    rows = [lost_at(28 - n, 15, after_s=(0.01, 0.3), targets=(f"10.0.1.{60 + n}:8080",)) for n in range(4)]
    return logged(with_delay(Incident().service(deployments=(new,)).stopped(*tasks), 0), *rows)


def race_beside_a_deployment() -> Incident:
    """A trickle of resets on all targets; two old ones drained properly in between, with their part of it."""
    new = deployment(8, created=30)
    tasks = [leaving(n, minutes_ago=25 - n, took_s=300, ip=f"10.0.1.{60 + n}") for n in range(2)]
    targets = (*ALL_TARGETS, "10.0.1.60:8080", "10.0.1.61:8080")
    incident = running("node:20", "node", "server.js").service(deployments=(new,)).stopped(*tasks)
    return logged(incident, closed(120, (0.001, 0.02), since=59, targets=targets))


def goodbye() -> ApplicationLogs:
    """The task's last lines, a second apart."""
    lines = tuple(
        LogLine(
            at=ago(20.05 - n / 60),
            text=text,
            log_group="/ecs/checkout",
            container="web",
            task=leaving().id,
            signature=signature,
        )
        for n, (text, signature) in enumerate((("SIGTERM received", "shutdown"), ("bye", None)))
    )
    return ApplicationLogs(
        source="filter",
        covered_from=ago(60),
        covered_to=ago(0),
        log_groups=("/ecs/checkout",),
        lines_read=2,
        lines=lines,
    )


def counters_only() -> Incident:
    return with_delay(Incident().stopped(leaving(took_s=2)), 5).elb_errors(502, 80, 20, 19)


def shut_out_while_tasks_go() -> Incident:
    """Nobody gets through to any target, and a roll-out happens to stop one of them meanwhile."""
    incident = silent(Incident().security_group(task_group())).changed(revoked(13))
    incident.stopped(leaving(minutes_ago=8))
    return logged(incident, connect_timeouts(2400, since=12), released_at(minutes_ago=8, count=400))


def counted_in_part() -> Incident:
    """CloudWatch lacks the minute with most of the errors, and what it has would be noise."""
    incident = logged(with_delay(Incident().stopped(leaving()), 5), lost_at())
    return incident.elb_errors(502, 2, 19, 18)


CASES = (
    finds(CODE, "the counter lacks a minute of the rows", counted_in_part, also=(DELAY,)),
    finds(
        CODE,
        "a person stopped it, rows denied",
        lambda: (
            Incident()
            .stopped(leaving(by="UserInitiated", took_s=2))
            .elb_errors(502, 80, 20, 19)
            .denied(AccessLogs, "s3:GetObject")
        ),
        first=MANUAL,
        role="contributing",
        band="likely",
    ),
    finds(
        CODE,
        "a scale-in with a delay of five seconds and a process that goes at once",
        lambda: logged(leaves_at_once(), lost_at(), refused_at()),
        band="confirmed",
        also=(DELAY,),
    ),
    finds(CODE, "each task of a rolling deployment drops its requests", replaced_one_by_one, also=(DELAY,)),
    finds(
        CODE,
        "a drain of 300 s should have left nothing to lose, and the rows are there",
        lambda: logged(Incident().stopped(leaving(took_s=12)), lost_at(before_min=0.5)),
        band="likely",
    ),
    finds(
        CODE,
        "Spot gave the order",
        lambda: logged(
            Incident().stopped(leaving(by="SpotInterruption", reason="Your Spot Task was interrupted.")), lost_at()
        ),
        first="spot-interruption",
        role="contributing",
    ),
    finds(
        CODE,
        "only the released address gives itself away, with 504 after ten seconds",
        lambda: logged(leaves_at_once(0), released_at()),
        also=(DELAY,),
    ),
    finds(
        CODE,
        "a person stopped it",
        lambda: logged(Incident().stopped(leaving(by="UserInitiated", took_s=2)), lost_at(), released_at()),
        first=MANUAL,
        role="contributing",
    ),
    finds(CODE, "no rows, and the 502s are of the minute of the stop", counters_only, band="possible"),
    finds(
        CODE,
        "the target group's attributes could not be read",
        lambda: logged(Incident().stopped(leaving(took_s=2)), lost_at()).denied(
            TargetGroupAttributes, "elasticloadbalancing:DescribeTargetGroupAttributes"
        ),
    ),
    finds(
        CODE,
        "the application's log says that it goes at once",
        lambda: logged(leaves_at_once().replace(goodbye()), lost_at(after_s=(0.1, 2.0))),
        band="confirmed",
        also=(DELAY,),
    ),
    look_alike(
        CODE,
        "stopped tasks could not be read",
        lambda: logged(
            Incident().denied(StoppedTasks, "ecs:ListTasks"), lost_at(), latency=Latency(p50=0.02, p99=0.2, max=4.0)
        ),
        first="target-closed-mid-request",
    ),
    look_alike(
        CODE,
        "the security group shuts the load balancer out, while a roll-out stops a task",
        shut_out_while_tasks_go,
        first="sg-ingress-missing",
        also=("all-targets-unhealthy-fail-open",),
    ),
    look_alike(
        CODE,
        "the requests were as old as the delay",
        lambda: logged(with_delay(Incident().stopped(leaving()), 30), lost_at(after_s=(30.0, 41.0))),
        first=DELAY,
    ),
    look_alike(CODE, "a steady race beside a deployment that drains", race_beside_a_deployment, first="keepalive-race"),
    look_alike(
        CODE,
        "old tasks ended on SIGTERM after the drain, and nothing was lost",
        lambda: Incident().stopped(leaving(took_s=310)),
        verdict="no_fault_found",
    ),
    look_alike(
        CODE,
        "a deployment brought 5xx of the targets, while the old ones drained",
        lambda: logged(
            Incident()
            .service(deployments=(deployment(8, created=22),))
            .stopped(leaving(minutes_ago=18, took_s=300))
            .metric("HealthyHostCount", minutes_of(4, 180), "Minimum"),
            answered(300, since=20),
        ),
        first="target-generated-5xx",
        also=("deployment-regression",),
    ),
    look_alike(
        CODE,
        "the process crashed, nobody asked it to stop",
        lambda: logged(
            Incident().stopped(
                leaving(by="EssentialContainerExited", exit_code=1, reason="Essential container exited")
            ),
            lost_at(),
        ),
        first="task-crash-exit",
    ),
    look_alike(
        CODE,
        "the target failed for ten minutes before somebody stopped it",
        lambda: logged(
            Incident().stopped(leaving(by="UserInitiated", minutes_ago=20, took_s=2)),
            closed(200, (0.1, 4.0), since=32, until=20, targets=(f"{LEAVING}:8080",)),
        ),
        first="target-closed-mid-request",
    ),
)
