"""The firewall refuses requests."""

from diagnostics.facts import AccessLogs, Metrics
from tests.incidents.building import Incident
from tests.incidents.cases import finds, look_alike
from tests.incidents.guards import asked, blocked, unchecked
from tests.incidents.rows import by_balancer, logged

CODE = "waf-blocked"
CHECKOUT = ("POST shop.example.com/checkout",)
ONE = ("198.51.100.7",)

CASES = (
    finds(
        CODE,
        "customers report 403 on one route",
        lambda: asked(logged(Incident(), blocked(200, routes=CHECKOUT, group=None)), 403),
        band="likely",
        summary_says="/checkout",
    ),
    finds(
        CODE,
        "a third of all requests is refused",
        lambda: logged(Incident().of_group("RequestCount", 10, 180), blocked(300, group=None), per_minute=10),
    ),
    finds(
        CODE,
        "one caller sent most of them",
        lambda: asked(logged(Incident(), blocked(200, clients=ONE, group=None)), 403),
    ),
    finds(
        CODE,
        "metrics may not be read",
        lambda: asked(logged(Incident(), blocked(200, group=None)), 403).denied(Metrics, "cloudwatch:GetMetricData"),
    ),
    look_alike(
        CODE,
        "the firewall does its work",
        lambda: logged(Incident(), blocked(200, group=None)),
        verdict="no_fault_found",
    ),
    look_alike(
        CODE,
        "the application refuses by itself",
        lambda: asked(logged(Incident()).of_group("HTTPCode_Target_4XX_Count", 20, 60), 403),
        verdict="no_fault_found",
    ),
    look_alike(
        CODE,
        "refused by the load balancer, not by a rule",
        lambda: asked(logged(Incident(), by_balancer(200, 403, group=None)), 403),
        first="insufficient-evidence",
    ),
    look_alike(
        CODE, "the firewall itself failed", lambda: logged(Incident(), unchecked(300, group=None)), first="waf-error"
    ),
    look_alike(
        CODE,
        "rows may not be read",
        lambda: asked(Incident().denied(AccessLogs, "s3:GetObject"), 403),
        verdict="no_fault_found",
    ),
)
