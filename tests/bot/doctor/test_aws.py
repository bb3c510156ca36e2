"""Accounts with one fault each, looked at together: each fault is found in its account, and nothing else is."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bot.doctor import aws, aws_look, fixes, fixes_look
from bot.doctor.finding import Finding, Role
from bot.settings import Settings, load
from demo.aws.layer import AwsError, Call
from diagnostics.aws_access import Reader
from diagnostics.aws_access.read_policy import STATEMENTS
from diagnostics.facts.fact import Gap
from diagnostics.permissions import probing
from diagnostics.permissions.probes import PROBES, UNASKED, Place
from diagnostics.permissions.probing import Identity, ahead_s
from diagnostics.permissions.purposes import ALARMS, AROUND_FIXES, DOMAINS, FACTS, FINDING, is_optional
from tests.bot.doctor import planted
from tests.bot.doctor.planted import BOT, HOME, OFF, UNKNOWN, PlantedAws, as_environment, read_role, reads, write_role

LONG_S = 10.0**9
FEW = {
    "few": (
        "cloudwatch:GetMetricData",
        "ec2:DescribeSecurityGroups",
        "ecs:ListClusters",
        "elasticloadbalancing:DescribeLoadBalancers",
        "elasticloadbalancing:DescribeTargetHealth",
        "health:DescribeEvents",
    )
}
"""What is asked for where the fault lies elsewhere."""
ALL = {action for some in STATEMENTS.values() for action in some}
AS_IT_IS = {action for action in ALL if action.startswith(("athena:", "glue:"))} | set(UNASKED)
"""What is not asked for without Athena, or never."""
BY_WHAT_IS_THERE = {"logs:FilterLogEvents", "logs:GetLogEvents", "s3:GetObject", "s3:ListBucket"}
NUMBERS = [f"4700000000{number:02}" for number in range(1, 16)]
WELL, MISSING, OPTIONAL, DENIED, ORGANISATION, EXTERNAL, UNTRUSTED, REGION, OTHER_ID, NO_REGION = NUMBERS[:10]
WRITES, UNSIMULATED, NO_ROLE, NOTHING, THROTTLED = NUMBERS[10:]
TWO = ["cloudwatch:GetMetricData", "elasticloadbalancing:DescribeTargetHealth"]
SIMULATE = {"Effect": "Allow", "Action": "iam:SimulatePrincipalPolicy", "Resource": "*"}
BY_ORGANISATION = "User: me is not authorized to perform: {0} with an explicit deny in a service control policy"


def account(number: str, *, regions: tuple[str, ...] = (HOME,), **more: Any) -> dict[str, Any]:
    return {"name": number, "id": number, "regions": list(regions), "read_role": read_role(number), **more}


ACCOUNTS = [
    account(MISSING, regions=(HOME, "eu-west-1")),
    account(OPTIONAL),
    account(DENIED),
    account(ORGANISATION),
    account(EXTERNAL, external_id="the-wrong-one"),
    account(UNTRUSTED),
    account(REGION, regions=(HOME, OFF)),
    {"name": OTHER_ID, "id": OTHER_ID, "regions": [HOME]},
    account(NO_REGION, regions=(UNKNOWN,)),
    account(WRITES, remediate_role=write_role(WRITES)),
    account(UNSIMULATED, remediate_role=write_role(UNSIMULATED)),
    account(NO_ROLE, remediate_role=write_role(NO_ROLE)),
    account(THROTTLED),
]
FIXES = {"mode": "approve", "approvers": {"users": ["U0ALICE"]}}


@dataclass
class Seen:
    """What was found, and what was called for it."""

    findings: list[Finding]
    calls: list[tuple[Call, int]]

    def of(self, number: str) -> list[Finding]:
        return [one for one in self.findings if number in one.where + one.says and one.status != "well"]

    def wrong(self, number: str) -> list[tuple[str, str]]:
        return [(one.status, one.id) for one in self.of(number) if one.status != "unchecked"]


def plant(world: PlantedAws) -> None:
    """One fault for each account."""
    everything = (THROTTLED, EXTERNAL, REGION, NO_REGION, ORGANISATION)
    for number in everything:
        world.declare(read_role(number), reads(number), "the-right-one" if number == EXTERNAL else None)
    world.declare(read_role(MISSING), reads(MISSING, without=TWO))
    world.declare(read_role(OPTIONAL), reads(OPTIONAL, without=["health:DescribeEvents"]))
    forbidden = {"Effect": "Deny", "Action": "ec2:DescribeSecurityGroups", "Resource": "*"}
    world.declare(read_role(DENIED), reads(DENIED, more=[forbidden]))
    for number, more in ((WRITES, [SIMULATE]), (UNSIMULATED, []), (NO_ROLE, [SIMULATE])):
        world.declare(read_role(number), reads(number, more=more))
    for number in (WRITES, UNSIMULATED):
        world.declare(write_role(number), planted.writes(number, without=["ecs:UpdateService"]))
    planted.with_a_service(world, WELL)
    plant_faults(world)


def plant_faults(world: PlantedAws) -> None:
    denied = AwsError("AccessDeniedException", BY_ORGANISATION.format("ecs:ListClusters"), 400)
    world.faults.fail("ecs", "ListClusters", error=denied, account=ORGANISATION, times=None)
    world.faults.fail("cloudwatch", "GetMetricData", account=THROTTLED, times=None)


def examined(world: PlantedAws, accounts: list[dict[str, Any]], role: Role | None) -> list[Finding]:
    settings = load(as_environment(world, accounts, FIXES))
    seen = aws_look.look(settings, LONG_S)
    assert not isinstance(seen.own, Gap)
    found = list(aws.findings(seen, settings))
    wanted = fixes_look.wanted_fixes(settings)
    return [*found, *fixes.findings(fixes_look.look(settings, seen, role, LONG_S), seen.own, wanted)]


@pytest.fixture(scope="module")
def world() -> Iterator[PlantedAws]:
    with planted.planted() as made, pytest.MonkeyPatch.context() as patched:
        for name, value in made.environment.items():
            patched.setenv(name, value)
        plant(made)
        yield made


def looked(world: PlantedAws, accounts: list[dict[str, Any]], role: Role | None = None) -> Seen:
    world.seen.clear()
    return Seen(examined(world, accounts, role), list(world.seen))


@pytest.fixture(scope="module")
def seen(world: PlantedAws) -> Seen:
    """The one look that most of these tests are about."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(aws_look, "STATEMENTS", FEW)
        return looked(world, ACCOUNTS)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """The actions that lead to what is there, and what is asked for with it."""
    leading = (
        "ecs:DescribeServices",
        "ecs:DescribeTaskDefinition",
        "ecs:ListClusters",
        "ecs:ListServices",
        "elasticloadbalancing:DescribeLoadBalancerAttributes",
        "elasticloadbalancing:DescribeLoadBalancers",
    )
    monkeypatch.setattr(aws_look, "STATEMENTS", {"few": (*leading, *BY_WHAT_IS_THERE)})


def nothing_was_written(seen: Seen) -> bool:
    """Nor was a query started: the guard of the simulated AWS counts it as reading."""
    calls = {call.operation for call, _ in seen.calls if not call.read_only or call.operation.endswith("Query")}
    return calls <= {"AssumeRole"}


def only(seen: Seen, number: str) -> Finding:
    (found,) = (one for one in seen.of(number) if one.status != "unchecked")
    return found


def test_nothing_is_wrong_with_an_account_that_is_well(world: PlantedAws) -> None:
    """Under exactly the published policy; every action of it is asked for that can be."""
    world.declare(read_role(WELL), reads(WELL))
    seen = looked(world, [account(WELL)])

    assert seen.wrong(WELL) == []
    assert {one.why for one in seen.of(WELL)} == {UNASKED["logs:StartQuery"], UNASKED["logs:StopQuery"]}
    asked = ALL - AS_IT_IS - AROUND_FIXES
    assert f"AWS: {WELL} answers {len(asked)} actions in {HOME}" in [one.says for one in seen.findings]
    assert {call.iam_action for call, _ in seen.calls} - {"sts:AssumeRole", "sts:GetCallerIdentity"} == asked
    assert nothing_was_written(seen)


def test_a_denial_of_what_has_to_be_there_is_seen_as_well(world: PlantedAws, few: None) -> None:
    """Of what people narrow to what there is: asked for with the log group and the log file that are there."""
    world.declare(read_role(WELL), reads(WELL, without=sorted(BY_WHAT_IS_THERE - {"s3:ListBucket"})))

    seen = looked(world, [account(WELL)])

    (found,) = (one for one in seen.of(WELL) if one.status == "problem")
    assert found.id == "actions-missing"
    assert set(_actions(found)) == BY_WHAT_IS_THERE - {"s3:ListBucket"}
    assert "log-group" in found.paste[0].text
    assert "elasticloadbalancing/*" in found.paste[0].text


def test_each_denied_action_is_named(world: PlantedAws) -> None:
    """A role that is allowed nothing: every action is found, and each is in the statement to paste."""
    fixing = account(NOTHING, remediate_role=write_role(NOTHING))
    world.declare(read_role(NOTHING), {"Statement": [{"Effect": "Allow", "Action": "none:None", "Resource": "*"}]})

    seen = looked(world, [fixing])

    found = [one for one in seen.of(NOTHING) if one.id == "actions-missing"]
    assert [one.status for one in found] == ["problem", "less"]
    named = {action for one in found for action in _actions(one)}
    assert named == ALL - AS_IT_IS - BY_WHAT_IS_THERE
    assert set(_actions(found[1])) <= {action for action in ALL if is_optional(action)}

    pasted = [json.loads(line) for one in found for line in one.paste[0].text.split(",\n")]
    world.declare(read_role(NOTHING), {"Statement": pasted})
    assert [one.id for one in looked(world, [fixing]).of(NOTHING) if one.id.startswith("actions-missing")] == []


def _actions(found: Finding) -> list[str]:
    (paste,) = found.paste
    return [action for line in paste.text.split(",\n") for action in json.loads(line)["Action"]]


def test_missing_actions_are_one_statement_to_paste(seen: Seen) -> None:
    found = only(seen, MISSING)

    assert (found.status, found.id, found.where) == ("problem", "actions-missing", MISSING)
    assert f"{read_role(MISSING)} may not call {', '.join(TWO)}" in found.says
    (paste,) = found.paste
    assert json.loads(paste.text) == {"Effect": "Allow", "Action": TWO, "Resource": "*"}
    assert paste.into == f"the policy of {read_role(MISSING)}"
    assert "port-not-listening" in found.leaves_open


def test_what_may_be_left_out_is_no_problem(seen: Seen) -> None:
    assert seen.wrong(OPTIONAL) == [("less", "actions-missing")]


def test_an_explicit_deny_is_told_from_a_missing_allow(seen: Seen) -> None:
    found = only(seen, DENIED)

    assert (found.status, found.id, found.paste) == ("problem", "actions-forbidden", ())
    assert "explicit deny in an identity-based policy" in found.why
    assert "ec2:DescribeSecurityGroups" in found.says


def test_a_deny_of_the_organisation_is_told_from_one_of_the_role(seen: Seen) -> None:
    found = only(seen, ORGANISATION)

    assert (found.status, found.id) == ("problem", "actions-forbidden")
    assert "service control policy" in found.why
    assert "whoever manages the organisation" in found.to_do


@pytest.mark.parametrize(("number", "external"), [(EXTERNAL, True), (UNTRUSTED, False)])
def test_a_role_that_cannot_be_assumed(seen: Seen, number: str, external: bool) -> None:
    found = only(seen, number)

    assert (found.status, found.id) == ("problem", "role-not-assumed")
    trust, allow = found.paste
    assert trust.into == f"the trust policy of {read_role(number)}"
    assert ("sts:ExternalId" in trust.text) is external
    assert f":{BOT}:" in trust.text
    assert read_role(number) in allow.text
    assert "the-wrong-one" not in str(seen.findings)


def test_a_region_that_is_not_enabled(seen: Seen) -> None:
    found = only(seen, REGION)

    assert (found.status, found.id, found.where) == ("problem", "region-not-enabled", f"{REGION} {OFF}")
    assert "accounts[6].regions" in found.to_do
    assert found.paste[0].text == f"aws account enable-region --region-name {OFF}"


def test_a_region_that_does_not_exist(seen: Seen) -> None:
    found = only(seen, NO_REGION)

    assert (found.status, found.id, found.where) == ("problem", "region-unknown", f"{NO_REGION} {UNKNOWN}")
    assert "correct accounts[8].regions" in found.to_do


def test_what_aws_throttles_is_not_checked_rather_than_missing(seen: Seen) -> None:
    assert seen.wrong(THROTTLED) == []
    (found,) = seen.of(THROTTLED)
    assert (found.status, found.id) == ("unchecked", "actions-unchecked")
    assert "cloudwatch:GetMetricData" in found.says
    assert "AWS throttled" in found.why


def test_an_account_whose_id_is_another(seen: Seen) -> None:
    found = only(seen, OTHER_ID)

    assert (found.status, found.id) == ("problem", "account-id")
    assert f"belong to account {BOT}" in found.says


def test_what_the_role_that_writes_may_not_do_is_simulated(seen: Seen) -> None:
    found = only(seen, WRITES)

    assert (found.status, found.id) == ("problem", "remediate-actions-missing")
    assert f"{write_role(WRITES)} may not call ecs:UpdateService" in found.says
    assert "fixes cannot be carried out" in found.says
    statement = json.loads(found.paste[0].text)
    assert statement["Action"] == ["ecs:UpdateService"]
    assert statement["Resource"] != "*"


def test_a_simulation_that_may_not_be_asked_for_leaves_it_open(seen: Seen) -> None:
    assert seen.wrong(UNSIMULATED) == []
    (found,) = (one for one in seen.of(UNSIMULATED) if one.id == "remediate-actions")
    assert "iam:SimulatePrincipalPolicy" in found.why
    assert json.loads(found.paste[0].text)["Resource"] == write_role(UNSIMULATED)


def test_a_role_that_writes_and_does_not_exist(seen: Seen) -> None:
    assert seen.wrong(NO_ROLE) == [("problem", "remediate-role-unknown")]


def test_only_the_executor_tries_the_trust(seen: Seen) -> None:
    told = [one for one in seen.findings if one.id == "remediate-role-trust"]

    assert [one.status for one in told] == ["unchecked"]
    assert "--role executor" in told[0].why
    assert not [call for call, _ in seen.calls if call.params.get("RoleArn", "").endswith("alb502-remediate")]


def test_nothing_was_written_to_find_out(seen: Seen) -> None:
    assert len(seen.calls) > 100
    assert nothing_was_written(seen)


def test_what_carries_out_fixes_tries_the_trust_and_rehearses(world: PlantedAws, few: None) -> None:
    trusted = account(UNSIMULATED, remediate_role=write_role(UNSIMULATED))
    world.declare(write_role(UNSIMULATED), planted.writes(UNSIMULATED, without=["ec2:RevokeSecurityGroupEgress"]))
    unknown = account(NO_ROLE, remediate_role=write_role(NO_ROLE))
    seen = looked(world, [trusted, unknown], "executor")

    assert seen.wrong(UNSIMULATED) == [("problem", "remediate-actions-missing")]
    assert "may not call ec2:RevokeSecurityGroupEgress" in only(seen, UNSIMULATED).says
    assert f"fixes: {write_role(UNSIMULATED)} can be assumed" in str(seen.findings)
    (refused,) = (one for one in seen.of(NO_ROLE) if one.id == "remediate-role-trust")
    assert refused.status == "problem"
    assert "sts:SetSourceIdentity" in refused.paste[0].text
    rehearsed = [(call, status) for call, status in seen.calls if not call.read_only and call.operation != "AssumeRole"]
    assert len(rehearsed) == 4
    assert all(call.params["DryRun"] is True and status in (403, 412) for call, status in rehearsed)


def test_what_was_simulated_is_not_rehearsed(world: PlantedAws, few: None) -> None:
    """The trust is tried all the same, for a session that may do nothing."""
    trusted = account(WRITES, remediate_role=write_role(WRITES))
    seen = looked(world, [trusted], "all")

    assert {one.id for one in seen.of(WRITES) if one.status == "problem"} == {"remediate-actions-missing"}
    (assumed,) = (call for call, _ in seen.calls if call.params.get("RoleArn") == write_role(WRITES))
    assert json.loads(assumed.params["Policy"])["Statement"][0]["Effect"] == "Deny"
    assert nothing_was_written(seen)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (AwsError("ExpiredToken", "The security token included in the request is expired", 403), "have expired"),
        (
            AwsError(
                "SignatureDoesNotMatch",
                "Signature expired: 20261121T030000Z is now earlier than 20261121T031500Z (20261121T032000Z - 5 min.)",
                403,
            ),
            "20 minutes slow",
        ),
        (
            AwsError("InvalidClientTokenId", "The security token included in the request is invalid.", 403),
            "AWS does not know",
        ),
    ],
    ids=["expired", "clock", "unknown"],
)
def test_credentials_that_are_no_good_are_told_once(world: PlantedAws, error: AwsError, words: str) -> None:
    world.faults.fail("sts", "GetCallerIdentity", error=error, account=BOT, times=None)
    settings = load(as_environment(world, ACCOUNTS, FIXES))
    try:
        (found,) = aws.findings(aws_look.look(settings, LONG_S), settings)
    finally:
        world.faults.clear()
        plant_faults(world)

    assert (found.status, found.id) == ("problem", "aws-credentials")
    assert words in found.says


def test_what_there_was_no_time_for_is_not_checked(world: PlantedAws) -> None:
    settings = load(as_environment(world, [account(THROTTLED)], {}))

    found = list(aws.findings(aws_look.look(settings, until_s=0.0), settings))

    assert [(one.status, one.id) for one in found] == [("unchecked", "region-unchecked")]


def test_calls_that_take_their_time_leave_no_further_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each call of a turn looks at the clock: those that wait behind slow ones are many."""
    clock = itertools.count()
    monkeypatch.setattr("diagnostics.permissions.probing.time.monotonic", lambda: next(clock))
    asked: list[str] = []

    def find(_service: str, operation: str, **_parameters: object) -> dict[str, object]:
        asked.append(operation)
        return {}

    reader = SimpleNamespace(region=HOME, find=find)

    found = probing.probe(cast("Reader", reader), Place(account=WELL, region=HOME), ALL, until_s=12)

    assert len(asked) == 12
    assert sum(one.why == probing.TOO_LATE for one in found.actions) > len(ALL) / 2


def test_an_account_that_there_was_no_time_for_is_asked_nothing(world: PlantedAws) -> None:
    settings = load(as_environment(world, [account(WELL), account(UNTRUSTED)], {}))
    world.seen.clear()

    found = list(aws.findings(aws_look.look(settings, until_s=0.0), settings))

    assert [(one.status, one.where) for one in found] == [("unchecked", WELL), ("unchecked", UNTRUSTED)]
    assert [call.operation for call, _ in world.seen] == ["GetCallerIdentity"]


@pytest.mark.parametrize(("seconds", "expected"), [(0, []), (-11, []), (40, ["clock"]), (-40, ["clock"])])
def test_a_clock_that_is_off(seconds: int, expected: list[str]) -> None:
    now = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
    ahead = ahead_s("Sat, 21 Nov 2026 03:00:00 GMT", now + timedelta(seconds=seconds))
    look = aws_look.AwsLook(Identity("1", "arn:aws:iam::111122223333:role/bot", ahead))

    found = [one for one in aws.findings(look, Settings()) if one.status != "well"]

    assert [one.id for one in found] == expected
    assert all(f"40 s {'fast' if seconds > 0 else 'slow'}" in one.says for one in found)


@pytest.mark.parametrize("date", [None, "", "yesterday"])
def test_an_answer_without_a_time_says_nothing_of_the_clock(date: object) -> None:
    assert ahead_s(date, datetime.now(UTC)) is None


def test_every_action_of_the_policy_is_asked_for_or_has_a_reason() -> None:
    actions = {action for some in STATEMENTS.values() for action in some}

    asked, told = set(PROBES) | set(UNASKED), set(FACTS) | AROUND_FIXES | DOMAINS | FINDING
    assert actions - asked == set(), "diagnostics/permissions/probes.py does not say how to find out about it"
    assert actions - told == set(), "diagnostics/permissions/purposes.py does not say what it is read for"
    assert (asked | told | ALARMS) - actions == set(), "no policy allows it"
