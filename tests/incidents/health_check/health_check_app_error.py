from tests.incidents.building import Incident
from tests.incidents.cases import finds, look_alike
from tests.incidents.health_check.health_check_path_mismatch import (
    OPEN,
    new_revision_lost_the_path,
    path_edited_in_the_console,
    sick,
)

CODE = "health-check-app-error"


def everything_fails() -> Incident:
    return sick(500, 503).target_errors(300, 20).of_group("HTTPCode_Target_2XX_Count", 30, 20)


def new_revision_is_broken() -> Incident:
    return new_revision_lost_the_path().unhealthy(
        "Target.ResponseCodeMismatch",
        "Health checks failed with these codes: [500]",
        targets=("10.0.1.21", "10.0.1.22"),
        since=10,
    )


CASES = (
    finds(
        CODE,
        "users and health checks get 5xx from the same targets",
        everything_fails,
        also=(OPEN, "target-generated-5xx"),
        band="likely",
    ),
    finds(CODE, "only the health path fails, as with a database that is down", lambda: sick(503), also=(OPEN,)),
    finds(CODE, "one target of four is broken", lambda: sick(500, targets=("10.0.2.22",))),
    finds(CODE, "a new revision answers 500", new_revision_is_broken, also=("deployment-regression",)),
    look_alike(
        CODE,
        "the path was edited and answers 500",
        lambda: path_edited_in_the_console(500),
        first="health-check-path-mismatch",
        also=(OPEN,),
    ),
    look_alike(
        CODE,
        "users get 5xx from targets that pass their checks",
        lambda: Incident().target_errors(60, 20),
        first="target-generated-5xx",
    ),
)
