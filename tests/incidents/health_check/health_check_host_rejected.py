from diagnostics.facts import Metrics
from tests.incidents.building import Incident, definition
from tests.incidents.cases import finds, look_alike
from tests.incidents.health_check.health_check_path_mismatch import OPEN, sick

CODE = "health-check-host-rejected"


def list_of_hosts() -> Incident:
    container = (
        definition()
        .containers[0]
        .model_copy(update={"environment_names": ("PORT", "DJANGO_ALLOWED_HOSTS", "DATABASE_URL")})
    )
    return sick(400).definitions(definition(containers=(container,)))


CASES = (
    finds(CODE, "Django refuses the bare address while people are served", list_of_hosts, also=(OPEN,), band="likely"),
    finds(CODE, "421 for a name that the server does not know", lambda: sick(421), also=(OPEN,), band="likely"),
    finds(
        CODE,
        "400 and nothing else is known",
        lambda: sick(400, targets=("10.0.1.21",)).denied(Metrics, "cloudwatch:GetMetricData"),
        band="possible",
    ),
    look_alike(
        CODE,
        "the group speaks HTTPS and the check plain HTTP",
        lambda: sick(400).target_group(protocol="HTTPS"),
        first="health-check-protocol-mismatch",
        also=(OPEN,),
    ),
    look_alike(
        CODE,
        "users send bad requests to healthy targets",
        lambda: Incident().of_group("HTTPCode_Target_4XX_Count", 50, 30),
        verdict="no_fault_found",
    ),
)
