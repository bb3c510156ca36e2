from tests.incidents.building import Incident
from tests.incidents.cases import finds, look_alike
from tests.incidents.functions import Said, done, failing, function, of_function, reasoned, said, with_rows

CODE = "lambda-out-of-memory"
ROWS = reasoned(200, "LambdaUnhandled", took_s=(1.2, 2.0))
KILLED: Said = (
    "lambda-killed",
    "RequestId: 6bc28136 Error: Runtime exited with error: signal: killed Runtime.ExitError",
)
FULL: Said = (
    "lambda-report",
    "REPORT RequestId: 6bc28136\tDuration: 1410.12 ms\tMemory Size: 512 MB\tMax Memory Used: 512 MB",
)
ROOMY: Said = ("lambda-report", FULL[1].replace("Used: 512", "Used: 211"))
HEAP: Said = ("out-of-memory", "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory")
EXIT: Said = ("lambda-killed", "RequestId: 6bc28136 Error: Runtime exited with error: exit status 1 Runtime.ExitError")


def _failing() -> Incident:
    return of_function(function(), "Errors", 6, 40)


CASES = (
    finds(
        CODE,
        "killed, with all of its memory in use",
        lambda: with_rows(said(_failing(), KILLED, FULL), ROWS),
        band="confirmed",
        summary_says="512 MB",
    ),
    finds(
        CODE,
        "since a new version that reads whole files",
        lambda: done(with_rows(said(_failing(), KILLED, FULL), ROWS), "UpdateFunctionCode20150331v2", 43),
        band="confirmed",
    ),
    finds(
        CODE,
        "the runtime's heap is full",
        lambda: with_rows(said(_failing(), HEAP, ROOMY), ROWS),
        band="confirmed",
    ),
    finds(
        CODE,
        "all memory in use, and no line about the end",
        lambda: with_rows(said(_failing(), FULL), ROWS),
        band="likely",
    ),
    finds(CODE, "access logs are off", lambda: failing(said(_failing(), KILLED, FULL), 6), band="likely"),
    look_alike(
        CODE,
        "the process ends itself with an exit status",
        lambda: with_rows(said(_failing(), EXIT, ROOMY), ROWS),
        first="lambda-unhandled-error",
    ),
    look_alike(
        CODE,
        "all memory in use by a cache, and errors with a stack trace",
        lambda: with_rows(said(_failing(), ("unhandled-error", "[ERROR] KeyError: 'sku'"), FULL), ROWS),
        first="lambda-unhandled-error",
    ),
    look_alike(
        CODE,
        "killed once for another caller, while users are answered",
        lambda: said(function(), KILLED, FULL),
        verdict="no_fault_found",
    ),
    look_alike(
        CODE,
        "the log of another function",
        lambda: with_rows(said(_failing(), KILLED, FULL, log_group="/aws/lambda/reports"), ROWS),
        first="lambda-unhandled-error",
    ),
)
