from diagnostics.facts import ServiceScaling, UsualLoad
from tests.incidents.building import Incident
from tests.incidents.cases import finds, look_alike
from tests.incidents.loading import cpu, load, scales, set_count, slow_for_all, unscaled
from tests.incidents.rows import ALL_TARGETS, logged, slow
from tests.incidents.time.cpu_saturation import rush

CODE = "insufficient-task-count"


def too_few_workers(times: float = 4) -> Incident:
    """Each task has so many workers, all of them wait; the processor has room."""
    incident = cpu(slow_for_all(load(Incident(), 600 * times, 20), 20), 55, 50, 20)
    return incident.elb_errors(504, 90, 18)


CASES = (
    finds(
        CODE,
        "at the maximum that scaling allows",
        lambda: scales(too_few_workers(), maximum=4),
        also=("target-slow-response",),
        band="likely",
        summary_says="MaxCapacity of 4",
    ),
    finds(
        CODE,
        "nothing scales the service",
        lambda: unscaled(too_few_workers()),
        also=("target-slow-response",),
        summary_says="no scaling is set up",
    ),
    finds(
        CODE,
        "scaling was suspended",
        lambda: scales(too_few_workers(), maximum=20, suspended=True),
        also=("target-slow-response",),
        summary_says="suspended",
    ),
    finds(
        CODE,
        "a scalable target without a policy",
        lambda: scales(too_few_workers(), maximum=20, policies=()),
        also=("target-slow-response",),
        summary_says="no scaling policy",
    ),
    finds(
        CODE,
        "a scale-out is under way",
        lambda: scales(
            too_few_workers().service(desired=8, running=4, pending=4), maximum=20, activities=(set_count(8, 3),)
        ),
        also=("target-slow-response",),
        band="possible",
        summary_says="more are being started",
    ),
    finds(
        CODE,
        "scaling may not be read",
        lambda: too_few_workers().denied(ServiceScaling, "application-autoscaling:DescribeScalableTargets"),
        also=("target-slow-response",),
        band="possible",
    ),
    finds(
        CODE,
        "the day before may not be read",
        lambda: unscaled(too_few_workers()).denied(UsualLoad, "cloudwatch:GetMetricData"),
        also=("target-slow-response",),
        band="likely",
    ),
    finds(
        CODE,
        "every processor is full",
        rush,
        first="cpu-saturation",
        role="contributing",
        also=("target-slow-response",),
    ),
    look_alike(
        CODE,
        "the load is as on every day at this hour",
        lambda: unscaled(load(too_few_workers(), 2400, 20, yesterday=2300)),
        first="target-slow-response",
    ),
    look_alike(
        CODE,
        "a Monday morning as every week, after a quiet Sunday",
        lambda: unscaled(load(too_few_workers(), 2400, 20, week_ago=2200)),
        first="target-slow-response",
    ),
    look_alike(
        CODE,
        "one of four targets hangs on a busy day",
        lambda: logged(unscaled(too_few_workers()), slow(60, targets=ALL_TARGETS[3:], since=20)),
        first="target-slow-response",
    ),
    look_alike(
        CODE,
        "callers ask again because answers are slow",
        lambda: unscaled(load(too_few_workers(), 1500, 10)),
        first="target-slow-response",
    ),
    look_alike(
        CODE, "a rush that is served well", lambda: unscaled(load(Incident(), 2400, 20)), verdict="no_fault_found"
    ),
)
