from diagnostics.facts import InvokeStatement, Target
from tests.incidents.building import OTHER_TG, TG, Incident
from tests.incidents.cases import finds, look_alike
from tests.incidents.functions import ALLOWED, LIVE, done, failing, function, of_function, reasoned, with_rows

CODE = "lambda-permission-missing"
ROWS = reasoned(5000, "LambdaAccessDenied", took_s=0.005)
OTHERS = InvokeStatement(sid="search", source_arns=(OTHER_TG,))
PUZZLING = InvokeStatement(sid="odd", conditions_unread=("StringEquals aws:PrincipalOrgID",))


def _not_run(incident: Incident) -> Incident:
    return of_function(incident, "Invocations", 600, 180, 40).of_group("HTTPCode_Target_2XX_Count", 600, 180, 40)


def _unhealthy() -> Incident:
    incident = function(policy=()).health_check(enabled=True)
    sick = Target(
        id=LIVE,
        port=None,
        state="unhealthy",
        reason="Target.FailedHealthChecks",
        description="Health checks failed",
    )
    return incident.targets([sick]).of_group("HTTPCode_Target_2XX_Count", 0, 0)


CASES = (
    finds(CODE, "no policy at all", lambda: with_rows(_not_run(function(policy=())), ROWS), band="confirmed"),
    finds(
        CODE,
        "the permission is on the function, the target is its alias",
        lambda: with_rows(_not_run(function(policy=(), function_policy=(ALLOWED,))), ROWS),
        band="confirmed",
        summary_says="but not its alias live",
    ),
    finds(
        CODE,
        "the permission is for another target group",
        lambda: with_rows(_not_run(function(policy=(OTHERS,))), ROWS),
        band="confirmed",
        summary_says="another source",
    ),
    finds(
        CODE,
        "somebody removed it",
        lambda: done(
            with_rows(_not_run(function(policy=())), ROWS),
            "RemovePermission20150331v2",
            41,
            request={"functionName": "checkout", "statementId": "alb", "qualifier": "live"},
        ),
        band="confirmed",
    ),
    finds(
        CODE,
        "access logs are off",
        lambda: failing(_not_run(function(policy=())), 600),
        band="likely",
    ),
    finds(
        CODE,
        "the policy was denied",
        lambda: with_rows(_not_run(function(policy=None, function_policy=None)), ROWS),
        band="likely",
    ),
    finds(
        CODE,
        "it was added again after the errors",
        lambda: with_rows(_not_run(function()), ROWS),
        band="likely",
    ),
    finds(CODE, "the health check may not invoke it either", _unhealthy, band="likely"),
    look_alike(
        CODE,
        "no permission, and no request yet",
        lambda: function(policy=()).of_group("HTTPCode_Target_2XX_Count", 0, 0),
        risk=True,
        verdict="no_fault_found",
    ),
    look_alike(
        CODE,
        "a wildcard allows it",
        lambda: function(policy=(InvokeStatement(source_arns=(TG.rsplit("/", 1)[0] + "/*",)),)),
        verdict="no_fault_found",
    ),
    look_alike(
        CODE,
        "a condition that is not understood, and users are answered",
        lambda: function(policy=(PUZZLING,)),
        verdict="no_fault_found",
    ),
    look_alike(
        CODE,
        "the function fails, and its policy allows it",
        lambda: with_rows(of_function(function(), "Errors", 9, 40), reasoned(300, "LambdaUnhandled")),
        first="lambda-unhandled-error",
    ),
)
