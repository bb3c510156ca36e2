from tests.incidents.cases import finds, look_alike
from tests.incidents.functions import failing, function, reasoned, with_rows

CODE = "lambda-response-too-large"
EXPORT = ("GET shop.example.com/export",)

CASES = (
    finds(
        CODE,
        "the export of everything",
        lambda: with_rows(function(), reasoned(200, "LambdaResponseTooLarge", routes=EXPORT)),
        band="likely",
        summary_says="/export",
    ),
    look_alike(
        CODE,
        "the answer has the wrong form",
        lambda: with_rows(function(), reasoned(200, "LambdaInvalidResponse")),
        first="lambda-invalid-response",
    ),
    look_alike(
        CODE,
        "the request is too large",
        lambda: with_rows(function(), reasoned(200, "LambdaRequestTooLarge", elb=413)),
        first="lambda-request-too-large",
    ),
    look_alike(
        CODE, "access logs are off: it cannot be told", lambda: failing(function()), first="lambda-invalid-response"
    ),
)
