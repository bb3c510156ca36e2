"""The firewall does not answer."""

from diagnostics.facts import AccessLogs, LoadBalancerAttributes
from tests.incidents.building import LB, Incident
from tests.incidents.cases import finds, look_alike
from tests.incidents.guards import asked, blocked, login, unchecked
from tests.incidents.rows import answered, logged

CODE = "waf-error"


def failing_closed() -> Incident:
    return Incident().replace(LoadBalancerAttributes(by_arn={LB: {"waf.fail_open.enabled": "false"}}))


CASES = (
    finds(
        CODE,
        "it times out",
        lambda: logged(failing_closed(), unchecked(300, group=None)),
        band="confirmed",
        summary_says="WAFConnectionTimeout",
    ),
    finds(
        CODE,
        "its setting may not be read",
        lambda: logged(Incident(), unchecked(300, "WAFServiceError", group=None)).denied(
            LoadBalancerAttributes, "elasticloadbalancing:DescribeLoadBalancerAttributes"
        ),
        band="likely",
    ),
    look_alike(
        CODE,
        "a login fails with 500",
        lambda: logged(Incident(), login(300, 500, "AuthTokenEpRequestTimeout", group=None)),
        first="auth-idp-failure",
    ),
    look_alike(
        CODE,
        "the application answers 500",
        lambda: logged(failing_closed(), answered(300, 500)),
        first="target-generated-5xx",
    ),
    look_alike(
        CODE,
        "a rule of the firewall blocks",
        lambda: asked(logged(failing_closed(), blocked(300, group=None)), 403),
        first="waf-blocked",
    ),
    look_alike(
        CODE,
        "500 without rows",
        lambda: Incident().elb_errors(500, 30, 20).denied(AccessLogs, "s3:GetObject"),
        first="insufficient-evidence",
    ),
)
