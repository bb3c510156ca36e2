"""Tokens cannot be verified."""

from diagnostics.facts import AccessLogs, Metrics
from tests.incidents.building import Incident
from tests.incidents.cases import finds, look_alike
from tests.incidents.guards import asked, login, token
from tests.incidents.rows import logged

CODE = "jwks-failure"

CASES = (
    finds(
        CODE,
        "the key set does not come in time",
        lambda: logged(Incident(), token(300, 500, "JWKSRequestTimeout", group=None)),
        band="likely",
        summary_says="five seconds",
    ),
    finds(
        CODE,
        "the key set's address gives an error",
        lambda: logged(Incident(), token(300, 562, None, group=None)),
        summary_says="562",
    ),
    finds(
        CODE,
        "keys were changed, and people report 401",
        lambda: asked(logged(Incident(), token(200, 401, "JWTSignatureValidationError", group=None)), 401).of_balancer(
            "JWTValidationFailureCount", 4, 50
        ),
        band="confirmed",
        summary_says="change of keys",
    ),
    finds(
        CODE,
        "metrics may not be read",
        lambda: logged(Incident(), token(300, 562, None, group=None)).denied(Metrics, "cloudwatch:GetMetricData"),
    ),
    finds(
        CODE,
        "people report 401, and no request has a token",
        lambda: asked(logged(Incident(), token(200, 401, "JWTHeaderNotPresent", group=None)), 401),
        band="possible",
    ),
    look_alike(
        CODE,
        "callers without a token, as every day",
        lambda: logged(Incident(), token(200, 401, "JWTHeaderNotPresent", group=None)),
        verdict="no_fault_found",
    ),
    look_alike(
        CODE,
        "the login fails",
        lambda: logged(Incident(), login(300, 561, "AuthInvalidGrantError", group=None)),
        first="auth-idp-failure",
    ),
    look_alike(
        CODE,
        "the application refuses tokens by itself",
        lambda: asked(logged(Incident()).of_group("HTTPCode_Target_4XX_Count", 20, 60), 401),
        verdict="no_fault_found",
    ),
    look_alike(
        CODE,
        "rows may not be read",
        lambda: asked(Incident().denied(AccessLogs, "s3:GetObject"), 401),
        verdict="no_fault_found",
    ),
)
