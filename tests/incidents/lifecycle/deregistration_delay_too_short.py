from diagnostics.facts import Latency, TargetGroupAttributes
from tests.incidents.building import TARGETS, TG, Incident, change, deployment
from tests.incidents.cases import finds, look_alike
from tests.incidents.rows import logged
from tests.incidents.stopping import LEAVING, leaving, lost_at, released_at, with_delay

CODE = "deregistration-delay-too-short"
SHUTDOWN = "graceful-shutdown-missing"


def long_requests(delay_s: int = 10, longest_s: float = 45.0) -> Incident:
    incident = with_delay(Incident().service(deployments=(deployment(8, created=30),)).stopped(leaving()), delay_s)
    return logged(
        incident,
        lost_at(after_s=(delay_s + 0.1, longest_s)),
        latency=Latency(p50=0.2, p95=8, p99=30, max=longest_s),
    )


def deregistered_by_hand() -> Incident:
    """No task ended that ECS knows of; CloudTrail knows who took the target out."""
    request = {"targetGroupArn": TG, "targets": [{"id": LEAVING, "port": 8080}]}
    incident = with_delay(Incident(), 30)
    incident.changed(change("DeregisterTargets", minutes_ago=21, resources=(TG,), request=request))
    return logged(incident, lost_at(20.5, after_s=(30.0, 50.0)), latency=Latency(max=55.0))


def counters_only() -> Incident:
    incident = with_delay(Incident().stopped(leaving()), 5)
    return incident.of_group("TargetResponseTime", 25.0, 180, statistic="Maximum").elb_errors(502, 80, 20, 19)


CASES = (
    finds(CODE, "downloads of half a minute and a delay of ten seconds", long_requests, band="confirmed"),
    finds(
        CODE,
        "the address was released right after",
        lambda: logged(
            with_delay(Incident().stopped(leaving()), 10), lost_at(after_s=(10.1, 40.0)), released_at(count=12)
        ),
    ),
    finds(CODE, "a person deregistered the target", deregistered_by_hand, band="confirmed"),
    finds(CODE, "no rows: the delay is below the longest request", counters_only, also=(SHUTDOWN,), band="likely"),
    look_alike(
        CODE,
        "a delay of 300 s and short requests",
        lambda: logged(Incident().stopped(leaving()), lost_at()),
        first=SHUTDOWN,
    ),
    look_alike(
        CODE,
        "a delay of ten seconds, requests of a second, nothing lost",
        lambda: with_delay(Incident().stopped(leaving(took_s=40)), 10),
        verdict="no_fault_found",
    ),
    look_alike(
        CODE,
        "requests of 25 s, a delay of 5, and nobody left",
        lambda: with_delay(Incident(), 5).of_group("TargetResponseTime", 25.0, 180, statistic="Maximum"),
        risk=True,
        verdict="no_fault_found",
    ),
    look_alike(
        CODE,
        "a person stopped the task: no drain was waited for",
        lambda: logged(with_delay(Incident().stopped(leaving(by="UserInitiated")), 10), lost_at(after_s=(10.1, 40.0))),
        first="manual-stop-task",
        also=(SHUTDOWN,),
    ),
    look_alike(
        CODE,
        "a worker's timer of thirty seconds on targets that stay",
        lambda: logged(
            with_delay(Incident().stopped(leaving()), 30),
            lost_at(after_s=(30.0, 30.4), targets=[f"{ip}:8080" for ip in TARGETS], before_min=20, after_min=10),
        ),
        first="worker-timeout-kill",
    ),
    look_alike(
        CODE,
        "the delay could not be read",
        lambda: logged(Incident().stopped(leaving()), lost_at(after_s=(10.1, 40.0))).denied(
            TargetGroupAttributes, "elasticloadbalancing:DescribeTargetGroupAttributes"
        ),
        first=SHUTDOWN,
    ),
)
