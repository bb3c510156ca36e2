from tests.incidents.building import Incident
from tests.incidents.cases import finds, look_alike
from tests.incidents.functions import (
    TIMEOUT_S,
    Said,
    done,
    failing,
    function,
    of_function,
    of_others,
    reasoned,
    said,
    settings,
    with_rows,
)

CODE = "lambda-timeout"
ROWS = reasoned(300, "LambdaUnhandled", took_s=(TIMEOUT_S, TIMEOUT_S + 0.01))
LINE: Said = ("lambda-timeout", "2026-11-21T03:10:00Z 6bc28136 Task timed out after 10.00 seconds")


def _slow() -> Incident:
    return of_function(of_function(function(), "Duration", 10_000, 40, statistic="Maximum"), "Errors", 9, 40)


CASES = (
    finds(
        CODE,
        "requests end after the function's Timeout",
        lambda: with_rows(_slow(), ROWS),
        band="confirmed",
        summary_says="Timeout of 10 s",
    ),
    finds(
        CODE,
        "the log says so too, after a code update",
        lambda: done(with_rows(said(_slow(), LINE), ROWS), "UpdateFunctionCode20150331v2", 44),
        band="confirmed",
    ),
    finds(CODE, "access logs are off, the longest run takes all it may", lambda: failing(_slow(), 9), band="likely"),
    finds(
        CODE,
        "access logs are off, the function's log says so",
        lambda: failing(of_function(said(function(), LINE), "Errors", 20, 40), 20),
        band="likely",
    ),
    finds(CODE, "rows alone", lambda: with_rows(function(), ROWS), band="likely"),
    finds(
        CODE,
        "the settings were denied, the log says so",
        lambda: with_rows(said(function(configuration=None, target_exists=None), LINE), ROWS),
        band="confirmed",
    ),
    finds(
        CODE,
        "two populations: one waits for too long, the other fails at once",
        lambda: with_rows(_slow(), ROWS, reasoned(200, "LambdaUnhandled")),
        also=("lambda-unhandled-error",),
    ),
    look_alike(
        CODE,
        "another caller's invocations time out, those of the load balancer fail at once",
        lambda: with_rows(said(_slow(), LINE), reasoned(300, "LambdaUnhandled")),
        first="lambda-unhandled-error",
    ),
    look_alike(
        CODE,
        "a report job times out every minute, and users are answered",
        lambda: of_others(of_function(function(), "Duration", 10_000, 40, statistic="Maximum"), "Errors", 3, 40),
        verdict="no_fault_found",
    ),
    look_alike(
        CODE,
        "the longest run is far below the Timeout",
        lambda: failing(of_function(function(configuration=settings(timeout_s=30)), "Errors", 20, 40)),
        first="lambda-unhandled-error",
    ),
    look_alike(
        CODE,
        "slow, and just in time",
        lambda: of_function(function(), "Duration", 9_600, 40, statistic="Maximum"),
        verdict="no_fault_found",
    ),
)
