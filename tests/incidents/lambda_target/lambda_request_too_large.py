from tests.incidents.cases import finds, look_alike
from tests.incidents.functions import function, reasoned, with_rows
from tests.incidents.rows import by_balancer, logged

CODE = "lambda-request-too-large"
UPLOAD = ("POST shop.example.com/photos",)

CASES = (
    finds(
        CODE,
        "photos from new phones",
        lambda: with_rows(
            function(),
            reasoned(200, "LambdaRequestTooLarge", elb=413, routes=UPLOAD, fields={"received_bytes": 3_400_000}),
        ),
        band="likely",
        summary_says="/photos",
    ),
    look_alike(
        CODE,
        "headers that are too long",
        lambda: logged(function(), by_balancer(200, 413)),
        verdict="no_fault_found",
    ),
    look_alike(
        CODE,
        "one caller tried it twice",
        lambda: with_rows(function(), reasoned(2, "LambdaRequestTooLarge", elb=413)),
        verdict="no_fault_found",
    ),
    look_alike(
        CODE,
        "the answer is too large",
        lambda: with_rows(function(), reasoned(200, "LambdaResponseTooLarge")),
        first="lambda-response-too-large",
    ),
)
