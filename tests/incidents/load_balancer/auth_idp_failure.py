"""Logging in fails at the load balancer."""

from diagnostics.facts import AccessLogs, Listeners, Metrics, Permission, Rule, RuleAction, SecurityGroups
from tests.incidents.building import LB_SG, LISTENER, Incident, allow_from, forward_rule
from tests.incidents.cases import finds, look_alike
from tests.incidents.guards import asked, login, token, unchecked
from tests.incidents.rows import answered, logged

CODE = "auth-idp-failure"


def with_login(incident: Incident | None = None) -> Incident:
    oidc = RuleAction(type="authenticate-oidc", order=1)
    forward = forward_rule().actions[0].model_copy(update={"order": 2})
    return (incident or Incident()).rules(Rule(arn=f"{LISTENER}/default", priority=None, actions=(oidc, forward)))


def shut_in(incident: Incident) -> Incident:
    """The load balancer may only talk to its targets."""
    group = incident.known(SecurityGroups).by_id[LB_SG]
    return incident.security_group(group.model_copy(update={"egress": (allow_from("sg-0c2d"),)}))


def out_on(port: int) -> Incident:
    incident = with_login()
    group = incident.known(SecurityGroups).by_id[LB_SG]
    anybody = Permission(protocol="tcp", from_port=port, to_port=port, cidrs=("0.0.0.0/0",))
    return incident.security_group(group.model_copy(update={"egress": (anybody,)}))


def counted_only() -> Incident:
    return with_login().elb_errors(500, 30, 20).of_balancer("ELBAuthError", 30, 20)


CASES = (
    finds(
        CODE,
        "the provider's token endpoint does not answer",
        lambda: logged(with_login(), login(300, 500, "AuthTokenEpRequestTimeout", group=None)),
        band="likely",
        summary_says="AuthTokenEpRequestTimeout",
    ),
    finds(
        CODE,
        "the load balancer is not let out",
        lambda: logged(shut_in(with_login()), login(300, 500, "AuthTokenEpRequestTimeout", group=None)),
        band="confirmed",
    ),
    finds(
        CODE,
        "the load balancer is let out to anybody, on another port only",
        lambda: logged(out_on(8080), login(300, 500, "AuthTokenEpRequestTimeout", group=None)),
        band="confirmed",
    ),
    finds(
        CODE,
        "the provider answers with an error",
        lambda: logged(with_login(), login(300, 561, None, group=None)),
        summary_says="561",
    ),
    finds(
        CODE,
        "people report 401",
        lambda: asked(logged(with_login(), login(200, 401, "AuthInvalidIdToken", group=None)), 401),
        summary_says="401",
    ),
    finds(CODE, "access logs are off, and the counter tells", counted_only, band="likely"),
    finds(
        CODE,
        "the counter tells, and the rules may not be read",
        lambda: counted_only().denied(Listeners, "elasticloadbalancing:DescribeRules"),
        band="likely",
    ),
    look_alike(
        CODE,
        "a few logins fail, as every day",
        lambda: logged(with_login(), login(100, 401, "AuthInvalidCookie", group=None)),
        verdict="no_fault_found",
    ),
    look_alike(
        CODE,
        "token verification fails",
        lambda: logged(Incident(), token(300, 500, "JWKSRequestTimeout", group=None)),
        first="jwks-failure",
    ),
    look_alike(CODE, "the firewall fails", lambda: logged(with_login(), unchecked(300, group=None)), first="waf-error"),
    look_alike(
        CODE,
        "the application answers 500 behind the login",
        lambda: logged(with_login(), answered(300, 500)),
        first="target-generated-5xx",
    ),
    look_alike(CODE, "nobody logs in here", lambda: Incident().elb_errors(500, 30, 20), first="insufficient-evidence"),
    look_alike(
        CODE,
        "neither rows nor metrics may be read",
        lambda: with_login().denied(AccessLogs, "s3:GetObject").denied(Metrics, "cloudwatch:GetMetricData"),
    ),
)
