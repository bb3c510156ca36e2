from tests.incidents.building import LB_DIMENSION, Incident, minutes_of
from tests.incidents.cases import finds, look_alike
from tests.incidents.network.nacl_blocked import CASES as ACL_CASES
from tests.incidents.rows import ALL_TARGETS, closed, connect_timeouts, logged, slow

CODE = "single-az-fault"
ZONE_A, ZONE_B = ALL_TARGETS[:2], ALL_TARGETS[2:]
ONE_ZONE_BY_ACL = next(case for case in ACL_CASES if "zone" in case.title and case.kind == "finds")


def counted_by_zone(incident: Incident, a: float, b: float) -> Incident:
    for zone, number in (("us-east-1a", a), ("us-east-1b", b)):
        incident.metric(
            "HTTPCode_ELB_504_Count", minutes_of(number, 20), LoadBalancer=LB_DIMENSION, AvailabilityZone=zone
        )
    return incident


CASES = (
    finds(
        CODE,
        "connections into one zone time out, and no rule says why",
        lambda: logged(Incident(), connect_timeouts(200, since=20, targets=ZONE_B)),
        band="likely",
        summary_says="us-east-1b",
    ),
    finds(
        CODE,
        "targets of one zone do not answer",
        lambda: logged(Incident(), slow(200, since=20, targets=ZONE_A)),
        also=("target-slow-response",),
    ),
    finds(
        CODE,
        "access logs are off; the counters of the zones differ",
        lambda: counted_by_zone(Incident().elb_errors(504, 20, 20), a=0, b=20),
        band="possible",
    ),
    look_alike(
        CODE,
        "both zones have them",
        lambda: logged(Incident(), connect_timeouts(200, since=20)),
        first="connect-timeout-unattributed",
    ),
    look_alike(
        CODE,
        "one target, which happens to be in one zone",
        lambda: logged(Incident(), closed(80, (0.05, 3.0), targets=ZONE_B[:1])),
        first="target-closed-mid-request",
    ),
    look_alike(
        CODE,
        "a network ACL blocks that zone",
        ONE_ZONE_BY_ACL.build,
        first="nacl-blocked",
        also=ONE_ZONE_BY_ACL.also,
    ),
)
