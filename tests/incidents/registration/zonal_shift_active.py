"""Requests are kept away from a zone."""

from diagnostics.facts import TargetHealth
from tests.incidents.building import LB_DIMENSION, TARGETS, TG, TG_DIMENSION, Incident, minutes_of
from tests.incidents.cases import finds, look_alike

CODE = "zonal-shift-active"
ZONE_A = tuple(list(TARGETS)[:2])


def shifted(targets: tuple[str, ...] = ZONE_A, since: float = 20) -> Incident:
    incident = Incident()
    now = incident.known(TargetHealth).by_group[TG]
    changed = [t.model_copy(update={"override_state": "zonal_shift_active"}) if t.id in targets else t for t in now]
    incident.targets(changed)
    both = {"LoadBalancer": LB_DIMENSION, "TargetGroup": TG_DIMENSION}
    return incident.metric("ActiveZonalShiftHostCount", minutes_of(len(targets), since), **both)


CASES = (
    finds(
        CODE,
        "the other zone is too small for all requests",
        lambda: shifted().elb_errors(503, 200, 15),
        band="likely",
        summary_says="us-east-1a",
    ),
    finds(
        CODE,
        "every zone with targets is shifted away",
        lambda: shifted(tuple(TARGETS)).elb_errors(503, 600, 19),
        band="confirmed",
        summary_says="nobody",
    ),
    finds(
        CODE,
        "nobody is left, and errors began with it",
        lambda: shifted(tuple(TARGETS), since=12).elb_errors(503, 600, 12),
    ),
    finds(
        CODE,
        "nobody is left, and requests stopped to arrive with it",
        lambda: shifted(tuple(TARGETS)).elb_errors(503, 600, 19).of_group("RequestCount", 600, 180, 20),
        band="confirmed",
    ),
    look_alike(
        CODE,
        "the shift is somebody's answer to the errors",
        lambda: shifted(since=5).elb_errors(504, 200, 30),
        first="insufficient-evidence",
        risk=True,
    ),
    look_alike(CODE, "shifted away, and users are well", shifted, risk=True, verdict="no_fault_found"),
    look_alike(CODE, "no override at all", lambda: Incident().elb_errors(503, 200, 15), first="insufficient-evidence"),
)
