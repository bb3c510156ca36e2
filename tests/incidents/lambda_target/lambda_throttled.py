from diagnostics.facts import LambdaTargets
from tests.incidents.building import Incident
from tests.incidents.cases import finds, look_alike
from tests.incidents.functions import (
    done,
    failing,
    function,
    of_account,
    of_function,
    of_others,
    reasoned,
    with_rows,
)

CODE = "lambda-throttled"
ROWS = reasoned(400, "LambdaThrottling", took_s=0.01)


def _reserved(size: int = 20) -> Incident:
    incident = of_function(function(reserved_concurrency=size), "ConcurrentExecutions", size, 40, statistic="Maximum")
    return of_function(incident, "Throttles", 12, 40)


def _account_is_full() -> Incident:
    return of_account(of_function(function(), "Throttles", 12, 40), 1000)


def _the_rest_is_full() -> Incident:
    """Others have reserved 850 and use 100 of them; the 150 that are left are used up."""
    incident = of_account(of_function(function(), "Throttles", 12, 40), 250, reserved=100)
    return incident.edit(LambdaTargets, lambda fact: fact.model_copy(update={"unreserved_limit": 150}))


def _off() -> Incident:
    incident = of_function(function(reserved_concurrency=0), "Throttles", 600, 40)
    for metric, statistic in (("Invocations", "Sum"), ("Duration", "Maximum"), ("ConcurrentExecutions", "Maximum")):
        of_function(incident, metric, 1, 180, 40, statistic=statistic)
    return incident


def _shared() -> Incident:
    """Another group's function is throttled; its load balancer is this one too."""
    return of_others(function().shared_with_search(), "Throttles", 30, 40).elb_errors(502, 20, 40)


CASES = (
    finds(
        CODE,
        "the reserved concurrency is used up",
        lambda: with_rows(_reserved(), ROWS),
        band="confirmed",
        summary_says="reserved concurrency of 20",
    ),
    finds(
        CODE,
        "other functions have used up the account's concurrency",
        lambda: with_rows(_account_is_full(), ROWS),
        band="confirmed",
        summary_says="account's concurrency of 1,000",
    ),
    finds(
        CODE,
        "reservations of others leave too little",
        lambda: with_rows(_the_rest_is_full(), ROWS),
        band="confirmed",
        summary_says="concurrency of 150",
    ),
    finds(
        CODE,
        "somebody switched the function off",
        lambda: done(
            with_rows(_off(), reasoned(4000, "LambdaThrottling", took_s=0.01)),
            "PutFunctionConcurrency20171031",
            41,
            request={"functionName": "checkout", "reservedConcurrentExecutions": 0},
        ),
        band="confirmed",
        summary_says="is 0",
    ),
    finds(
        CODE,
        "access logs are off, and the function is throttled in the same minutes",
        lambda: failing(_reserved(), 12),
        band="likely",
    ),
    finds(
        CODE,
        "access logs are off, and nothing of Lambda may be read",
        lambda: failing(
            of_function(function(configuration=None, policy=None, reserved_read=False), "Throttles", 20, 40)
        ),
        band="likely",
        summary_says="throttles checkout",
    ),
    finds(
        CODE,
        "rows alone, the function's settings were denied",
        lambda: with_rows(
            function(target_exists=None, function_exists=None, configuration=None, policy=None, reserved_read=False),
            ROWS,
        ),
        band="likely",
    ),
    finds(
        CODE,
        "throttled, and at other times it fails by itself",
        lambda: with_rows(
            of_function(_reserved(), "Errors", 9, 40),
            reasoned(300, "LambdaThrottling"),
            reasoned(200, "LambdaUnhandled"),
        ),
        also=("lambda-unhandled-error",),
    ),
    look_alike(
        CODE,
        "a queue that reads with the same function is throttled, the load balancer is not",
        lambda: of_others(function(reserved_concurrency=40), "Throttles", 50, 40),
        verdict="no_fault_found",
    ),
    look_alike(
        CODE,
        "a reserved concurrency of 0 that nobody has met yet",
        lambda: function(reserved_concurrency=0),
        risk=True,
        verdict="no_fault_found",
    ),
    look_alike(
        CODE,
        "a queue is throttled while the function fails for everybody",
        lambda: with_rows(
            of_function(of_others(function(), "Throttles", 50, 40), "Errors", 12, 40), reasoned(400, "LambdaUnhandled")
        ),
        first="lambda-unhandled-error",
    ),
    look_alike(
        CODE,
        "the concurrency is near its limit, and nobody was refused",
        lambda: of_function(function(reserved_concurrency=32), "ConcurrentExecutions", 32, 40, statistic="Maximum"),
        verdict="no_fault_found",
    ),
    look_alike(
        CODE,
        "throttles of the function, 502 of another target group",
        _shared,
        first="insufficient-evidence",
        verdict="inconclusive",
    ),
    look_alike(
        CODE,
        "nothing of Lambda could be read",
        lambda: failing(function()).denied(LambdaTargets, "lambda:GetFunctionConfiguration"),
        first="insufficient-evidence",
        verdict="inconclusive",
    ),
)
