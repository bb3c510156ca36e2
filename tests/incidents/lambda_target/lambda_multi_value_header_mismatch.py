from diagnostics.facts import Change, Changes, TargetGroupAttributes
from tests.incidents.building import TG, Incident, change
from tests.incidents.cases import finds, look_alike
from tests.incidents.functions import LISTS, Said, done, failing, function, of_function, reasoned, said, with_rows

CODE = "lambda-multi-value-header-mismatch"
INVALID = reasoned(300, "LambdaInvalidResponse")
UNHANDLED = reasoned(300, "LambdaUnhandled")
NO_HEADERS: Said = ("unhandled-error", "[ERROR] KeyError: 'headers' Traceback (most recent call last): app.py line 7")
NO_LISTS: Said = (
    "unhandled-error",
    "ERROR Invoke Error TypeError: Cannot read properties of undefined: multiValueHeaders",
)


def _switch(minutes_ago: float, value: str = "true") -> Change:
    request = {"targetGroupArn": TG, "attributes": [{"key": LISTS, "value": value}]}
    return change("ModifyTargetGroupAttributes", minutes_ago=minutes_ago, resources=(TG,), request=request)


def _lists() -> Incident:
    return function().replace(TargetGroupAttributes(by_arn={TG: {LISTS: "true"}}))


def _errors(incident: Incident) -> Incident:
    return of_function(incident, "Errors", 9, 40)


CASES = (
    finds(
        CODE,
        "somebody switched the attribute on, and the answers are refused since",
        lambda: with_rows(_lists(), INVALID).changed(_switch(42)),
        band="likely",
        summary_says="multiValueHeaders",
    ),
    finds(
        CODE,
        "the framework in front of the handler fails on the other shape",
        lambda: with_rows(said(_errors(_lists()), NO_HEADERS), UNHANDLED).changed(_switch(42)),
        band="confirmed",
    ),
    finds(
        CODE,
        "the handler wants lists and gets single values",
        lambda: with_rows(said(_errors(function()), NO_LISTS), UNHANDLED),
        band="confirmed",
        summary_says="passes headers",
    ),
    finds(
        CODE,
        "access logs are off",
        lambda: failing(said(of_function(_lists(), "Errors", 20, 40), NO_HEADERS)),
        band="likely",
    ),
    look_alike(
        CODE,
        "headers are null, whatever the attribute says",
        lambda: with_rows(_lists(), INVALID),
        first="lambda-invalid-response",
    ),
    look_alike(
        CODE,
        "an error that speaks of headers, and requests have them",
        lambda: with_rows(said(_errors(function()), NO_HEADERS), UNHANDLED),
        first="lambda-unhandled-error",
    ),
    look_alike(
        CODE,
        "new code came after the switch",
        lambda: done(with_rows(_lists(), INVALID).changed(_switch(50)), "UpdateFunctionCode20150331v2", 41),
        first="lambda-invalid-response",
    ),
    look_alike(
        CODE,
        "the attribute was switched back as an attempt to mend",
        lambda: with_rows(function(), INVALID).changed(_switch(20, "false")),
        first="lambda-invalid-response",
    ),
    look_alike(
        CODE,
        "the changes were denied",
        lambda: with_rows(_lists(), INVALID).denied(Changes, "cloudtrail:LookupEvents"),
        first="lambda-invalid-response",
    ),
    look_alike(CODE, "lists, and all is well", _lists, verdict="no_fault_found"),
)
