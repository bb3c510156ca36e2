from tests.incidents.building import Incident, deployment, minutes_of
from tests.incidents.cases import finds, look_alike

BOTH = {"LoadBalancer": "app/shop/50dc6c495c0c9188", "TargetGroup": "targetgroup/checkout/73e2d6bc24d8a067"}


def half_taken_away() -> Incident:
    return (
        Incident()
        .service(minimum_healthy_percent=0, deployments=(deployment(8, created=20),))
        .metric(
            "HealthyHostCount", minutes_of(4, 180, 19) + minutes_of(0, 19, 16) + minutes_of(4, 16), "Minimum", **BOTH
        )
        .elb_errors(503, 300, 19, 16)
    )


def taken_away_in_the_first_minute() -> Incident:
    """It began on the full minute, so that minute's count is already the gap's."""
    return (
        Incident()
        .service(minimum_healthy_percent=0, deployments=(deployment(8, created=20),))
        .metric(
            "HealthyHostCount", minutes_of(4, 180, 20) + minutes_of(0, 20, 17) + minutes_of(4, 17), "Minimum", **BOTH
        )
        .elb_errors(503, 300, 20, 17)
    )


def not_reported_in_the_gap() -> Incident:
    """The only task went first: nothing was registered for a while, and nothing counted."""
    return (
        Incident()
        .service(desired=1, running=1, minimum_healthy_percent=0, deployments=(deployment(8, created=20),))
        .metric("HealthyHostCount", minutes_of(1, 180, 19) + minutes_of(1, 16), "Minimum", **BOTH)
        .elb_errors(503, 300, 19, 16)
    )


def not_counted_before() -> Incident:
    """A minute without a count before the deployment is no lower level to compare with."""
    before = minutes_of(4, 180, 25) + minutes_of(4, 24, 20)
    incident = taken_away_in_the_first_minute()
    return incident.metric("HealthyHostCount", before + minutes_of(0, 20, 17) + minutes_of(4, 17), "Minimum", **BOTH)


def steady_while_errors_come() -> Incident:
    incident = Incident().service(minimum_healthy_percent=50, deployments=(deployment(8, created=20),))
    return incident.metric("HealthyHostCount", minutes_of(4, 180), "Minimum", **BOTH).elb_errors(502, 60, 19, 16)


CASES = (
    finds(
        "deployment-min-healthy-too-low",
        "a hole in the count before the deployment",
        not_counted_before,
        band="likely",
        also=("deployment-gap",),
    ),
    finds(
        "deployment-min-healthy-too-low",
        "nothing was registered in the gap",
        not_reported_in_the_gap,
        band="likely",
        also=("deployment-gap",),
    ),
    finds(
        "deployment-min-healthy-too-low",
        "the gap began on the full minute",
        taken_away_in_the_first_minute,
        also=("deployment-gap",),
    ),
    finds(
        "deployment-min-healthy-too-low",
        "a deployment took all tasks away at once",
        half_taken_away,
        band="likely",
        also=("deployment-gap",),
    ),
    look_alike(
        "deployment-min-healthy-too-low",
        "the setting is low and nothing happened",
        lambda: Incident().service(minimum_healthy_percent=0, desired=1, running=1),
        risk=True,
        verdict="no_fault_found",
    ),
    look_alike(
        "deployment-min-healthy-too-low",
        "the number of healthy targets stayed steady through the deployment",
        steady_while_errors_come,
        first="deployment-regression",
    ),
)
