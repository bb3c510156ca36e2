from diagnostics.facts import FunctionAlias
from tests.incidents.building import Incident
from tests.incidents.cases import finds, look_alike
from tests.incidents.functions import FUNCTION, done, failing, function, of_function, reasoned, with_rows

CODE = "lambda-not-found"
ROWS = reasoned(5000, "LambdaResourceNotFound", took_s=0.005)
GONE = {"target_exists": False, "configuration": None, "policy": None, "reserved_read": False}


def _without_version(**changes: object) -> Incident:
    return _quiet(function(**{**GONE, "alias": FunctionAlias(name="live", version="7"), **changes}))


def _without_alias() -> Incident:
    return _quiet(function(**{**GONE, "alias": None, "alias_exists": False, "reserved_read": True}))


def _without_function() -> Incident:
    gone = {**GONE, "function_exists": False, "alias": None, "alias_exists": False, "function_policy": None}
    return _quiet(function(**gone))


def _quiet(incident: Incident) -> Incident:
    incident.of_group("HTTPCode_Target_2XX_Count", 600, 180, 40)
    return of_function(incident, "Invocations", 600, 180, 40)


CASES = (
    finds(
        CODE,
        "the alias leads to a version that was deleted",
        lambda: done(with_rows(_without_version(), ROWS), "DeleteFunction20150331", 41),
        band="confirmed",
        summary_says="version 7, which is gone",
    ),
    finds(
        CODE,
        "the alias was deleted",
        lambda: with_rows(_without_alias(), ROWS),
        band="confirmed",
        summary_says="has no alias live",
    ),
    finds(
        CODE,
        "the function was deleted, access logs are off",
        lambda: failing(_without_function(), 600),
        band="likely",
        summary_says="does not exist",
    ),
    finds(
        CODE,
        "Lambda was not asked",
        lambda: with_rows(_quiet(function(**{**GONE, "target_exists": None, "function_exists": None})), ROWS),
        band="likely",
    ),
    look_alike(
        CODE,
        "the function is gone, and nobody asks for it",
        lambda: _without_function().of_group("HTTPCode_Target_2XX_Count", 0, 0),
        risk=True,
        verdict="no_fault_found",
    ),
    look_alike(
        CODE,
        "it exists, and the load balancer may not invoke it",
        lambda: with_rows(_quiet(function(policy=())), reasoned(5000, "LambdaAccessDenied", took_s=0.005)),
        first="lambda-permission-missing",
    ),
    look_alike(
        CODE,
        "a target without qualifier, and all is well",
        lambda: function(target=FUNCTION, qualifier=None, alias=None, alias_exists=None, function_policy=None),
        verdict="no_fault_found",
    ),
)
