from diagnostics.facts import ApplicationLogs, LambdaTargets
from tests.incidents.building import Incident
from tests.incidents.cases import finds, look_alike
from tests.incidents.functions import (
    Said,
    asked_by_load_balancer,
    done,
    failing,
    function,
    of_function,
    of_others,
    reasoned,
    said,
    sick,
    with_rows,
)
from tests.incidents.rows import answered, logged

CODE = "lambda-unhandled-error"
ROWS = reasoned(300, "LambdaUnhandled")
TRACE: Said = ("unhandled-error", "[ERROR] KeyError: 'sku' Traceback (most recent call last): app.py line 12")
IMPORT: Said = (
    "lambda-init",
    "[ERROR] Runtime.ImportModuleError: Unable to import module 'app': No module named 'requests'",
)


def _failing() -> Incident:
    return of_function(function(), "Errors", 9, 40)


CASES = (
    finds(
        CODE,
        "a stack trace in its log",
        lambda: with_rows(said(_failing(), TRACE), ROWS),
        band="confirmed",
    ),
    finds(
        CODE,
        "a bad code update",
        lambda: done(
            done(with_rows(said(_failing(), TRACE), ROWS), "UpdateFunctionCode20150331v2", 43),
            "UpdateAlias20150331",
            42,
            request={"functionName": "checkout", "name": "live", "functionVersion": "7"},
        ),
        band="confirmed",
    ),
    finds(
        CODE,
        "a module is missing in the new package",
        lambda: with_rows(said(_failing(), IMPORT), ROWS),
        summary_says="while it starts",
    ),
    finds(
        CODE,
        "rows, and the log group was denied",
        lambda: with_rows(_failing(), ROWS).denied(ApplicationLogs, "logs:FilterLogEvents"),
        band="likely",
    ),
    finds(
        CODE,
        "access logs are off, the log has stack traces",
        lambda: failing(said(of_function(function(), "Errors", 20, 40), TRACE)),
        band="likely",
    ),
    finds(CODE, "nothing but counters", lambda: failing(of_function(function(), "Errors", 20, 40)), band="possible"),
    finds(
        CODE,
        "its health check fails with it",
        lambda: with_rows(
            sick(_failing(), "Target.ResponseCodeMismatch", "Health checks failed with these codes: [502]"), ROWS
        ),
        also=("health-check-app-error",),
    ),
    finds(
        CODE,
        "asked about the load balancer",
        lambda: asked_by_load_balancer(with_rows(said(_failing(), TRACE), ROWS)),
        band="confirmed",
    ),
    finds(
        CODE,
        "on a load balancer that others use, access logs are off",
        lambda: failing(said(of_function(function().shared_with_search(), "Errors", 20, 40), TRACE)),
        band="likely",
    ),
    look_alike(
        CODE,
        "the health path does not exist",
        lambda: sick(function(), "Target.ResponseCodeMismatch", "Health checks failed with these codes: [404]"),
        first="health-check-path-mismatch",
    ),
    look_alike(
        CODE,
        "nothing is registered any more",
        lambda: function().replace(LambdaTargets(items=())).targets([]).elb_errors(503, 20, 40),
        first="no-registered-targets",
    ),
    look_alike(
        CODE,
        "requests that Lambda calls malformed",
        lambda: with_rows(function(), reasoned(300, "LambdaBadRequest")),
        first="insufficient-evidence",
        verdict="inconclusive",
    ),
    look_alike(
        CODE,
        "another caller of the function gets the errors",
        lambda: said(of_others(function(), "Errors", 50, 40), TRACE),
        verdict="no_fault_found",
    ),
    look_alike(
        CODE,
        "another caller gets errors, the load balancer's answers are of the wrong form",
        lambda: with_rows(said(of_others(function(), "Errors", 50, 40), TRACE), reasoned(300, "LambdaInvalidResponse")),
        first="lambda-invalid-response",
    ),
    look_alike(
        CODE,
        "the function answers 500 by itself",
        lambda: logged(function(), answered(300, 500, targets=())),
        first="target-generated-5xx",
    ),
    look_alike(CODE, "a healthy function", function, verdict="no_fault_found"),
)
