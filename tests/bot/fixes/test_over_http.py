"""One incident from the button to the undo over HTTP: an AWS with roles and policies in front, and a real store."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from bot.own_changes import AuditedChanges
from bot.store.audit import StoredAudit
from bot.store.claims import StoredClaims
from bot.store.plans import Offers, Tickets
from demo.aws.guards import Faults
from demo.aws.layer import AwsError
from demo.aws.trail import DELIVERY_DELAY_S
from diagnostics.facts.fact import Gap
from remediations.approval import Ticket
from remediations.desk import Wanted
from remediations.executor import Executor, Hands
from remediations.offers import offer
from remediations.permission import AccountAccess, People, Policy, Rules
from remediations.plan import Call, Plan
from remediations.proof import Proofs
from remediations.protection import Protection
from remediations.reading import AwsReads
from remediations.sessions import OnBehalf, OwnSession, SessionError, WriteAccount, WriteSessions
from remediations.writing import Lost, Rejected, SupersededError
from tests.bot.fixes.acting import KEY, Queue, SealingDesk, Told, person
from tests.remediations.doing import REGION, Scene, scene

PLAIN: dict[str, Any] = {"GroupId": "sg-1", "IpPermissions": []}
EXTERNAL_ID = "a-secret-between-us"
ROOT = Path(__file__).parents[3]
NAME_PATTERN = re.compile(r"[\w+=,.@-]{2,64}\Z", re.ASCII)


class Guarded:
    """The scene, somebody who may approve, and what was found and is offered."""

    def __init__(self, there: Scene) -> None:
        self.there = there
        self.fix_role, self.assumed, self.sessions = there.roles.fix_role, there.roles.assumed, there.sessions
        self.policy = Policy(
            mode="approve",
            rules=Rules(approvers=People(users=frozenset({"U-bob"}))),
            protect=(Protection("change-freeze", "true"),),
            accounts=(AccountAccess(id=there.account, name="prod", remediate_role=self.fix_role),),
        )
        self.report, snapshot = there.diagnose()
        self.offered = offer(self.report, snapshot, self.policy)

    @property
    def plan(self) -> Plan:
        return next(plan for plan in self.offered.plans.values() if plan.fix == "sg-allow-lb-ingress")

    def rules(self) -> list[str]:
        client = self.there.running.world.account(self.there.account).client("ec2")
        return sorted(
            rule["SecurityGroupRuleId"] for rule in client.describe_security_group_rules()["SecurityGroupRules"]
        )


@pytest.fixture(scope="module")
def guarded() -> Iterator[Guarded]:
    with scene("security-group-revoked") as there:
        yield Guarded(there)


def test_from_the_button_to_the_undo(guarded: Guarded, redis: Redis) -> None:
    there, before, report, offered = guarded.there, guarded.rules(), guarded.report, guarded.offered
    assert offered.reach is not None
    offers = Offers(redis, keep_days=1)
    offers.save(report.id, offered.plans, offered.reach)
    offer_id = next(one for one, plan in offered.plans.items() if plan.fix == "sg-allow-lb-ingress")
    wanted = offers.wanted(report, offer_id)
    assert isinstance(wanted, Wanted)

    queue, told = Queue(), Told()
    desk = SealingDesk(Tickets(redis), StoredAudit(redis), queue, guarded.policy, there.now)
    executor = Executor(
        Hands(
            tickets=Tickets(redis),
            claims=StoredClaims(redis, there.now),
            queue=queue,
            policy=guarded.policy,
            proofs=Proofs(KEY, guarded.policy.approval_ttl_s),
            reads=lambda account, region: AwsReads(there.access.reader(account, region)),
            sessions=guarded.sessions,
            tell=told,
            clock=there.now,
            pause=lambda _seconds: None,
        )
    )
    asked = desk.request(wanted, person("U-bob"))
    assert isinstance(asked, Ticket)
    assert isinstance(desk.approve(asked.id, person("U-bob")), Ticket)
    executor.run(asked.id)
    done = desk.ticket(asked.id)
    assert done is not None
    assert (done.state, done.text) == ("executed", "")
    (added,) = set(guarded.rules()) - set(before)

    for _ in range(20):
        there.advance(10)
        executor.watch(asked.id)
    done = desk.ticket(asked.id)
    assert done is not None
    assert done.state == "verified", done.progress
    assert done.recovered_after_s is not None
    assert 0 < done.recovered_after_s <= done.plan.success.within_s

    own = AuditedChanges(StoredAudit(redis))
    there.advance(60)  # CloudTrail delivers later than that
    early = own_lines(there, own)
    there.advance(DELIVERY_DELAY_S)
    late = own_lines(there, own)
    for lines in (early, late):
        assert len(lines) == 1, lines
        assert "asked by bob, approved by bob" in lines[0]
        assert "it worked" in lines[0]

    undo = desk.undo(asked.id, person("U-bob"))
    assert isinstance(undo, Ticket)
    executor.run(undo.id)
    executor.watch(undo.id)
    assert guarded.rules() == before
    assert added not in guarded.rules()
    undone = desk.ticket(asked.id)
    assert undone is not None
    assert undone.state == "undone"
    wrote = [kept.record for kept in StoredAudit(redis).read() if kept.record.event == "wrote"]
    assert [record.details["call"] for record in wrote] == [
        "ec2:AuthorizeSecurityGroupIngress",
        "ec2:RevokeSecurityGroupIngress",
    ]
    assert all(record.request_ids for record in wrote)

    sessions = [one for one in guarded.assumed if one["RoleArn"] == guarded.fix_role]
    assert len(sessions) == 2, "one for the fix and one for its undo"
    for one in sessions:
        assert one["RoleSessionName"] == one["SourceIdentity"] == "bob@U-bob"
        assert NAME_PATTERN.match(one["RoleSessionName"])
        assert {tag["Key"]: tag["Value"] for tag in one["Tags"]}["alb502:incident"] == report.id
        assert len(one["Policy"]) <= 2048
        assert one["DurationSeconds"] == 900


def own_lines(there: Scene, own: AuditedChanges) -> list[str]:
    """What the timeline tells of the rule that the fix added."""
    report, _ = there.diagnose(own=own)
    assert ", by alb502" in report.headline
    told = (f"{entry.event} by {entry.actor}" for entry in report.timeline)
    return [one for one in told if " by alb502 (" in one]


def test_a_session_can_do_its_plan_and_nothing_else(guarded: Guarded) -> None:
    plan = guarded.plan
    behalf = OnBehalf(person="Ann", person_id="U-ann", incident=guarded.report.id, plan_id="p-1")
    writer = guarded.sessions.writer(plan, guarded.there.account, REGION, behalf)
    group = plan.writes[0].call.parameters["GroupId"]
    pair: Any = {"GroupId": group, "Description": "x"}
    permission: Any = {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, "UserIdGroupPairs": [pair]}
    other = guarded.report.target.target_groups[0]
    balancer = guarded.there.running.world.account(guarded.there.account).client("elbv2")
    others_group = balancer.describe_load_balancers()["LoadBalancers"][0]["SecurityGroups"][0]
    for call in (
        Call.of("elbv2", "modify_target_group", TargetGroupArn=other),
        Call.of("ec2", "authorize_security_group_ingress", GroupId=others_group, IpPermissions=[permission]),
        Call.of("ec2", "delete_security_group", GroupId=group),
        Call.of("ec2", "describe_security_groups"),
        Call.of("iam", "create_user", UserName="eve"),
    ):
        assert _is_denied(writer.write(call, lambda: None)), call


@pytest.mark.parametrize("name", ["Jörg 'Schäfer' \n", "x" * 300, "王", ""])
def test_whatever_somebody_is_called_aws_takes_it(guarded: Guarded, name: str) -> None:
    behalf = OnBehalf(person=name, person_id="U0123456789", incident="r-1/<x>&", plan_id="p-" + "0" * 32)
    guarded.sessions.writer(guarded.plan, guarded.there.account, REGION, behalf)
    assert guarded.assumed[-1]["RoleSessionName"].endswith("U0123456789")


def test_what_was_overtaken_does_not_leave(guarded: Guarded) -> None:
    """The request is made and signed, and then kept back."""
    before = guarded.rules()
    plan, layer = guarded.plan, guarded.there.running.world.layer
    layer.clear_calls()

    def overtaken() -> None:
        raise SupersededError("p-1")

    with pytest.raises(SupersededError):
        OwnSession().writer(REGION).write(plan.writes[0].call.model_copy(update={"parameters": PLAIN}), overtaken)
    assert list(layer.calls) == []
    assert guarded.rules() == before


def test_a_server_that_fails_is_asked_once_and_gives_no_clear_answer(guarded: Guarded) -> None:
    faults = Faults()
    faults.install(guarded.there.running.world.layer)
    faults.fail("ec2", "AuthorizeSecurityGroupIngress", error=AwsError("InternalError", "x", 500), times=5)
    left: list[int] = []
    call = guarded.plan.writes[0].call.model_copy(update={"parameters": PLAIN})
    outcome = OwnSession().writer(REGION).write(call, lambda: left.append(1))
    faults.clear()
    assert isinstance(outcome, Lost)
    assert (outcome.code, left) == ("InternalError", [1])


def test_whose_credentials_these_are(guarded: Guarded) -> None:
    assert OwnSession().identity(REGION)[0] == guarded.there.account


def test_the_role_that_reads_cannot_write_and_cannot_be_used_to(guarded: Guarded) -> None:
    plan = guarded.plan
    before = guarded.rules()
    reader = guarded.there.access.reader(guarded.there.account, REGION)
    call = plan.writes[0].call
    parameters: dict[str, Any] = {key: value for key, value in call.parameters.items() if key != "TagSpecifications"}
    found = reader.call(call.service, call.operation, **parameters)
    assert isinstance(found, Gap)
    assert found.kind == "denied"
    assert guarded.rules() == before


def test_a_role_that_cannot_be_assumed_is_said_and_nothing_is_sent(guarded: Guarded) -> None:
    account = guarded.there.account
    strangers = WriteSessions({account: WriteAccount(id=account, remediate_role=guarded.fix_role, external_id="wrong")})
    plan = guarded.plan
    behalf = OnBehalf(person="Ann", person_id="U-ann", incident=guarded.report.id, plan_id="p-1")
    with pytest.raises(SessionError, match=r"sts:TagSession and sts:SetSourceIdentity, with the external id"):
        strangers.writer(plan, account, REGION, behalf)
    with pytest.raises(SessionError, match="has no remediate_role"):
        strangers.writer(plan, "999999999999", REGION, behalf)


def _is_denied(outcome: object) -> bool:
    return isinstance(outcome, Rejected) and outcome.code in ("AccessDenied", "UnauthorizedOperation")
