from tests.incidents.building import Incident
from tests.incidents.cases import finds, look_alike
from tests.incidents.health_check.health_check_path_mismatch import OPEN, mended, path_edited_in_the_console, sick

CODE = "health-check-auth-required"

CASES = (
    finds(
        CODE,
        "the former path, which asked for a login, was put right",
        lambda: mended("Health checks failed with these codes: [401]", "healthCheckPath", ("/healthz",)),
        summary_says="former path answered 401; over since",
    ),
    finds(CODE, "a login was put before every path", lambda: sick(401), also=(OPEN,), band="confirmed"),
    finds(CODE, "a new filter forbids the health path on one target", lambda: sick(403, targets=("10.0.1.21",))),
    look_alike(
        CODE,
        "the path was edited to one behind the login",
        lambda: path_edited_in_the_console(401),
        first="health-check-path-mismatch",
        also=(OPEN,),
    ),
    look_alike(
        CODE,
        "scanners collect 401 from a healthy service",
        lambda: Incident().of_group("HTTPCode_Target_4XX_Count", 80, 60),
        verdict="no_fault_found",
    ),
)
