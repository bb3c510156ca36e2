"""Nobody is left, for more than one reason."""

from diagnostics.facts import Listeners, Target
from tests.incidents.building import OTHER_TG, Incident
from tests.incidents.cases import finds, look_alike
from tests.incidents.registration.az_not_enabled import CASES as ZONE_CASES
from tests.incidents.registration.target_group_not_in_rule import WORDS, old_colour_waits_for_its_end
from tests.incidents.rows import logged, no_target

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


def while_another_group_is_empty() -> Incident:
    """The access log names it in every 503."""
    return logged(no_reason().shared_with_search(), no_target(7200, since=12, group=OTHER_TG))


def one_is_left() -> Incident:
    return Incident().targets(
        (
            unused(1, "Target.NotInUse", ZONE, "us-east-1c"),
            Target(id="10.0.1.21", port=8080, zone="us-east-1a", state="healthy"),
        )
    )


def old_colour_waits_and_loses_a_host() -> Incident:
    """CodeDeploy's other colour serves."""
    waiting = (unused(1, "Target.NotInUse", WORDS), unused(2, "Target.InvalidState", STOPPED))
    return old_colour_waits_for_its_end().targets(waiting)


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
    finds(CODE, "AWS gives no reason, and the 503 are another group's", while_another_group_is_empty, band="likely"),
    look_alike(CODE, "one target is left", one_is_left, first="az-not-enabled"),
    look_alike(CODE, "the other colour serves", old_colour_waits_and_loses_a_host, verdict="no_fault_found"),
    look_alike(
        CODE,
        "one reason for all is its own cause",
        ALL_IN_A_ZONE.build,
        first=ALL_IN_A_ZONE.first or ALL_IN_A_ZONE.code,
        also=ALL_IN_A_ZONE.also,
    ),
)
