"""What a diagnosis asks whoever carries out fixes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from diagnostics.collect.own_records import OwnCall, OwnMemory, OwnRecord
from diagnostics.collect.sources.own_changes import LOOK_BACK, MAX_ITEMS, own_change, own_changes
from diagnostics.facts import Gap, NotApplicable, OwnChanges
from diagnostics.snapshot import Window
from tests.incidents.building import ACCOUNT, NOW, REGION, SERVICE, TG, Incident, ago

SUBJECT, WINDOW = Incident().subject, Window(start=ago(60), end=NOW)


@dataclass
class Records:
    found: Sequence[OwnRecord] | None
    asked: tuple[str, str, datetime] | None = None

    def since(self, account: str, region: str, start: datetime) -> Sequence[OwnRecord] | None:
        self.asked = (account, region, start)
        return self.found


def record(**more: Any) -> OwnRecord:
    given = {"plan": "p-1", "at": ago(5), "title": "Fix", "resource": TG, "about": frozenset({TG}), **more}
    return OwnRecord(**given)


def asked(memory: OwnMemory) -> OwnChanges | Gap | NotApplicable:
    running = own_changes(SUBJECT, WINDOW, memory)
    try:
        errand: Any = next(running)
        errand.settle(errand.run(None, None))
        running.send(())
    except StopIteration as end:
        outcome: OwnChanges | Gap | NotApplicable = end.value
        return outcome
    raise AssertionError("it asks once")


def test_a_terminal_has_nobody_to_ask() -> None:
    assert isinstance(asked(OwnMemory()), NotApplicable)


def test_a_store_that_does_not_answer_is_a_gap() -> None:
    found = asked(OwnMemory(Records(None)))
    assert isinstance(found, Gap)
    assert found.action == "alb502:Audit"


def test_it_asks_as_far_back_as_cloudtrail_is_asked() -> None:
    records = Records(())
    asked(OwnMemory(records))
    assert records.asked == (ACCOUNT, REGION, WINDOW.start - LOOK_BACK)


def test_only_what_is_on_this_path_and_not_too_much_of_it() -> None:
    elsewhere = record(plan="p-2", resource="arn:other", about=frozenset({"prod/payments"}))
    by_service = record(plan="p-3", resource=SERVICE, about=frozenset({"prod/checkout"}))
    found = asked(OwnMemory(Records((record(), elsewhere, by_service, *[record()] * 50))))
    assert isinstance(found, OwnChanges)
    assert {one.plan for one in found.items} == {"p-1", "p-3"}
    assert len(found.items) == MAX_ITEMS


def test_a_call_is_told_as_cloudtrail_tells_it() -> None:
    call = OwnCall(
        service="ec2",
        operation="authorize_security_group_ingress",
        parameters={
            "GroupId": "sg-1",
            "IpPermissions": [{"IpProtocol": "tcp", "FromPort": 80, "UserIdGroupPairs": [{"GroupId": "sg-2"}]}],
        },
        resources=("arn:aws:ec2:us-east-1:111122223333:security-group/sg-1",),
    )
    (told,) = own_change(record(calls=(call,))).changes
    assert (told.name, told.source) == ("AuthorizeSecurityGroupIngress", "ec2.amazonaws.com")
    assert "sg-1" in told.resources
    assert told.request == {
        "groupId": "sg-1",
        "ipPermissions": [{"ipProtocol": "tcp", "fromPort": 80, "groups": [{"groupId": "sg-2"}]}],
    }


def test_what_looks_like_a_secret_is_not_kept() -> None:
    call = OwnCall(
        service="lambda",
        operation="update_function_configuration",
        parameters={"FunctionName": "f", "Environment": {"Variables": {"DB_PASSWORD": "planted-secret"}}},
    )
    assert "planted-secret" not in own_change(record(calls=(call,))).model_dump_json()
