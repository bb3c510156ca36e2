"""What was counted, and what counts as not read."""

from __future__ import annotations

from diagnostics.facts import EcsService, Gap, Metrics
from diagnostics.rules.counters import own_requests, series_of_service, total, total_of_balancers
from tests.incidents.building import NOW, Incident, ago

UNREAD = Gap(action="cloudwatch:GetMetricData", resource="*", error="AccessDenied", kind="denied")
SECOND = "arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/app/second/1"


def test_of_two_load_balancers_both_have_to_be_counted() -> None:
    snapshot = Incident().elb_errors(502, 40, 20).snapshot()
    both = snapshot.subject.model_copy(update={"load_balancers": (*snapshot.subject.load_balancers, SECOND)})
    metrics = snapshot.get(Metrics)
    assert (total_of_balancers(metrics, "HTTPCode_ELB_502_Count", snapshot.subject, snapshot.window) or 0) > 0
    assert total_of_balancers(metrics, "HTTPCode_ELB_502_Count", both, snapshot.window) is None
    assert total(UNREAD, "RequestCount", [{}], ago(20), NOW) is None


def test_requests_of_the_last_minutes_are_those_of_now() -> None:
    snapshot = Incident().of_group("RequestCount", 60, 40, 10).snapshot()
    assert own_requests(snapshot.get(Metrics), snapshot.subject, snapshot.window) == 0
    assert own_requests(UNREAD, snapshot.subject, snapshot.window) is None


def test_without_the_service_the_only_one_that_was_measured_is_meant() -> None:
    incident = Incident()
    metrics, service = incident.snapshot().get(Metrics), incident.known(EcsService)
    assert isinstance(metrics, Metrics)
    of_it = series_of_service(metrics, service, "CPUUtilization", "Maximum")
    assert of_it is not None
    assert series_of_service(metrics, UNREAD, "CPUUtilization", "Maximum") == of_it
    other = service.model_copy(update={"service": "search"})
    assert series_of_service(metrics, other, "CPUUtilization", "Maximum") is None
    twice = metrics.model_copy(update={"series": (*metrics.series, of_it)})
    assert series_of_service(twice, UNREAD, "CPUUtilization", "Maximum") is None
