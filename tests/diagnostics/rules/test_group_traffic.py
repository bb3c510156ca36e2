"""How people fare, and since when a group is sick, from counters that may be missing."""

from diagnostics.facts import Gap, Metrics, TargetGroups
from diagnostics.rules.group_traffic import QUIET_BETWEEN_KILLS, GroupTraffic, sick_since, traffic_of, was_ever_healthy
from tests.incidents.building import LB_DIMENSION, NOW, TG_DIMENSION, Incident, ago, minutes_of

GROUP = Incident().known(TargetGroups).items[0]
SUBJECT = Incident().snapshot().subject
UNREAD = Gap(action="cloudwatch:GetMetricData", resource="*", error="AccessDenied", kind="denied")


def metrics(incident: Incident) -> Metrics:
    found = incident.snapshot().get(Metrics)
    assert isinstance(found, Metrics)
    return found


def test_nearly_all_good_answers_serve_people() -> None:
    traffic = traffic_of(metrics(Incident()), SUBJECT, GROUP, ago(20), NOW)

    assert traffic.served
    assert not traffic.suffers


def test_errors_only_make_people_suffer() -> None:
    incident = Incident().target_errors(600, 20).of_group("HTTPCode_Target_2XX_Count", 0, 20)
    traffic = traffic_of(metrics(incident), SUBJECT, GROUP, ago(20), NOW)

    assert traffic.suffers
    assert not traffic.served


def test_unread_counters_prove_nothing() -> None:
    traffic = traffic_of(UNREAD, SUBJECT, GROUP, ago(20), NOW)

    assert traffic == GroupTraffic()
    assert not traffic.served
    assert not traffic.suffers
    assert sick_since(UNREAD, GROUP, NOW) is None
    assert was_ever_healthy(UNREAD, GROUP) is None


def test_a_handful_of_requests_is_not_enough_to_tell() -> None:
    incident = Incident().of_group("HTTPCode_Target_2XX_Count", 1, 5)

    assert not traffic_of(metrics(incident), SUBJECT, GROUP, ago(5), NOW).served


def test_another_load_balancer_does_not_count() -> None:
    elsewhere = SUBJECT.model_copy(update={"load_balancers": ("arn:aws:x:loadbalancer/app/other/1",)})
    assert traffic_of(metrics(Incident()), elsewhere, GROUP, ago(20), NOW).good is None


def test_sickness_begins_with_the_first_minute_of_its_run() -> None:
    incident = Incident().unhealthy("Target.Timeout", "Request timed out", since=25)

    assert sick_since(metrics(incident), GROUP, NOW) == ago(25)
    assert was_ever_healthy(metrics(incident), GROUP) is True


def test_an_earlier_bout_is_another_story() -> None:
    points = minutes_of(1, 20, 18) + minutes_of(4, 8)
    incident = Incident().metric(
        "UnHealthyHostCount", points, "Maximum", LoadBalancer=LB_DIMENSION, TargetGroup=TG_DIMENSION
    )

    assert sick_since(metrics(incident), GROUP, NOW) == ago(8)
    assert sick_since(metrics(incident), GROUP, NOW, QUIET_BETWEEN_KILLS) == ago(20)


def test_sickness_long_over_is_not_today_s() -> None:
    incident = Incident().of_group("UnHealthyHostCount", 1, 120, 90, statistic="Maximum")

    assert sick_since(metrics(incident), GROUP, NOW) is None


def test_a_group_that_never_was_healthy() -> None:
    incident = Incident().unhealthy("Target.Timeout", "Request timed out", since=180)

    assert was_ever_healthy(metrics(incident), GROUP) is False
