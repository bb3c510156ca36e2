from diagnostics.facts import LoadBalancerAttributes
from tests.incidents.building import LB, Incident
from tests.incidents.cases import finds, look_alike
from tests.incidents.rows import by_balancer, logged

CODE = "desync-blocked"
SEVERE = {"classification": "Severe", "classification_reason": "MultipleContentLength"}


def mode(name: str) -> Incident:
    return Incident().replace(LoadBalancerAttributes(by_arn={LB: {"routing.http.desync_mitigation_mode": name}}))


CASES = (
    finds(
        CODE,
        "a partner's proxy sends two lengths",
        lambda: logged(mode("defensive"), by_balancer(900, 400, group=None, fields=SEVERE)),
        band="confirmed",
        summary_says="MultipleContentLength",
    ),
    finds(
        CODE,
        "the mode was not read",
        lambda: logged(Incident(), by_balancer(900, 400, group=None, fields=SEVERE)),
        band="likely",
    ),
    look_alike(
        CODE,
        "scanners send garbage, as everywhere",
        lambda: logged(mode("defensive"), by_balancer(40, 400, group=None, fields=SEVERE)),
        verdict="no_fault_found",
    ),
    look_alike(
        CODE,
        "bad requests that are not dangerous",
        lambda: logged(mode("defensive"), by_balancer(900, 400, group=None)),
        verdict="no_fault_found",
    ),
)
