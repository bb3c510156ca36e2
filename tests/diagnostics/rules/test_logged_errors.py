"""Rows say whose errors they are, and count what has no counter."""

from __future__ import annotations

from diagnostics.engine import diagnose
from diagnostics.facts import Metrics
from diagnostics.rules.observations import observe
from tests.incidents.building import OTHER_TG, Incident
from tests.incidents.rows import ALL_TARGETS, by_balancer, closed, gave_up, logged, refused, slow
from tests.incidents.time.slow_client_upload import UPLOAD


def test_codes_without_a_counter_are_unknown_until_rows_are_read() -> None:
    without = diagnose(Incident().snapshot()).symptom
    assert (without.elb_460, without.elb_463, without.elb_464, without.elb_561) == (None, None, None, None)
    rows = diagnose(logged(Incident(), gave_up(7, 3.0), by_balancer(5, 464)).snapshot()).symptom
    assert (rows.elb_460, rows.elb_463, rows.elb_464, rows.elb_561) == (7, 0, 5, 0)


def test_on_a_shared_load_balancer_the_numbers_are_those_of_the_own_rows() -> None:
    incident = logged(Incident().shared_with_search(), closed(40, (0.2, 3.0)), closed(400, (0.2, 3.0), group=OTHER_TG))
    observed = observe(incident.snapshot())
    assert observed.counts.elb_502 == 40
    assert observed.errors_are_ours
    assert observed.counted_by_rows
    assert diagnose(incident.snapshot()).symptom.scope == "target-group"


def test_errors_of_the_neighbour_alone_are_not_ours() -> None:
    incident = logged(Incident().shared_with_search(), closed(400, (0.2, 3.0), group=OTHER_TG)).connection_errors(1, 5)
    observed = observe(incident.snapshot())
    assert not observed.errors_are_ours
    assert observed.counts.elb_502 == 400
    assert observed.sick_siblings == (OTHER_TG.rsplit(":", 1)[1],)


def test_a_part_of_the_files_does_not_settle_whose_they_are() -> None:
    incident = logged(
        Incident().shared_with_search(), closed(400, (0.2, 3.0), group=OTHER_TG), share_read=0.3
    ).connection_errors(5, 20)
    observed = observe(incident.snapshot())
    assert observed.errors_are_ours
    assert not observed.counted_by_rows


def test_rows_from_before_the_trouble_do_not_speak_for_it() -> None:
    incident = logged(Incident().shared_with_search(), closed(10, 0.2, group=OTHER_TG)).elb_errors(502, 200, 4)
    assert not observe(incident.snapshot()).counted_by_rows


def test_rows_count_what_cloudwatch_could_not_be_asked() -> None:
    incident = logged(Incident(), slow(90)).denied(Metrics, "cloudwatch:GetMetricData")
    observed = observe(incident.snapshot())
    assert (observed.counts.elb_504, observed.counts.elb_502) == (90, 0)
    assert observed.onset is not None
    assert observed.kind == "errors"


def test_scanners_and_unused_connections_are_no_symptom() -> None:
    incident = logged(Incident(), by_balancer(900, 400, group=None), by_balancer(900, 408, routes=(), group=None))
    assert observe(incident.snapshot()).kind == "none"


def test_a_proxy_that_sends_in_a_circle_is_named_although_it_has_no_code_of_its_own() -> None:
    report = diagnose(logged(Incident(), by_balancer(200, 463, group=None)).snapshot())
    assert [cause.code for cause in report.causes] == ["insufficient-evidence"]
    assert "X-Forwarded-For" in (report.causes[0].advice or "")


def test_errors_gather_on_a_target_a_zone_a_route() -> None:
    one_target = diagnose(logged(Incident(), refused(90, targets=ALL_TARGETS[:1])).snapshot())
    assert (one_target.symptom.concentration.by, one_target.symptom.concentration.key) == ("target", ALL_TARGETS[0])
    one_zone = diagnose(logged(Incident(), refused(90, targets=ALL_TARGETS[2:])).snapshot())
    assert (one_zone.symptom.concentration.by, one_zone.symptom.concentration.key) == ("zone", "us-east-1b")
    one_route = diagnose(logged(Incident(), slow(90, routes=("GET shop.example.com/search",))).snapshot())
    assert one_route.symptom.concentration.by == "route"
    spread = diagnose(logged(Incident(), slow(90)).snapshot())
    assert spread.symptom.concentration.by == "none"


def test_a_zone_or_route_with_most_of_the_traffic_may_have_most_of_the_errors() -> None:
    zone = logged(Incident(), slow(90, targets=ALL_TARGETS[2:]), zone_share={"us-east-1b": 0.95, "us-east-1a": 0.05})
    assert diagnose(zone.snapshot()).symptom.concentration.by == "none"
    busy = {"GET shop.example.com/search": 0.95}
    route = logged(Incident(), slow(90, routes=tuple(busy)), route_share=busy)
    assert diagnose(route.snapshot()).symptom.concentration.by == "none"


def test_a_route_is_not_named_where_its_traffic_was_not_counted() -> None:
    incident = logged(Incident(), slow(90, routes=("GET shop.example.com/search",)), routes_counted=False)
    assert diagnose(incident.snapshot()).symptom.concentration.by == "none"


def test_connections_that_nobody_used_are_no_uploads() -> None:
    uploads = by_balancer(500, 408, routes=UPLOAD, elapsed_s=61.0, fields={"method": "POST"})
    unused = by_balancer(500, 408, routes=(), elapsed_s=60.0, group=None)
    (cause,) = diagnose(logged(Incident(), uploads, unused).snapshot()).causes
    assert cause.summary == "500 uploads were too slow and ended in 408"
    assert len(cause.evidence) == 1
