"""Access log rows say who made an error, and for whom."""

from diagnostics.facts import Metrics, Rule, RuleAction, RuleCondition
from tests.incidents.building import LISTENER, OTHER_TG, Incident, forward_rule
from tests.incidents.cases import finds, look_alike
from tests.incidents.rows import Rows, answered, closed, fixed, logged, no_target, refused

CHECKOUT = ("POST shop.example.com/checkout",)


def default_answers_503() -> Incident:
    """The service has a rule of its own; whatever no rule takes gets 503."""
    own = Rule(
        arn=f"{LISTENER}/1",
        priority=10,
        conditions=(RuleCondition(field="host-header", values=("shop.example.com",)),),
        actions=forward_rule().actions,
    )
    rest = Rule(arn=f"{LISTENER}/default", priority=None, actions=(RuleAction(type="fixed-response", status_code=503),))
    return Incident().rules(own, rest)


CASES = (
    finds(
        "target-generated-5xx",
        "rows carry the target's own status, on one route",
        lambda: logged(Incident(), answered(300, routes=CHECKOUT)),
        band="confirmed",
    ),
    finds(
        "target-generated-5xx",
        "metrics may not be read, and the rows say it",
        lambda: logged(Incident(), answered(300)).denied(Metrics, "cloudwatch:GetMetricData"),
        band="likely",
    ),
    look_alike(
        "target-generated-5xx",
        "the rows carry no status of a target",
        lambda: logged(Incident(), refused(300)),
        first="port-not-listening",
    ),
    finds(
        "fixed-response-5xx",
        "rows show that the default rule answered, on the old host name",
        lambda: logged(default_answers_503(), fixed(300, priority="0", routes=("GET old.example.com/",))),
        band="confirmed",
    ),
    look_alike(
        "fixed-response-5xx",
        "there is such a rule, and the rows had no target",
        lambda: logged(default_answers_503().targets(()), no_target(300)),
        first="no-registered-targets",
    ),
    finds(
        "keepalive-race",
        "a shared load balancer, and the rows are this service's",
        lambda: logged(Incident().shared_with_search(), closed(120, (0.001, 0.02), since=59)),
        band="likely",
    ),
    look_alike(
        "insufficient-evidence",
        "a shared load balancer, and the rows are the neighbour's",
        lambda: logged(Incident().shared_with_search(), closed(400, (0.2, 3.0), group=OTHER_TG)),
        verdict="no_fault_found",
    ),
    look_alike(
        "insufficient-evidence",
        "one of four targets is unhealthy, and the errors are the neighbour's all the same",
        lambda: logged(
            Incident()
            .shared_with_search()
            .unhealthy("Target.Timeout", "Request timed out", targets=("10.0.1.21",), since=12),
            closed(400, (0.2, 3.0), group=OTHER_TG),
        ),
        first="health-check-timeout-too-short",
    ),
    finds(
        "insufficient-evidence",
        "a fifth of the 502s is of a kind that nothing explains",
        lambda: logged(
            Incident(),
            closed(400, (0.001, 0.02), since=59),
            Rows("other", 502, 100, targets=(), target_s=0.001, response_s=0.0),
        ),
        first="keepalive-race",
        summary_says="20 % of the 502",
    ),
)
