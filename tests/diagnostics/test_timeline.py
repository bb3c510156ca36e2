"""The timeline tells what repeats once, and keeps what people did when there is too much."""

from __future__ import annotations

from diagnostics.engine import diagnose
from diagnostics.facts import Alarm, Alarms, Change, ServiceDeployment, ServiceHistory, ServiceRevision
from diagnostics.timeline import MAX_ENTRIES
from tests.incidents.building import (
    LB_DIMENSION,
    TASK_SG,
    TG,
    TG_DIMENSION,
    Incident,
    ago,
    change,
    deployment,
    minutes_of,
    stopped_task,
    task_definition_arn,
)
from tests.incidents.stopping import leaving


def test_what_repeats_is_told_once_with_its_number() -> None:
    incident = Incident()
    for minute in range(30, 0, -1):
        incident.event(f"(task {minute:032x}) (port 8080) is unhealthy in (target-group a) due to (reason x).", minute)
    told = [entry for entry in diagnose(incident.snapshot()).timeline if "is unhealthy" in entry.event]
    assert len(told) == 1
    assert told[0].event.endswith("(30 times until 03:29:00)")
    assert f"{told[0].at:%H:%M}" == "03:00"


def test_other_exit_codes_revisions_and_status_codes_are_other_events() -> None:
    incident = Incident().stopped(
        stopped_task(1, minutes_ago=9, exit_code=1), stopped_task(2, minutes_ago=8, exit_code=137)
    )
    for revision, code in ((7, 404), (8, 500)):
        incident.event(f"checkout:{revision} failed health checks with codes: [{code}]", 20 - revision)
    events = [entry.event for entry in diagnose(incident.snapshot()).timeline]
    for words in ("web exit 1", "web exit 137", "checkout:7 failed", "checkout:8 failed"):
        assert any(words in event and "times" not in event for event in events), (words, events)


def test_a_change_by_a_person_outlives_a_flood_of_events() -> None:
    incident = Incident().elb_errors(504, 40, 50)
    incident.changed(change("RevokeSecurityGroupIngress", minutes_ago=52, resources=(TASK_SG,)))
    for number in range(95):
        words = "".join(chr(ord("g") + int(digit)) for digit in str(number))
        incident.event(f"something called {words} happened.", 50 - number / 2)
    timeline = diagnose(incident.snapshot()).timeline
    assert len(timeline) == MAX_ENTRIES
    assert timeline[0].event == f"RevokeSecurityGroupIngress on {TASK_SG}"
    assert timeline[0].actor == "role/ops-admin"
    assert any(entry.event == "first minute with errors" for entry in timeline)
    assert [entry.at for entry in timeline] == sorted(entry.at for entry in timeline)


def test_registrations_by_ecs_itself_are_not_told_twice() -> None:
    registered = change("RegisterTargets", minutes_ago=5, resources=("tg",), by_service="ecs.amazonaws.com")
    report = diagnose(Incident().event("registered 1 targets in (target-group a)", 5).changed(registered).snapshot())
    assert [entry.event for entry in report.timeline if "egister" in entry.event] == [
        "service registered 1 targets in (target-group a)"
    ]


def test_a_stop_says_why() -> None:
    report = diagnose(Incident().stopped(stopped_task(1, minutes_ago=9, exit_code=1)).snapshot())
    assert report.timeline[-1].event == "task 00000001 stopped: Essential container in task exited; web exit 1"


def events(incident: Incident) -> list[str]:
    return [entry.event for entry in diagnose(incident.snapshot()).timeline]


def test_what_auto_scaling_registered_is_told_with_the_targets() -> None:
    request = {"targetGroupArn": TG, "targets": [{"id": f"i-0{n}"} for n in range(5)]}
    taken = change("DeregisterTargets", minutes_ago=5, resources=(TG,), by_service="autoscaling.amazonaws.com")
    report = diagnose(Incident().changed(taken.model_copy(update={"request": request})).snapshot())
    (entry,) = [entry for entry in report.timeline if "DeregisterTargets" in entry.event]
    assert entry.event.endswith(": i-00, i-01, i-02 and 2 more")
    assert entry.actor == "autoscaling.amazonaws.com"


def test_a_change_says_what_was_before_where_that_is_recorded() -> None:
    def of_count(number: int, minutes: float) -> Change:
        request = {"desiredCount": number}
        return change("UpdateService", minutes_ago=minutes, resources=("checkout",), request=request)

    told = events(Incident().changed(of_count(0, 5), of_count(4, 50)))
    assert [event for event in told if "UpdateService" in event] == [
        "UpdateService on checkout: desiredCount 4",
        "UpdateService on checkout: desiredCount 4 → 0",
    ]


def test_attributes_are_told_by_their_keys() -> None:
    request = {"attributes": [{"key": "deregistration_delay.timeout_seconds", "value": "5"}]}
    told = events(
        Incident().changed(change("ModifyTargetGroupAttributes", minutes_ago=5, resources=(TG,), request=request))
    )
    assert told[-1].endswith(": deregistration_delay.timeout_seconds 5")


def test_a_person_s_stop_and_a_scale_in_are_both_told_with_exit_codes() -> None:
    told = events(Incident().stopped(leaving(8, minutes_ago=9), leaving(9, minutes_ago=5, by="UserInitiated")))
    assert told == [
        "task 00000008 stopped: Scaling activity initiated by (deployment ecs-svc/7); web exit 143",
        "task 00000009 stopped: Task stopped by user; web exit 143",
    ]


def test_a_deployment_says_what_it_changed_and_how_it_ended() -> None:
    def revision(number: int, *groups: str) -> ServiceRevision:
        return ServiceRevision(
            arn=f"arn:r/{number}", task_definition=task_definition_arn(number), security_groups=groups
        )

    past = ServiceDeployment(
        arn="arn:d/1",
        status="ROLLBACK_SUCCESSFUL",
        status_reason="tasks failed to start",
        circuit_breaker_status="TRIGGERED",
        started_at=ago(40),
        finished_at=ago(30),
        target_revision_arn="arn:r/8",
        source_revision_arns=("arn:r/7",),
    )
    history = ServiceHistory(deployments=(past,), revisions=(revision(8, "sg-2"), revision(7, "sg-1")))
    difference = "task definition checkout:7 → checkout:8; security groups sg-1 → sg-2"
    assert events(Incident().replace(history)) == [
        f"deployment of checkout:8 began (ROLLBACK_SUCCESSFUL): {difference}",
        "deployment of checkout:8 ended (ROLLBACK_SUCCESSFUL, by the circuit breaker): tasks failed to start",
    ]


def test_a_deployment_that_ecs_still_shows_is_told_once() -> None:
    past = ServiceDeployment(arn="arn:d/1", status="IN_PROGRESS", started_at=ago(20))
    incident = Incident().service(deployments=(deployment(8, created=20, rollout_state="IN_PROGRESS"),))
    told = events(incident.replace(ServiceHistory(deployments=(past,))))
    assert told == ["deployment of checkout:8 began (IN_PROGRESS)"]


def test_targets_that_turn_unhealthy_and_well_again() -> None:
    points = minutes_of(0, 180, 20) + minutes_of(2, 20, 10) + minutes_of(0, 10)
    incident = Incident().metric(
        "UnHealthyHostCount", points, "Maximum", LoadBalancer=LB_DIMENSION, TargetGroup=TG_DIMENSION
    )
    assert [event for event in events(incident) if "unhealthy" in event] == [
        "targets turned unhealthy: 0 → 2",
        "fewer targets are unhealthy: 2 → 0",
    ]


def test_alarms_of_this_path_are_part_of_the_story() -> None:
    known = Alarms(
        items=(
            Alarm(name="checkout-5xx", state="ALARM", since=ago(12), metric="HTTPCode_ELB_5XX_Count"),
            Alarm(name="last-week", state="OK", since=ago(9000)),
        )
    )
    assert events(Incident().replace(known)) == ["alarm checkout-5xx on HTTPCode_ELB_5XX_Count went to ALARM"]


def test_a_change_after_the_first_error_stands_after_it_and_is_no_cause() -> None:
    late = change("RevokeSecurityGroupIngress", minutes_ago=30, resources=(TASK_SG,))
    report = diagnose(Incident().elb_errors(504, 40, 50).changed(late).snapshot())
    told = [entry.event for entry in report.timeline]
    assert told.index("first minute with errors") < told.index(f"RevokeSecurityGroupIngress on {TASK_SG}")
    assert not any("rule removed" in item.text for cause in report.causes for item in cause.evidence)


def test_a_long_reason_is_cut_where_it_shows() -> None:
    task = stopped_task(1, minutes_ago=9, exit_code=1).model_copy(update={"stopped_reason": "because " * 60})
    (told,) = [event for event in events(Incident().stopped(task)) if "stopped" in event]
    assert len(told) <= 300
    assert told.endswith("because…")


def test_what_happens_twice_in_one_second_has_no_end() -> None:
    incident = Incident()
    for number in range(2):
        incident.event(f"(task {number:032x}) failed container health checks.", 9)
    assert events(incident)[-1].endswith("(2 times)")
