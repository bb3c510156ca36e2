from tests.incidents.building import TG, change
from tests.incidents.cases import finds, look_alike
from tests.incidents.functions import done, failing, function, of_function, reasoned, with_rows

CODE = "lambda-invalid-response"
ROWS = reasoned(300, "LambdaInvalidResponse")


CASES = (
    finds(CODE, "headers are null", lambda: with_rows(function(), ROWS), band="confirmed"),
    finds(
        CODE,
        "since a code update",
        lambda: done(with_rows(function(), ROWS), "UpdateFunctionCode20150331v2", 42),
        band="confirmed",
    ),
    finds(CODE, "access logs are off", lambda: failing(function()), band="possible"),
    finds(
        CODE,
        "the attribute for headers was changed long before",
        lambda: with_rows(function(), ROWS).changed(
            change(
                "ModifyTargetGroupAttributes",
                minutes_ago=170,
                resources=(TG,),
                request={"attributes": [{"key": "lambda.multi_value_headers.enabled", "value": "false"}]},
            )
        ),
    ),
    look_alike(
        CODE,
        "the function fails",
        lambda: with_rows(of_function(function(), "Errors", 9, 40), reasoned(300, "LambdaUnhandled")),
        first="lambda-unhandled-error",
    ),
    look_alike(
        CODE,
        "the answer is too large",
        lambda: with_rows(function(), reasoned(300, "LambdaResponseTooLarge")),
        first="lambda-response-too-large",
    ),
    look_alike(
        CODE,
        "access logs are off, and Lambda does not let the load balancer in",
        lambda: of_function(failing(function(policy=())), "Invocations", 0, 0),
        first="lambda-permission-missing",
    ),
)
