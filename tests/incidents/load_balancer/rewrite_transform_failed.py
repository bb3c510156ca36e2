from tests.incidents.building import Incident
from tests.incidents.cases import finds, look_alike
from tests.incidents.rows import answered, by_balancer, logged

CODE = "rewrite-transform-failed"
FAILED = {"transform_status": "TransformInvalidPath", "rule_priority": "10"}

CASES = (
    finds(
        CODE,
        "the new rewrite makes paths that are none",
        lambda: logged(Incident(), by_balancer(300, 500, fields=FAILED)),
        band="likely",
        summary_says="TransformInvalidPath",
    ),
    look_alike(
        CODE,
        "the rewrite works, and something else gives 500",
        lambda: logged(Incident(), by_balancer(300, 500, fields={"transform_status": "TransformSuccess"})),
        first="insufficient-evidence",
    ),
    look_alike(
        CODE,
        "the application answers 500 after the rewrite",
        lambda: logged(Incident(), answered(300, fields={"transform_status": "TransformSuccess"})),
        first="target-generated-5xx",
    ),
)
