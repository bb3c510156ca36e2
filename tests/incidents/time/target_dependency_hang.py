from diagnostics.facts import ApplicationLogs, Latency
from tests.incidents.building import Incident
from tests.incidents.cases import finds, look_alike
from tests.incidents.loading import Wrote, cpu, load, slow_for_all, unscaled, wrote
from tests.incidents.rows import ALL_TARGETS, answered, gave_up, logged, slow
from tests.incidents.time.cpu_saturation import rush

CODE = "target-dependency-hang"
REPORT = ("GET shop.example.com/report",)
POOL = Wrote("pool-exhausted", 214)


def pool_is_empty() -> Incident:
    return wrote(logged(slow_for_all(Incident(), 20), slow(300, since=20)), POOL)


def pool_noise_for_hours() -> Incident:
    """Now and then a query is cancelled, every day; one route is slow today."""
    incident = logged(Incident(), slow(90, routes=REPORT, since=20), route_share={REPORT[0]: 0.02})
    return wrote(incident, Wrote("dependency-slow", 4, since=180))


CASES = (
    finds(CODE, "the pool of database connections is empty", pool_is_empty, band="confirmed", summary_says="pool"),
    finds(
        CODE,
        "one route waits on a service outside",
        lambda: wrote(
            logged(
                Incident(),
                slow(90, routes=REPORT, since=20),
                route_share={REPORT[0]: 0.05},
                latency=Latency(p50=0.03, p95=2.0, p99=48.0, max=59.4),
            ),
            Wrote("dependency-slow", 80),
        ),
        band="confirmed",
    ),
    finds(
        CODE,
        "access logs are off",
        lambda: wrote(slow_for_all(Incident(), 20).elb_errors(504, 40, 19), Wrote("dependency-unreachable", 100)),
        band="likely",
    ),
    finds(
        CODE,
        "users get the application's own 500 after the wait",
        lambda: wrote(slow_for_all(Incident(), 20).target_errors(200, 19), POOL),
        also=("target-generated-5xx",),
        band="likely",
    ),
    finds(
        CODE,
        "callers give up while the database is slow",
        lambda: wrote(logged(slow_for_all(Incident(), 20), gave_up(700, (10.0, 10.3), since=20)), POOL),
        also=("client-disconnected-460",),
    ),
    finds(
        CODE,
        "four times the load has emptied the pool",
        lambda: unscaled(load(pool_is_empty(), 2400, 22)),
        also=("insufficient-task-count",),
    ),
    finds(
        CODE,
        "the processor is as full as it is on every night",
        lambda: cpu(pool_is_empty(), 99, 90, 180),
        band="confirmed",
    ),
    look_alike(
        CODE,
        "the application's log may not be read",
        lambda: pool_is_empty().denied(ApplicationLogs, "logs:FilterLogEvents"),
        first="target-slow-response",
    ),
    look_alike(
        CODE,
        "the processor is full, and so the pool is",
        lambda: wrote(rush(), POOL),
        first="cpu-saturation",
        also=("insufficient-task-count", "target-slow-response"),
    ),
    look_alike(
        CODE,
        "one of four targets hangs",
        lambda: wrote(logged(Incident(), slow(60, targets=ALL_TARGETS[3:], since=20)), POOL),
        first="target-slow-response",
    ),
    look_alike(
        CODE,
        "quick errors of the application",
        lambda: wrote(logged(Incident(), answered(200, 500)), POOL),
        first="target-generated-5xx",
    ),
    look_alike(
        CODE,
        "lines of waiting, and everybody is served",
        lambda: wrote(Incident(), POOL),
        verdict="no_fault_found",
    ),
)
