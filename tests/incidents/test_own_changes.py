"""A diagnosis shortly after a fix: CloudTrail tells nothing of it for minutes, and alb502 knows what it did."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from diagnostics.collect.own_records import OwnCall, OwnRecord
from diagnostics.collect.sources.own_changes import own_change
from diagnostics.commands import when_to_run
from diagnostics.digest import digest
from diagnostics.engine import as_judged, diagnose
from diagnostics.facts import Change, Changes, OwnChanges, OwnSetting
from diagnostics.report import Report
from diagnostics.snapshot import Snapshot
from tests.incidents.building import NOW, TASK_SG, TG, Incident, ago, change, stopped_task
from tests.incidents.health_check.health_check_path_mismatch import answers

PATH = "health-check-path-mismatch"
SG_ARN = f"arn:aws:ec2:us-east-1:111122223333:security-group/{TASK_SG}"


def path_fixed(minutes_ago: float, **more: Any) -> OwnRecord:
    given: dict[str, Any] = {
        "plan": "p-1",
        "at": ago(minutes_ago),
        "title": "Set the health check's path of checkout to /healthz",
        "resource": TG,
        "within_s": 300,
        "asked_by": "Ann",
        "approved_by": "Bob",
        "about": frozenset({TG}),
        "settings": (OwnSetting(setting="path", before="/status", after="/healthz"),),
        "calls": (
            OwnCall(
                service="elbv2",
                operation="modify_target_group",
                parameters={"TargetGroupArn": TG, "HealthCheckPath": "/healthz", "Matcher": {"HttpCode": "200"}},
                before={"TargetGroupArn": TG, "HealthCheckPath": "/status", "Matcher": {"HttpCode": "200"}},
                resources=(TG,),
            ),
        ),
        **more,
    }
    return OwnRecord(**given)


def delay_set(minutes_ago: float, **more: Any) -> OwnRecord:
    """A fix of the path without a bearing on health."""
    call = OwnCall(
        service="elbv2",
        operation="modify_target_group_attributes",
        parameters={
            "TargetGroupArn": TG,
            "Attributes": [{"Key": "deregistration_delay.timeout_seconds", "Value": "60"}],
        },
        resources=(TG,),
    )
    return path_fixed(minutes_ago, title="Set the deregistration delay of checkout to 60 s", calls=(call,), **more)


def after(incident: Incident, *records: OwnRecord) -> Snapshot:
    """What is read after these fixes. CloudTrail is read, and silent."""
    return incident.replace(OwnChanges(items=tuple(map(own_change, records)), since=ago(240))).snapshot()


def told(report: Report) -> list[str]:
    return [f"{entry.event} by {entry.actor}" for entry in report.timeline if entry.actor]


def over(since: float = 20, until: float = 3) -> Incident:
    """Errors that ended, with every target healthy."""
    return Incident().elb_errors(502, 40, since, until)


def test_repaired_two_minutes_ago_it_is_over_since_the_fix() -> None:
    report = diagnose(after(over(), path_fixed(2.5, worked=True)))
    assert report.symptom.over
    assert "; over (" in report.headline
    assert "Set the health check's path of checkout to /healthz, by alb502 03:27, approved by Bob" in report.headline
    assert all("Nothing to do now" in (cause.advice or "") for cause in report.causes[:1])
    (line,) = [one for one in told(report) if "alb502" in one]
    assert "healthCheckPath /status → /healthz" in line
    assert "it worked" in line
    assert "asked by Ann, approved by Bob" in line


def test_without_its_own_record_it_would_not_know() -> None:
    report = diagnose(over().snapshot())
    assert "alb502" not in report.headline
    assert not report.symptom.over


def test_a_fix_that_was_watched_to_work_needs_less_quiet() -> None:
    unsure = diagnose(after(over(until=1), path_fixed(1.5)))
    sure = diagnose(after(over(until=1), path_fixed(1.5, worked=True)))
    assert sure.symptom.over
    assert not unsure.symptom.over


def test_a_fix_that_did_not_help_did_not_end_it() -> None:
    """Somebody did something else afterwards, and that did."""
    rolled = change("ModifyListener", minutes_ago=4, resources=(TG,), request={"listenerArn": "x"})
    report = diagnose(after(over(until=3).changed(rolled), path_fixed(9, worked=False)))
    assert "; over (" in report.headline
    assert "listener changed 03:26 by role/ops-admin" in report.headline


def test_whoever_was_first_ended_it_while_nobody_has_seen_the_fix_work() -> None:
    rolled = change("ModifyListener", minutes_ago=4, resources=(TG,), request={"listenerArn": "x"})
    assert "role/ops-admin" in diagnose(after(over(until=3).changed(rolled), path_fixed(3.5))).headline
    assert "by alb502 03:26" in diagnose(after(over(until=3).changed(rolled), path_fixed(3.5, worked=True))).headline


def test_an_undo_may_end_what_a_fix_began() -> None:
    back = path_fixed(4, plan="p-2", undoes="p-1", title="Undo: Set the path")
    report = diagnose(after(over(until=3), back, path_fixed(25, undone=True)))
    assert "alb502 (Undo: Set the path" in report.headline


def sick_still() -> Incident:
    """The path is right by now, and no target has passed enough checks."""
    return Incident().unhealthy("Target.ResponseCodeMismatch", answers(404), since=20)


def test_the_new_value_is_not_blamed_for_the_checks_before_it() -> None:
    report = diagnose(after(sick_still(), path_fixed(1)))
    first = report.causes[0]
    assert first.code == PATH
    assert "path /status answered 404" in first.summary
    assert "it was changed at 03:29 UTC" in first.summary
    assert "/healthz answers 404" not in first.summary
    assert "Wait until 03:32" in (first.advice or "")
    assert "too early to tell" in report.headline
    assert not report.symptom.over


def test_a_repair_that_did_not_help_is_no_excuse_for_the_new_value() -> None:
    """All targets have had their time, and fail with the new path, too."""
    snapshot = after(sick_still(), path_fixed(10, worked=False))
    report = diagnose(snapshot)
    first = report.causes[0]
    assert first.code == PATH
    assert "path /healthz answers 404" in first.summary
    assert first.band == "confirmed"
    assert "too early" not in report.headline
    assert any("it did not help" in one for one in told(report))


def test_what_fails_while_a_fix_had_no_time_to_work_is_a_guess_and_says_why() -> None:
    """The fix opened a security group; a minute later targets still count as timed out."""
    timed_out = Incident().unhealthy("Target.Timeout", "Request timed out", since=20)
    opened = OwnCall(
        service="ec2",
        operation="authorize_security_group_ingress",
        parameters={"GroupId": TASK_SG, "IpPermissions": [{"IpProtocol": "tcp", "FromPort": 8080, "ToPort": 8080}]},
        resources=(SG_ARN,),
    )
    record = path_fixed(1, title="Allow the load balancer in", resource=SG_ARN, calls=(opened,))
    report = diagnose(after(timed_out, record))
    assert report.causes, "something still fails, and that is said"
    for found in report.causes:
        assert found.band == "possible", found.code
        assert any("Allow the load balancer in, by alb502 03:29" in one.text for one in found.against)
    assert (report.causes[0].advice or "").startswith("Wait until 03:34 UTC and diagnose again")
    assert when_to_run(report.causes[0].advice or "") == "Not now, only if it fails still:"
    later = diagnose(after(timed_out, record.model_copy(update={"at": ago(15)})))
    assert any(found.band != "possible" for found in later.causes)


def test_a_fix_of_alarms_or_logs_is_no_repair() -> None:
    alarm = OwnCall(service="cloudwatch", operation="put_metric_alarm", parameters={"AlarmName": "x"})
    logs = OwnCall(
        service="elbv2",
        operation="modify_load_balancer_attributes",
        parameters={"Attributes": [{"Key": "access_logs.s3.enabled", "Value": "true"}]},
    )
    for call in (alarm, logs):
        report = diagnose(after(sick_still(), path_fixed(1, calls=(call,))))
        assert report.causes[0].band != "possible"
        assert "too early" not in report.headline


def test_an_undo_is_told_and_may_be_what_began_it() -> None:
    """Bob took the fix back; since then the old path fails again."""
    incident = Incident().health_check(path="/status").unhealthy("Target.ResponseCodeMismatch", answers(404), since=20)
    back = path_fixed(
        22,
        plan="p-2",
        undoes="p-1",
        title="Undo: Set the health check's path of checkout to /healthz",
        calls=(
            OwnCall(
                service="elbv2",
                operation="modify_target_group",
                parameters={"TargetGroupArn": TG, "HealthCheckPath": "/status"},
                before={"TargetGroupArn": TG, "HealthCheckPath": "/healthz"},
                resources=(TG,),
            ),
        ),
    )
    first_time = path_fixed(50, undone=True)
    report = diagnose(after(incident, back, first_time))
    found = report.causes[0]
    assert found.code == PATH
    assert "since its path was changed at 03:08 UTC" in found.summary
    assert any("Undo: Set the health check's path" in one.text for one in found.evidence)
    assert any("was /healthz before" in one.text for one in found.evidence)
    assert any("taken back since" in one for one in told(report))


def test_a_repair_that_came_within_the_minute_of_the_onset_did_not_begin_it() -> None:
    """Minutes are counted whole, so that a change may seem to come first; a repair was asked for before."""
    sick = Incident().unhealthy("Target.ResponseCodeMismatch", answers(500), since=20)
    blamed = path_fixed(19.5, plan="p-3", undoes="p-2", title="Undo: x")
    repair = path_fixed(19.5, worked=False)
    edit = own_change(repair).changes[0].at
    snapshot = after(sick, repair)
    report = diagnose(snapshot)
    assert edit > ago(20)
    assert all("since its path was changed" not in found.summary for found in report.causes)
    undone = diagnose(after(sick, blamed))
    assert any("since its path was changed" in found.summary for found in undone.causes), "an undo may begin it"


def test_what_changed_just_before_knows_what_alb502_did() -> None:
    """Within the tolerance of whole minutes only a change that was no repair may seem to come first."""
    before, within = path_fixed(21), path_fixed(19.5)
    undo = path_fixed(19.5, undoes="p-0", title="Undo: Set the path")
    for record, told_before in ((before, True), (within, False), (undo, True)):
        changes = digest(diagnose(after(over(until=0), record))).changes
        assert any("alb502" in (entry.actor or "") for entry in changes) is told_before, record.title


def trail(record: OwnRecord, seconds_later: float = 1.0, **more: Any) -> Change:
    """The same call, as CloudTrail tells it a quarter of an hour later."""
    call = own_change(record).changes[0]
    return change(
        call.name,
        minutes_ago=0,
        resources=(TG,),
        **{
            "id": "event-1",
            "at": call.at + timedelta(seconds=seconds_later),
            "actor": "alb502 (role/alb502-fix/bob@U-bob)",
            "user_agent": "Boto3/1.40 alb502/0.1",
            "request": {"targetGroupArn": TG, "healthCheckPath": "/healthz"},
            **more,
        },
    )


def test_the_same_change_is_not_told_twice_once_cloudtrail_tells_it() -> None:
    record = path_fixed(20)
    report = diagnose(after(over(until=19).changed(trail(record)), record))
    (line,) = [one for one in told(report) if "ModifyTargetGroup" in one]
    assert "asked by Ann, approved by Bob" in line
    assert "/status → /healthz" in line


@pytest.mark.parametrize(
    "other",
    [
        {"seconds_later": 600},
        {"error": "AccessDenied"},
        {"actor": "role/ops-admin"},
    ],
    ids=["later", "refused", "somebody else"],
)
def test_what_somebody_else_did_at_that_time_stays_theirs(other: dict[str, Any]) -> None:
    record = path_fixed(20)
    seen = trail(record, **other)
    snapshot = as_judged(after(Incident().changed(seen), record))
    changes = snapshot.get(Changes)
    assert isinstance(changes, Changes)
    assert seen in changes.items or other.get("actor")
    assert [one.actor for one in changes.items if one.id == "event-1"] == [seen.actor]


def test_what_cloudtrail_may_not_tell_is_known_all_the_same() -> None:
    report = diagnose(after(over().denied(Changes, "cloudtrail:LookupEvents"), path_fixed(2.5, worked=True)))
    assert "by alb502 03:27" in report.headline
    assert any("asked by Ann" in one for one in told(report))


def test_a_fix_without_calls_that_can_be_told_is_told_by_its_title() -> None:
    report = diagnose(after(over(), path_fixed(30, calls=(), worked=True)))
    assert any(one.startswith("Set the health check's path of checkout to /healthz; it worked") for one in told(report))


def test_a_long_title_is_shortened_without_a_cut_within_brackets() -> None:
    title = "Open tcp 8080 of checkout-tasks (sg-0a1b2c3d4e5f60718) to load balancer public"
    assert own_change(path_fixed(2.5, title=title)).short.startswith(
        "Open tcp 8080 of checkout-tasks to load balancer public, by alb502 03:27"
    )
    assert "word…, by alb502" in own_change(path_fixed(2.5, title="a word " * 20)).short


def test_hostile_names_are_data() -> None:
    hostile = path_fixed(2.5, asked_by="\u202eAnn\n<!channel>" + "x" * 500, approved_by="Bob\x1b[31m")
    found = own_change(hostile)
    assert len(found.asked_by) <= 80
    assert "\n" not in found.asked_by + found.approved_by
    assert "\x1b" not in found.approved_by
    assert OwnChanges.model_validate_json(OwnChanges(items=(found,), since=NOW).model_dump_json()).items == (found,)


def test_a_task_that_stopped_before_a_fix_is_not_the_fix_s_fault() -> None:
    """Nothing of this path fails: a fix in the window is no news in the headline."""
    report = diagnose(after(Incident().stopped(stopped_task(1, minutes_ago=90, exit_code=1)), delay_set(5)))
    assert report.verdict == "no_fault_found"
    assert "alb502" not in report.headline
    assert any("deregistration_delay" in one for one in told(report))
