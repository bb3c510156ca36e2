"""Nobody is left, for more than one reason."""

from diagnostics.facts import Listeners, Target
from tests.incidents.building import Incident
from tests.incidents.cases import finds, look_alike
from tests.incidents.registration.az_not_enabled import CASES as ZONE_CASES

CODE = "all-targets-unused"
ZONE = "Target is in an Availability Zone that is not enabled for the load balancer"
STOPPED = "Target is in the stopped state"
ALL_IN_A_ZONE = next(case for case in ZONE_CASES if case.kind == "finds")


def unused(number: int, reason: str | None, words: str | None, zone: str = "us-east-1a") -> Target:
    return Target(id=f"10.0.9.{number}", port=8080, zone=zone, state="unused", reason=reason, description=words)


def two_reasons() -> Incident:
    targets = (
        unused(1, "Target.NotInUse", ZONE, "us-east-1c"),
        unused(2, "Target.IpUnusable", "Target IP belongs to a load balancer"),
    )
    return Incident().targets(targets).elb_errors(503, 600, 12)


def no_reason() -> Incident:
    return Incident().targets((unused(1, None, None), unused(2, None, None))).elb_errors(503, 600, 12)


def one_is_left() -> Incident:
    return Incident().targets(
        (
            unused(1, "Target.NotInUse", ZONE, "us-east-1c"),
            Target(id="10.0.1.21", port=8080, zone="us-east-1a", state="healthy"),
        )
    )


CASES = (
    finds(
        CODE,
        "a zone that is not enabled, and an address that is a load balancer's",
        two_reasons,
        first="az-not-enabled",
        role="consequence",
        also=("target-ip-unusable",),
    ),
    finds(CODE, "AWS gives no reason", no_reason, band="confirmed"),
    finds(
        CODE,
        "AWS gives no reason, and the rules may not be read",
        lambda: no_reason().denied(Listeners, "elasticloadbalancing:DescribeRules"),
    ),
    look_alike(CODE, "one target is left", one_is_left, first="az-not-enabled"),
    look_alike(
        CODE,
        "one reason for all is its own cause",
        ALL_IN_A_ZONE.build,
        first=ALL_IN_A_ZONE.first or ALL_IN_A_ZONE.code,
        also=ALL_IN_A_ZONE.also,
    ),
)
