"""Which resources CloudTrail is asked about, and what is kept of its events."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest

from diagnostics.aws_access import Pages
from diagnostics.collect.collector import Now, Read
from diagnostics.collect.log_options import LogOptions
from diagnostics.collect.sources.changes import changes
from diagnostics.collect.sources.cloudtrail_events import change_of
from diagnostics.facts import (
    Changes,
    EcsService,
    ForwardTarget,
    Gap,
    Listener,
    Listeners,
    LoadBalancers,
    NetworkAcl,
    NetworkAcls,
    NetworkInterfaces,
    NotApplicable,
    RouteTables,
    Rule,
    RuleAction,
    StoppedTasks,
    TargetHealth,
    Task,
)
from diagnostics.rules.changes import changes_before_onset
from diagnostics.snapshot import Subject
from tests.diagnostics.collect.driving import Driven, drive, settled
from tests.diagnostics.collect.scripted import BALANCER, GROUP, NOW, SUBJECT, WINDOW, answered, refused

PLANTED = "hunter2-S3cr3t"


def event(name: str, request: dict[str, Any], *, identity: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    person = {"type": "AssumedRole", "arn": "arn:aws:sts::111122223333:assumed-role/ops-admin/maria"}
    detail = {"userIdentity": identity or person, "requestParameters": request, "sourceIPAddress": "198.51.100.7"}
    return {
        "EventId": f"{name}-1",
        "EventTime": NOW,
        "EventName": name,
        "EventSource": "ec2.amazonaws.com",
        "ReadOnly": "false",
        "CloudTrailEvent": json.dumps({**detail, **more}),
    }


def service(*groups: str) -> EcsService:
    return EcsService(
        arn="arn:aws:ecs:us-east-1:111122223333:service/prod/checkout",
        service="checkout",
        cluster="prod",
        status="ACTIVE",
        desired=1,
        running=1,
        pending=0,
        task_definition="checkout:1",
        security_groups=groups,
    )


NOTHING = NotApplicable(reason="not asked")
LISTENER = f"{BALANCER.replace('loadbalancer', 'listener')}/3333333333333333"
RULE = f"{LISTENER.replace(':listener/', ':listener-rule/')}/4444444444444444"


def listening(*rules: Rule) -> Listeners:
    listener = Listener(arn=LISTENER, load_balancer_arn=BALANCER, port=443, protocol="HTTPS", rules=rules)
    return Listeners(items=(listener,))


def forwards(priority: int | None) -> Rule:
    to = RuleAction(type="forward", forward=(ForwardTarget(target_group_arn=GROUP),))
    return Rule(arn=f"{LISTENER}/forward", priority=priority, actions=(to,))


def answers_by_itself(priority: int | None, code: int = 503) -> Rule:
    return Rule(arn=RULE, priority=priority, actions=(RuleAction(type="fixed-response", status_code=code),))


def look_up(
    of_service: Any,
    found: dict[str, Sequence[Any]] | None = None,
    listeners: Listeners | NotApplicable = NOTHING,
    *,
    subject: Subject = SUBJECT,
    lookups: int = 4,
    stopped: Sequence[Task] = (),
    answer: Callable[[Read], Pages] | None = None,
    health: Any = NOTHING,
    tables: Any = NOTHING,
) -> Driven:
    def events(read: Read) -> Pages:
        return answered(*(found or {}).get(read.params["LookupAttributes"][0]["AttributeValue"], ()))

    acl = NetworkAcl(id="acl-1", vpc_id="vpc-1", is_default=True, subnet_ids=(), entries=())
    return drive(
        changes(
            subject,
            WINDOW,
            Now(NOW),
            LogOptions(trail_lookups=lookups),
            settled(EcsService, of_service),
            settled(Listeners, listeners),
            settled(TargetHealth, health),
            settled(NetworkInterfaces, NOTHING),
            settled(LoadBalancers, NOTHING),
            settled(NetworkAcls, NetworkAcls(items=(acl,))),
            settled(StoppedTasks, StoppedTasks(items=tuple(stopped))),
            settled(RouteTables, tables),
        ),
        answer or events,
    )


def names(driven: Driven) -> list[list[str]]:
    return [[read.params["LookupAttributes"][0]["AttributeValue"] for read in step] for step in driven.rounds if step]


def test_the_security_group_is_asked_about_first() -> None:
    driven = look_up(service("sg-1", "sg-2", "sg-3"), {GROUP: [event("ModifyTargetGroup", {})]})
    assert names(driven) == [["sg-1", GROUP], ["checkout", "sg-2"]]
    assert driven.outcome.looked_up == ("sg-1", GROUP, "checkout", "sg-2")


def test_a_target_group_without_events_under_its_arn_is_asked_by_name_within_four_lookups() -> None:
    subject = SUBJECT.model_copy(update={"service": "shop-checkout"})
    driven = look_up(service("sg-1", "sg-2"), subject=subject)
    assert names(driven) == [["sg-1", GROUP], ["shop-checkout", "checkout"]]


def test_what_else_is_on_the_way_is_asked_about_when_an_answer_can_be_completed_later() -> None:
    driven = look_up(service("sg-1"), {GROUP: [event("ModifyTargetGroup", {})]}, listening(forwards(10)), lookups=7)
    assert names(driven) == [["sg-1", GROUP], ["checkout"], ["DeleteRule", "ModifyRule", "acl-1", BALANCER]]
    few = look_up(service("sg-1"), {GROUP: [event("ModifyTargetGroup", {})]}, listening(forwards(10)), lookups=5)
    assert names(few)[-1] == ["DeleteRule", "ModifyRule"]


def test_a_rule_that_answers_errors_before_the_own_one_is_asked_about_with_its_listener() -> None:
    driven = look_up(service("sg-1"), listeners=listening(answers_by_itself(1), forwards(10)))
    assert names(driven) == [["sg-1", GROUP], [RULE, LISTENER]]


def test_a_rule_that_cannot_take_the_own_requests_costs_no_look_up() -> None:
    for harmless in (answers_by_itself(20), answers_by_itself(None), answers_by_itself(1, code=403)):
        driven = look_up(service("sg-1"), listeners=listening(harmless, forwards(10)))
        assert names(driven) == [["sg-1", GROUP], ["checkout"]]


def test_without_a_rule_to_the_target_group_its_end_and_the_listener_are_asked_about() -> None:
    driven = look_up(service("sg-1"), listeners=listening(answers_by_itself(None)))
    assert names(driven) == [["sg-1", GROUP], ["DeleteRule", "ModifyRule", LISTENER]]
    assert driven.asked[2].params["LookupAttributes"][0]["AttributeKey"] == "EventName"
    assert "DeleteRule" not in driven.outcome.looked_up


@pytest.mark.parametrize("name", ["DeleteRule", "ModifyRule"])
def test_of_deleted_and_changed_rules_those_of_the_own_load_balancer_count(name: str) -> None:
    elsewhere = RULE.replace("app/public", "app/other")
    calls = [{**event(name, {"ruleArn": arn}), "EventId": arn} for arn in (RULE, elsewhere, "nonsense", f"{RULE}/x")]
    driven = look_up(service("sg-1"), {name: calls}, listening(answers_by_itself(None)))
    assert [(change.id, change.name) for change in driven.outcome.items] == [(RULE, name)]


def test_a_deleted_rule_is_a_change_of_its_listener() -> None:
    driven = look_up(
        service("sg-1"), {"DeleteRule": [event("DeleteRule", {"ruleArn": RULE})]}, listening(answers_by_itself(None))
    )
    (change,) = driven.outcome.items
    found = changes_before_onset(driven.outcome, resources=(LISTENER,), names=("DeleteRule",), onset=NOW)
    assert found == (change,)
    assert changes_before_onset(driven.outcome, resources=(f"{LISTENER}0",), names=("DeleteRule",), onset=NOW) == ()


def test_a_function_is_asked_about_by_its_name_and_by_its_arn() -> None:
    arn = "arn:aws:lambda:us-east-1:111122223333:function:quotes"
    subject = SUBJECT.model_copy(update={"service": None, "cluster": None, "function": f"{arn}:live", "kind": "lambda"})
    driven = look_up(NOTHING, {GROUP: [event("RegisterTargets", {})]}, subject=subject)
    assert names(driven) == [[GROUP, "quotes"], [arn]]


def test_times_are_rounded_so_that_the_next_question_is_the_same() -> None:
    (first, *_), *_ = look_up(service()).rounds
    assert first.params["StartTime"] == WINDOW.start - timedelta(hours=3)
    assert "EndTime" not in first.params


def test_a_denied_look_up_is_a_gap() -> None:
    driven = look_up(service("sg-1"), answer=lambda _: refused("cloudtrail:LookupEvents"))
    assert isinstance(driven.outcome, Gap)


def test_events_found_twice_count_once_newest_first_and_more_pages_are_said() -> None:
    older = {**event("RevokeSecurityGroupIngress", {}), "EventTime": NOW - timedelta(hours=1)}
    newer = event("UpdateService", {})
    outcome = look_up(service("sg-1"), {"sg-1": [older], "checkout": [newer], GROUP: [newer]}).outcome
    assert isinstance(outcome, Changes)
    assert [change.name for change in outcome.items] == ["UpdateService", "RevokeSecurityGroupIngress"]
    assert outcome.complete


def test_people_services_and_roles_are_told_apart_in_words() -> None:
    def actor(identity: dict[str, Any]) -> str:
        change = change_of(event("X", {}, identity=identity))
        assert change is not None
        return change.actor

    assert actor({"type": "AssumedRole", "arn": "arn:aws:sts::1:assumed-role/ops/maria"}) == "role/ops (session maria)"
    assert actor({"type": "IAMUser", "userName": "maria", "arn": "arn:aws:iam::1:user/maria"}) == "user/maria"
    assert actor({"type": "Root", "arn": "arn:aws:iam::1:root"}) == "the root user"
    assert actor({"type": "AWSService", "invokedBy": "ecs.amazonaws.com"}) == "ecs.amazonaws.com"
    by_ecs = change_of(event("RegisterTargets", {}, sourceIPAddress="ecs.amazonaws.com"))
    assert by_ecs is not None
    assert by_ecs.by_service == "ecs.amazonaws.com"


def test_a_refused_change_keeps_its_error_and_a_read_is_no_change() -> None:
    refused_change = change_of(event("UpdateService", {}, errorCode="AccessDenied"))
    assert refused_change is not None
    assert refused_change.error == "AccessDenied"
    assert change_of({**event("DescribeServices", {}), "ReadOnly": "true"}) is None


def test_secrets_and_endless_requests_do_not_get_in() -> None:
    deep: dict[str, Any] = {}
    inner = deep
    for _ in range(50):
        inner["next"] = {}
        inner = inner["next"]
    change = change_of(
        event(
            "RegisterTaskDefinition",
            {
                "containerDefinitions": [
                    {
                        "environment": [{"name": "DB", "value": PLANTED}, {"name": "PORT", "value": "8080"}],
                        "command": ["serve", "--password", PLANTED],
                    }
                ],
                "masterUserPassword": PLANTED,
                "attributes": [{"key": "client_secret", "value": PLANTED}],
                "deep": deep,
                "many": list(range(10_000)),
            },
        )
    )
    assert change is not None
    saved = change.model_dump_json()
    assert PLANTED not in saved
    assert "8080" in saved
    assert len(saved) < 10_000


def test_attributes_of_load_balancers_are_kept_and_variables_of_functions_are_not() -> None:
    request = {
        "attributes": [{"key": "idle_timeout.timeout_seconds", "value": "120"}],
        "tags": [{"key": "owner", "value": PLANTED}],
        "environment": {"variables": {"DATABASE": PLANTED, "PORT": "8080"}},
    }
    change = change_of(event("UpdateFunctionConfiguration20150331v2", request))
    assert change is not None
    assert change.request["attributes"] == [{"key": "idle_timeout.timeout_seconds", "value": "120"}]
    assert PLANTED not in change.model_dump_json()
    assert "8080" in change.model_dump_json()


def test_an_event_that_is_no_json_keeps_what_the_answer_itself_says() -> None:
    for broken in ("{not json", "[" * 100_000, "7", None):
        change = change_of({**event("UpdateService", {}), "CloudTrailEvent": broken, "Username": "maria"})
        assert change is not None
        assert (change.actor, change.request) == ("maria", {})


def task(number: int, stop_code: str) -> Task:
    return Task(
        arn=f"arn:aws:ecs:us-east-1:111122223333:task/prod/{number:032x}",
        task_definition="checkout:1",
        last_status="STOPPED",
        desired_status="STOPPED",
        stop_code=stop_code,
        stopped_at=NOW - timedelta(minutes=10),
    )


def test_who_stopped_a_task_by_hand_is_asked_by_the_call_and_kept_for_own_tasks_only() -> None:
    mine = task(1, "UserInitiated")
    calls = [
        {**event("StopTask", {"cluster": "prod", "task": name}), "EventId": name}
        for name in (mine.arn, mine.id, f"{9:032x}")
    ]
    driven = look_up(service("sg-1"), {"StopTask": calls}, stopped=(mine,))
    assert {change.id for change in driven.outcome.items} == {mine.arn, mine.id}
    assert "StopTask" not in driven.outcome.looked_up
    asked = [read.params["LookupAttributes"][0] for read in driven.asked]
    assert {"AttributeKey": "EventName", "AttributeValue": "StopTask"} in asked


def test_nobody_is_asked_about_stops_that_ecs_ordered() -> None:
    driven = look_up(service("sg-1"), stopped=(task(1, "ServiceSchedulerInitiated"),))
    assert not any(read.resource == "StopTask" for read in driven.asked)
