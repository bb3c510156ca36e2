from tests.incidents.cases import finds, look_alike
from tests.incidents.functions import failing, function, of_function, reasoned, with_rows

CODE = "lambda-service-error"

CASES = (
    finds(
        CODE,
        "Lambda answers with errors of its own",
        lambda: with_rows(function(), reasoned(300, "LambdaServiceException"), internal=True),
        band="confirmed",
    ),
    finds(
        CODE,
        "Lambda does not answer in time",
        lambda: with_rows(
            function(), reasoned(300, "LambdaConnectionTimeout", elb=504, took_s=(10, 10.1)), internal=True
        ),
        band="confirmed",
    ),
    finds(CODE, "access logs are off", lambda: failing(function(), metric="LambdaInternalError"), band="likely"),
    look_alike(
        CODE,
        "a function that does not catch its error has a similar name for it",
        lambda: with_rows(of_function(function(), "Errors", 9, 40), reasoned(300, "LambdaUnhandled")),
        first="lambda-unhandled-error",
    ),
    look_alike(
        CODE,
        "the metric of the function's own errors",
        lambda: failing(of_function(function(), "Errors", 20, 40)),
        first="lambda-unhandled-error",
    ),
    look_alike(
        CODE,
        "one error of Lambda in an hour",
        lambda: function().of_group("LambdaInternalError", 1, 20, 19),
        verdict="no_fault_found",
    ),
)
