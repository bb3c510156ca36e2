from tests.incidents.building import TG, Incident, change
from tests.incidents.cases import finds, look_alike
from tests.incidents.health_check.health_check_path_mismatch import OPEN, mended, path_set, sick

CODE = "health-check-redirect"
MOVED = "Health checks failed with these codes: [301]"


def slash_lost_in_an_edit() -> Incident:
    return (
        path_set("/health", 22).health_check(path="/health").unhealthy("Target.ResponseCodeMismatch", MOVED, since=20)
    )


def matcher_narrowed() -> Incident:
    request = {"targetGroupArn": TG, "matcher": {"httpCode": "200"}}
    return sick(302).changed(change("ModifyTargetGroup", minutes_ago=22, resources=(TG,), request=request))


CASES = (
    finds(
        CODE,
        "the former path, which redirected, was put right",
        lambda: mended("Health checks failed with these codes: [301]", "healthCheckPath", ("/healthz",)),
        summary_says="former path answered 301; over since it was changed at 02:53 UTC",
    ),
    finds(
        CODE,
        "the slash was lost when the path was edited",
        slash_lost_in_an_edit,
        also=(OPEN,),
        band="confirmed",
        summary_says="since its path was changed",
    ),
    finds(
        CODE,
        "somebody narrowed the matcher to 200",
        matcher_narrowed,
        also=(OPEN,),
        band="confirmed",
        summary_says="the matcher refuses it",
    ),
    finds(
        CODE,
        "the application sends HTTP to HTTPS, one target updated so far",
        lambda: sick(308, targets=("10.0.1.21",)),
    ),
    look_alike(
        CODE,
        "redirects for people are normal while targets are healthy",
        lambda: Incident().of_group("HTTPCode_Target_3XX_Count", 300, 60),
        verdict="no_fault_found",
    ),
    look_alike(CODE, "the path does not exist", lambda: sick(404), first="health-check-path-mismatch", also=(OPEN,)),
)
