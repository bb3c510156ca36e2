"""A change is blamed only when it touches this path, succeeded, and came first."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pydantic import JsonValue

from diagnostics.causes.cause import Strength
from diagnostics.engine import diagnose
from diagnostics.facts import Change, Changes, Gap
from diagnostics.rules.changes import change_evidence, changes_before_onset, permissions_in
from tests.incidents.building import LISTENER, OTHER_TG, TASK_SG, ago, change
from tests.incidents.registration.target_group_not_in_rule import rule_deleted

REVOKE = "RevokeSecurityGroupIngress"
ONSET = ago(10)


def blamed(*items: Change, by_services_too: bool = False, **changes: Any) -> tuple[str, ...]:
    asked = {"resources": (TASK_SG,), "names": (REVOKE,), "onset": ONSET, **changes}
    found = changes_before_onset(Changes(items=items), by_services_too=by_services_too, **asked)
    return tuple(item.id for item in found)


def revoke(minutes_ago: float, **changes: Any) -> Change:
    return change(REVOKE, minutes_ago=minutes_ago, resources=(TASK_SG,)).model_copy(update=changes)


def test_the_newest_change_before_the_onset_comes_first() -> None:
    assert blamed(revoke(40, id="older"), revoke(12, id="newer")) == ("newer", "older")


@pytest.mark.parametrize(
    "innocent",
    [
        revoke(8),
        revoke(12, error="Client.UnauthorizedOperation"),
        revoke(12, resources=("sg-other",)),
        revoke(12, name="AuthorizeSecurityGroupIngress"),
        revoke(12, by_service="ecs.amazonaws.com"),
    ],
    ids=["after the onset", "refused", "elsewhere", "something else", "daily work of a service"],
)
def test_innocent_changes_are_not_blamed(innocent: Change) -> None:
    assert blamed(innocent) == ()


def test_a_change_within_the_minute_of_the_onset_counts_as_before_it() -> None:
    assert blamed(revoke(9.5, id="same minute")) == ("same minute",)
    assert blamed(revoke(9.5), tolerance=timedelta(0)) == ()


def test_a_change_through_a_tool_stays_a_change() -> None:
    assert blamed(revoke(12, id="stack", by_service="cloudformation.amazonaws.com")) == ("stack",)
    scaling = revoke(12, id="asg", by_service="autoscaling.amazonaws.com")
    assert blamed(scaling) == ()
    assert blamed(scaling, by_services_too=True) == ("asg",)


def test_a_resource_is_also_found_in_the_request() -> None:
    assert blamed(revoke(12, id="r", resources=(), request={"groupId": TASK_SG})) == ("r",)


def test_lambda_appends_an_api_date_to_the_names_of_its_events() -> None:
    event = revoke(12, id="l", name="AddPermission20150331v2")
    assert blamed(event, names=("AddPermission",)) == ("l",)


def test_without_an_onset_or_a_trail_nothing_is_blamed() -> None:
    assert blamed(revoke(12), onset=None) == ()
    gap = Gap(action="cloudtrail:LookupEvents", resource="*", error="AccessDenied")
    assert changes_before_onset(gap, resources=(TASK_SG,), names=(REVOKE,), onset=ONSET) == ()


def test_evidence_says_what_when_and_who() -> None:
    evidence = change_evidence(revoke(12))
    assert evidence.text == "rule removed 03:18 by role/ops-admin"
    assert (evidence.source, evidence.strength) == ("cloudtrail:LookupEvents", Strength.SUPPORTING)


def test_only_a_change_shortly_before_the_onset_is_decisive() -> None:
    assert change_evidence(revoke(12), ONSET).strength is Strength.DECISIVE
    assert change_evidence(revoke(9.5), ONSET).strength is Strength.DECISIVE
    assert change_evidence(revoke(40), ONSET).strength is Strength.SUPPORTING
    assert change_evidence(revoke(5), ONSET).strength is Strength.SUPPORTING


def test_a_very_long_name_of_an_actor_is_cut() -> None:
    assert len(change_evidence(revoke(12, actor="x" * 4000)).text) < 200


def test_permissions_are_read_from_the_request_and_from_the_answer() -> None:
    rule = {
        "ipProtocol": "tcp",
        "fromPort": 80,
        "toPort": 81,
        "groups": {"items": [{"groupId": "sg-1"}]},
        "ipRanges": {"items": [{"cidrIp": "10.0.0.0/8"}]},
    }
    asked = {"ipPermissions": {"items": [rule]}}
    (permission,) = permissions_in(revoke(12, request=asked))
    assert (permission.from_port, permission.to_port, permission.cidrs) == (80, 81, ("10.0.0.0/8",))
    assert permission.groups[0].group_id == "sg-1"
    answered = {"revokedSecurityGroupRuleSet": {"items": [{"ipProtocol": "-1", "referencedGroupId": "sg-2"}]}}
    (permission,) = permissions_in(revoke(12, response=answered))
    assert (permission.protocol, permission.groups[0].group_id) == ("-1", "sg-2")
    assert permissions_in(revoke(12, request={"securityGroupRuleIds": {"items": ["sgr-1"]}})) == ()


def rule_changed(**asked: JsonValue) -> Change:
    """As CloudTrail records it: the rule's ARN is all that it names."""
    return change("ModifyRule", minutes_ago=12.5, resources=(), request={"ruleArn": f"{LISTENER}/5", **asked})


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"actions": [{"type": "forward", "targetGroupArn": OTHER_TG}]}, ["listener rule changed"]),
        ({"conditions": [{"field": "path-pattern", "values": ["/find*"]}]}, []),
    ],
    ids=["it leads elsewhere now", "its conditions alone"],
)
def test_a_rule_that_leads_elsewhere_since_supports_that_none_leads_here(
    asked: dict[str, JsonValue], told: list[str]
) -> None:
    (cause, *_) = diagnose(rule_deleted().changed(rule_changed(**asked)).snapshot()).causes
    assert cause.code == "target-group-not-in-rule"
    recorded = [item.text for item in cause.evidence if item.source == "cloudtrail:LookupEvents"]
    assert [text[: len("listener rule changed")] for text in recorded] == told
    assert (cause.confidence, cause.since) == (diagnose(rule_deleted().snapshot()).causes[0].confidence, None)
