from diagnostics.facts import LoadBalancer, LoadBalancers, Metrics, SecurityGroup, ServiceScaling
from tests.incidents.building import TARGETS, Incident, allow_all, deployment, stopped_task, task
from tests.incidents.cases import finds, look_alike
from tests.incidents.health_check.health_check_port_mismatch import SILENT
from tests.incidents.loading import Wrote, cpu, hosts, load, scales, slow_for_all, unscaled, wrote
from tests.incidents.rows import ALL_TARGETS, closed, logged, slow

CODE = "cpu-saturation"
OPEN = "all-targets-unhealthy-fail-open"
FEW, SLOW = "insufficient-task-count", "target-slow-response"


def rush(times: float = 3) -> Incident:
    """A sale begins: three times the usual load, and every task is busy."""
    incident = cpu(slow_for_all(load(Incident(), 600 * times, 20), 20), 100, 97, 20)
    return scales(incident.elb_errors(504, 120, 19), maximum=4)


def one_target_hangs_while_all_are_busy() -> Incident:
    incident = logged(rush(1), slow(60, targets=ALL_TARGETS[3:], since=20))
    return unscaled(incident)


def only_at_boot() -> Incident:
    """A deployment: new tasks use all CPU while they start; the errors are of something else."""
    tasks = [task(n, ip, revision=8, started=18) for n, ip in enumerate(TARGETS, 1)]
    incident = cpu(slow_for_all(load(Incident(), 600, 20), 15), 100, 96, 18, 15)
    incident.running(*tasks).service(deployments=(deployment(8, created=20),))
    return incident.elb_errors(504, 40, 14)


def one_zone_is_off() -> Incident:
    """Half of the tasks idle in a zone that was taken from the load balancer; the average of all is 52 %."""
    incident = cpu(slow_for_all(load(Incident(), 600, 180), 28), 100, 52, 29).elb_errors(504, 25, 26)
    off = "Target is in an Availability Zone that is not enabled for the load balancer"
    incident.health("unused", "Target.NotInUse", off, targets=("10.0.2.21", "10.0.2.22"), since=30)
    return incident.edit(LoadBalancers, lambda fact: LoadBalancers(items=(_in_one_zone(fact.items[0]),)))


def _in_one_zone(balancer: LoadBalancer) -> LoadBalancer:
    return balancer.model_copy(update={"zones": balancer.zones[:1]})


def crash_before() -> Incident:
    """Tasks crash again and again; those that are left get everything."""
    incident = cpu(slow_for_all(load(Incident(), 600, 20), 20), 100, 97, 18).elb_errors(504, 60, 19)
    return incident.stopped(
        *(stopped_task(90 + n, minutes_ago=20 - 5 * n, exit_code=1, ip="10.0.1.21") for n in range(3))
    )


def loop_in_new_revision() -> Incident:
    tasks = [task(n, ip, revision=8, started=21) for n, ip in enumerate(TARGETS, 1)]
    incident = cpu(slow_for_all(load(Incident(), 600, 20), 15), 100, 98, 16).elb_errors(504, 100, 15)
    incident.running(*tasks)
    return incident.service(deployments=(deployment(8, created=22),))


def security_group_revoked_while_busy() -> Incident:
    group = SecurityGroup(id="sg-0c2d", name="checkout", vpc_id="vpc-01", ingress=(), egress=(allow_all(),))
    incident = cpu(load(Incident(), 600, 180), 100, 97, 180).security_group(group)
    return incident.unhealthy(*SILENT, since=20).connection_errors(60, 20).elb_errors(504, 60, 20)


CASES = (
    finds(CODE, "three times the load, and the service cannot grow", rush, also=(FEW, SLOW), band="likely"),
    finds(
        CODE,
        "half of the tasks are in a zone that is off, and the others are full",
        one_zone_is_off,
        first="az-not-enabled",
        also=(SLOW,),
        band="likely",
    ),
    finds(
        CODE,
        "health checks of all targets time out under the load",
        lambda: rush().unhealthy(*SILENT, since=18),
        also=(FEW, OPEN, SLOW),
        band="likely",
    ),
    finds(
        CODE,
        "access log rows are slow on all routes",
        lambda: logged(rush(), slow(300, since=20), counted=False),
        also=(FEW, SLOW),
    ),
    finds(
        CODE,
        "a new revision loops while the load is as usual",
        loop_in_new_revision,
        also=("deployment-regression", SLOW),
        band="likely",
    ),
    finds(
        CODE,
        "burstable hosts have used up their credits",
        lambda: hosts(
            slow_for_all(load(Incident(), 600, 20), 20).elb_errors(504, 50, 19).denied(ServiceScaling, "x:Describe"),
            {"i-0a": 0.0, "i-0b": 0.2},
        ),
        also=(SLOW,),
        band="likely",
    ),
    finds(
        CODE,
        "scaling may not be read",
        lambda: rush().denied(ServiceScaling, "application-autoscaling:DescribeScalableTargets"),
        also=(FEW, SLOW),
    ),
    finds(
        CODE,
        "the tasks that are left get the load of those that crash",
        crash_before,
        first="task-crash-exit",
        role="consequence",
        also=(SLOW,),
    ),
    look_alike(
        CODE,
        "metrics may not be read",
        lambda: rush().denied(Metrics, "cloudwatch:GetMetricData").unhealthy(*SILENT, since=18),
        first="health-check-timeout-too-short",
        also=(OPEN,),
    ),
    look_alike(CODE, "one of four equal targets hangs", one_target_hangs_while_all_are_busy, first=SLOW),
    look_alike(
        CODE,
        "a processor that is full only while tasks start",
        only_at_boot,
        first=SLOW,
        also=("deployment-regression",),
    ),
    look_alike(
        CODE,
        "one slow route, and the CPU is full as every night",
        lambda: logged(
            cpu(Incident(), 100, 97, 180),
            slow(90, routes=("GET shop.example.com/report",)),
            route_share={"GET shop.example.com/report": 0.02},
        ),
        first=SLOW,
    ),
    look_alike(
        CODE,
        "busy for hours, and the security group was revoked",
        security_group_revoked_while_busy,
        first="sg-ingress-missing",
        also=(OPEN,),
    ),
    look_alike(
        CODE,
        "the database is slow and the processor idles",
        lambda: wrote(slow_for_all(Incident(), 20).elb_errors(504, 50, 19), Wrote("pool-exhausted", 200)),
        first="target-dependency-hang",
    ),
    look_alike(CODE, "full CPU and nobody suffers", lambda: cpu(Incident(), 100, 97, 60), verdict="no_fault_found"),
    look_alike(
        CODE,
        "resets while the processor is busy as ever",
        lambda: logged(cpu(Incident(), 99, 90, 180), closed(60, (0.001, 0.02))),
        first="keepalive-race",
    ),
)
