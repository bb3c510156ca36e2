from diagnostics.facts import ApplicationLogs
from tests.incidents.building import TG, Incident, change
from tests.incidents.cases import finds, look_alike
from tests.incidents.health_check.health_check_path_mismatch import OPEN, path_edited_in_the_console, sick
from tests.incidents.health_check.health_check_port_mismatch import SILENT
from tests.incidents.health_check.health_check_timeout_too_short import security_group_revoked
from tests.incidents.loading import Wrote, cpu, load, scales, slow_for_all, wrote

CODE = "health-check-dependency-failure"
DOWN = Wrote("dependency-unreachable", 240, since=21)
POOL = Wrote("pool-exhausted", 240, since=21)


def all_ask_the_database() -> Incident:
    return wrote(sick(503), DOWN)


def users_too() -> Incident:
    return all_ask_the_database().target_errors(500, 20).of_group("HTTPCode_Target_2XX_Count", 20, 20)


def checks_wait_for_the_pool() -> Incident:
    return wrote(slow_for_all(Incident().unhealthy(*SILENT, since=20), 20).elb_errors(504, 200, 19), POOL).of_group(
        "HTTPCode_Target_2XX_Count", 20, 20
    )


def slow_but_well() -> Incident:
    """The health path runs a report on the database, answers 200 after six seconds, and users do not notice."""
    lines = (
        Wrote("request", 40, since=22, details=(("path", "/healthz"), ("status", "200"), ("seconds", "6.2"))),
        Wrote("dependency-slow", 12, since=21),
    )
    return wrote(Incident().unhealthy(*SILENT, since=20), *lines)


CASES = (
    finds(
        CODE, "every health check asks a database that is down", all_ask_the_database, also=(OPEN,), band="confirmed"
    ),
    finds(
        CODE,
        "users and health checks suffer from the same database",
        users_too,
        also=(OPEN, "target-generated-5xx"),
        band="confirmed",
    ),
    finds(
        CODE,
        "health checks and users wait for the pool",
        checks_wait_for_the_pool,
        also=(OPEN, "target-dependency-hang"),
        band="confirmed",
    ),
    finds(
        CODE,
        "half of the targets ask a cache that is gone",
        lambda: wrote(sick(500, targets=("10.0.1.21", "10.0.1.22")), DOWN),
        band="confirmed",
    ),
    look_alike(
        CODE,
        "the log may not be read",
        lambda: all_ask_the_database().denied(ApplicationLogs, "logs:FilterLogEvents"),
        first="health-check-app-error",
        also=(OPEN,),
    ),
    look_alike(
        CODE,
        "one target of four is broken while lines of waiting are daily life",
        lambda: wrote(sick(500, targets=("10.0.2.22",)), DOWN),
        first="health-check-app-error",
    ),
    look_alike(
        CODE,
        "the path was edited",
        lambda: wrote(path_edited_in_the_console(500), DOWN),
        first="health-check-path-mismatch",
        also=(OPEN,),
    ),
    look_alike(
        CODE,
        "the security group was revoked",
        lambda: wrote(security_group_revoked(), POOL),
        first="sg-ingress-missing",
        also=(OPEN,),
    ),
    look_alike(
        CODE,
        "the health path answers 200 slowly and users are fast",
        slow_but_well,
        first="health-check-timeout-too-short",
        also=(OPEN,),
    ),
    look_alike(
        CODE,
        "the processor is full, and so the pool is",
        lambda: scales(
            cpu(load(checks_wait_for_the_pool(), 2400, 21), 100, 98, 21).of_group("HTTPCode_Target_2XX_Count", 20, 20)
        ),
        first="cpu-saturation",
        also=(OPEN, "insufficient-task-count", "target-slow-response"),
    ),
    look_alike(
        CODE,
        "a redirect after the path was changed",
        lambda: wrote(sick(302), DOWN).changed(
            change("ModifyTargetGroup", minutes_ago=22, resources=(TG,), request={"healthCheckPath": "/healthz"})
        ),
        first="health-check-redirect",
        also=(OPEN,),
    ),
)
