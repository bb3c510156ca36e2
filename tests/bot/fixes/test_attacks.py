"""What somebody does who may not: settings that change under way, tickets that were altered in the store."""

from __future__ import annotations

from dataclasses import replace

import pytest

from remediations.approval import Ticket, moved, record_of
from remediations.audit import Who
from remediations.permission import People, Policy, Rules
from remediations.plan import Plan, Undo
from remediations.proof import Proofs
from remediations.protection import Protection
from tests.bot.fixes.acting import POLICY, Stage, person
from tests.bot.fixes.test_interruptions import Sleeper
from tests.remediations.cloud import ARN, SERVICE_ARN, plan, redeploy, set_path


class Believing(Proofs):
    """As if whoever altered a ticket had the key, too: what stands behind the seals has to hold by itself."""

    def __init__(self) -> None:
        super().__init__(None, 0)

    def why_not(self, *_: object, **__: object) -> None:
        return None


def put(stage: Stage, ticket: Ticket) -> Ticket:
    """As somebody who can write to Redis puts it there."""
    stage.tickets.open(ticket, record_of(ticket, "asked", stage.now, ticket.asked_by))
    by = Who(id="U-bob", name="bob")
    agreed = moved(ticket, "approved", approved_by=by, approved_at=stage.now)
    assert stage.tickets.swap(ticket, agreed)
    return agreed


def forged(done: Ticket, writes: Plan) -> Ticket:
    return done.model_copy(
        update={
            "id": "p-forged",
            "offer": f"{done.id}/undo",
            "undoes": done.id,
            "version": 0,
            "state": "pending",
            "plan": writes,
            "execution": None,
            "started_at": None,
            "executed_at": None,
            "start_by": None,
        }
    )


def test_an_undo_that_is_none_is_refused_by_the_executor(stage: Stage) -> None:
    """The plan that it names may be undone; what it would do is another thing."""
    done = stage.ran()
    sent = list(stage.cloud.sent)
    foreign = set_path("/evil").model_copy(update={"resources": (ARN.replace("checkout", "payments"),)})
    ticket = put(stage, forged(done, plan(writes=(foreign,), guards=())))
    stage.executor(proofs=Believing()).run(ticket.id)
    after = stage.ticket(ticket.id)
    assert (after.state, stage.cloud.sent) == ("refused", sent)
    assert after.text.startswith("this is never done")


def test_an_undo_is_judged_by_what_its_plan_could_reach_and_not_by_what_it_says_itself(stage: Stage) -> None:
    done = stage.ran()
    sent = list(stage.cloud.sent)
    other = ARN.replace("checkout", "payments")
    foreign = set_path("/evil").model_copy(update={"resources": (other,)})
    ticket = forged(done, plan(resource=other, writes=(foreign,), guards=()))
    wider = ticket.reach.model_copy(update={"writable": ticket.reach.writable | {other}})
    put(stage, ticket.model_copy(update={"reach": wider}))
    stage.executor(proofs=Believing()).run(ticket.id)
    assert (stage.ticket(ticket.id).state, stage.cloud.sent) == ("refused", sent)


def test_an_undo_of_what_was_never_carried_out_is_refused(stage: Stage) -> None:
    ticket = put(stage, forged(stage.asked(), plan(guards=())))
    stage.executor(proofs=Believing()).run(ticket.id)
    assert (stage.ticket(ticket.id).state, stage.cloud.sent) == ("refused", [])


def test_a_plan_for_another_account_than_its_report_is_refused(stage: Stage) -> None:
    """The role is taken in the account of the target, what may be written to is said by the reach."""
    asked = stage.asked()
    elsewhere = asked.model_copy(update={"id": "p-x", "reach": asked.reach.model_copy(update={"region": "eu-west-1"})})
    ticket = put(stage, elsewhere.model_copy(update={"offer": "x", "version": 0}))
    stage.executor(proofs=Believing()).run(ticket.id)
    assert (stage.ticket(ticket.id).state, stage.cloud.sent) == ("refused", [])


def rules(**more: object) -> Policy:
    given = {"approvers": People(users=frozenset({"U-ann", "U-bob"})), **more}
    return replace(POLICY, rules=Rules(**given))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("later", "says"),
    [
        (rules(approvers=People(users=frozenset({"U-ann"}))), "bob may not approve it any more"),
        (rules(two_person=frozenset({"medium"})), "somebody else has to"),
        (rules(approvers=People()), "nobody may approve it"),
        (rules(channels=frozenset({"C-other"})), "not approved in this channel"),
        (replace(rules(), mode="suggest"), "suggest"),
        (replace(rules(), accounts=()), "has no `remediate_role`"),
    ],
)
def test_an_approval_counts_by_the_settings_of_the_moment_in_which_it_is_used(
    stage: Stage, later: Policy, says: str
) -> None:
    stage.policy = rules()
    asked = stage.desk.request(stage.wanted(), person("U-bob"), channel="C-1")
    assert isinstance(asked, Ticket)
    assert isinstance(stage.desk.approve(asked.id, person("U-bob")), Ticket)
    stage.policy = later
    stage.executor().run(asked.id)
    after = stage.ticket(asked.id)
    assert (after.state, stage.cloud.sent) == ("refused", [])
    assert says in after.text


def test_nobody_is_an_approver_by_the_state_alone(stage: Stage) -> None:
    asked = stage.asked()
    assert stage.tickets.swap(asked, moved(asked, "approved", approved_at=stage.now))
    stage.executor(proofs=Believing()).run(asked.id)
    after = stage.ticket(asked.id)
    assert (after.state, after.text, stage.cloud.sent) == ("refused", "nobody has approved it", [])


@pytest.mark.parametrize("what", ["mode", "tag", "value"])
def test_who_takes_over_sends_nothing_that_may_not_be_sent_any_more(stage: Stage, what: str) -> None:
    """Somebody stops the executor in the middle, switches fixes off, and starts it again."""
    ticket = stage.approved(plan(writes=(set_path("/healthz"),)))
    sleeper = Sleeper(stage, ticket.id, "sent 0")
    stage.policy = replace(POLICY, protect=(Protection("change-freeze", "true"),))
    if what == "mode":
        stage.policy = replace(POLICY, mode="suggest")
    elif what == "tag":
        stage.cloud.tags["change-freeze"] = "true"
    else:
        stage.cloud.attributes["deregistration_delay.timeout_seconds"] = "90"
    stage.executor().run(ticket.id)
    after = stage.ticket(ticket.id)
    assert (after.state, stage.cloud.sent) == ("failed", [])
    assert "it was not seen that" in after.text, "it may have left before"
    assert {"mode": "suggest", "tag": "protected by its tag", "value": "is now"}[what] in after.text
    sleeper.wake()


def test_a_narrower_form_has_no_more_risk_than_the_whole(stage: Stage) -> None:
    """It would be approved without the word that its own risk asks for."""
    worse = plan(risk="high", label="only one")
    found = stage.desk.request(stage.wanted(plan(risk="low", narrower=(worse,))), person())
    assert "more risk" in getattr(found, "text", "")


def test_an_undo_that_would_do_more_is_not_even_agreed(stage: Stage) -> None:
    undo = Undo(kind="compensating", text="x", writes=(redeploy(),), guards=())
    done = stage.ran(plan(undo=undo))
    narrow = done.reach.model_copy(update={"writable": done.reach.writable - {SERVICE_ARN, "prod", "checkout"}})
    assert stage.tickets.swap(done, done.model_copy(update={"reach": narrow, "version": done.version + 1}))
    found = stage.desk.undo(done.id, person("U-bob"))
    assert "This is never done" in getattr(found, "text", "")


def test_two_fixes_that_write_to_the_same_thing_wait_for_each_other(stage: Stage) -> None:
    """The one writes besides to what the other is about."""
    both = stage.approved(plan(writes=(set_path("/healthz"), redeploy()), guards=()))
    other = stage.desk.approve(
        stage.asked(plan(resource=SERVICE_ARN, writes=(redeploy(),), guards=()), offer="other").id, person("U-bob")
    )
    assert isinstance(other, Ticket)
    sleeper = Sleeper(stage, both.id, "send 0")
    stage.executor().run(other.id)
    assert stage.cloud.sent == []
    sleeper.wake()
    assert stage.ticket(both.id).state == "executed"
