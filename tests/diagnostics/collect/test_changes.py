"""Which resources CloudTrail is asked about, and what is kept of its events."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from diagnostics.aws_access import Pages
from diagnostics.collect.collector import Now, Read
from diagnostics.collect.sources.changes import changes
from diagnostics.collect.sources.cloudtrail_events import change_of
from diagnostics.facts import Changes, EcsService, Gap, NetworkInterfaces, NotApplicable, TargetHealth
from tests.diagnostics.collect.driving import Driven, drive, settled
from tests.diagnostics.collect.scripted import GROUP, NOW, SUBJECT, WINDOW, answered, refused

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


def look_up(of_service: Any, found: dict[str, Sequence[Any]] | None = None) -> Driven:
    def answer(read: Read) -> Pages:
        return answered(*(found or {}).get(read.params["LookupAttributes"][0]["AttributeValue"], ()))

    nothing = NotApplicable(reason="not asked")
    return drive(
        changes(
            SUBJECT,
            WINDOW,
            Now(NOW),
            settled(EcsService, of_service),
            settled(TargetHealth, nothing),
            settled(NetworkInterfaces, nothing),
        ),
        answer,
    )


def names(driven: Driven) -> list[list[str]]:
    return [[read.params["LookupAttributes"][0]["AttributeValue"] for read in step] for step in driven.rounds]


def test_what_is_known_is_asked_at_once_and_the_groups_when_the_service_is_read() -> None:
    driven = look_up(service("sg-1", "sg-2", "sg-3"), {GROUP: [event("ModifyTargetGroup", {})]})
    assert names(driven) == [[GROUP, "checkout"], ["sg-1", "sg-2"]]
    assert driven.outcome.looked_up == (GROUP, "checkout", "sg-1", "sg-2")


def test_a_target_group_without_events_under_its_arn_is_asked_by_name_within_four_lookups() -> None:
    assert names(look_up(service("sg-1", "sg-2"))) == [[GROUP, "checkout"], ["sg-1", "checkout"]]


def test_times_are_rounded_so_that_the_next_question_is_the_same() -> None:
    (first, *_), *_ = look_up(service()).rounds
    assert first.params["StartTime"] == WINDOW.start - timedelta(hours=3)
    assert "EndTime" not in first.params


def test_a_denied_look_up_is_a_gap() -> None:
    later = settled(EcsService, service("sg-1"))
    nothing = NotApplicable(reason="")
    driven = drive(
        changes(SUBJECT, WINDOW, Now(NOW), later, settled(TargetHealth, nothing), settled(NetworkInterfaces, nothing)),
        lambda _: refused("cloudtrail:LookupEvents"),
    )
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


def test_an_event_that_is_no_json_keeps_what_the_answer_itself_says() -> None:
    for broken in ("{not json", "[" * 100_000, "7", None):
        change = change_of({**event("UpdateService", {}), "CloudTrailEvent": broken, "Username": "maria"})
        assert change is not None
        assert (change.actor, change.request) == ("maria", {})
