"""Whoever can write to the store can put anything there; what was not sealed by the door is never carried out."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.sealing import KEY_FILE, ClickSealer, _own_key, approver_groups, key_of
from bot.settings.models import Remediations
from bot.store.keys import key as store_key
from handlers.fixes import FixClick
from handlers.people import People as SlackPeople
from handlers.permission import Rules as SlackRules
from handlers.slack_calls import SlackLaterError
from remediations.approval import Ticket
from remediations.permission import Override, People, Policy, Rules
from remediations.plan import Plan, Undo
from remediations.proof import Proofs
from remediations.seals import Sealed, SealKey, digest
from tests.bot.conftest import settings_for
from tests.bot.fixes.acting import KEY, POLICY, START, Stage, person, sealed
from tests.bot.fixes.test_clicks import workspace
from tests.bot.workspace import Workspace
from tests.remediations.cloud import ARN, SERVICE_ARN, plan, redeploy, set_path
from tests.slack_fake import SlackFake

OTHER_KEY = SealKey(b"another key, which nobody else has")
RULES = SlackRules(teams=frozenset({"T1"}))


def alter(stage: Stage, ticket: Ticket, **changes: Any) -> Ticket:
    """As somebody does it who can write to Redis."""
    after = ticket.model_copy(update={**changes, "version": ticket.version + 1})
    assert stage.tickets.swap(ticket, after)
    return after


def refused(stage: Stage, ticket: Ticket, says: str) -> None:
    sent = list(stage.cloud.sent)
    stage.executor().run(ticket.id)
    after = stage.ticket(ticket.id)
    assert (after.state, stage.cloud.sent) == ("refused", sent), after.text
    assert says in after.text
    assert stage.records()[-1].event == "refused"
    assert says in stage.records()[-1].text


def two_persons(stage: Stage) -> None:
    stage.policy = replace(POLICY, rules=replace(POLICY.rules, two_person=frozenset({"low", "medium", "high"})))


def test_an_approval_that_nobody_gave(stage: Stage) -> None:
    asked = stage.asked()
    made_up = {"state": "approved", "approved_by": person("U-bob").who, "approved_at": stage.now}
    refused(stage, alter(stage, asked, **made_up), "is not sealed")


@pytest.mark.parametrize("which", ["asked", "agreed"])
def test_a_seal_that_was_made_with_another_key(stage: Stage, which: str) -> None:
    ticket = stage.approved()
    deed = getattr(ticket, which).deed
    refused(stage, alter(stage, ticket, **{which: OTHER_KEY.sealed(deed)}), "the seal of its approval does not fit")


def test_an_executor_without_a_key_believes_nothing(stage: Stage) -> None:
    ticket = stage.approved()
    stage.executor(proofs=Proofs(None, 600)).run(ticket.id)
    assert (stage.ticket(ticket.id).state, stage.cloud.sent) == ("refused", [])
    assert "approval_key" in stage.ticket(ticket.id).text


def other_target(ticket: Ticket) -> dict[str, Any]:
    return {"target": ticket.target.model_copy(update={"region": "eu-west-1"})}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda _: {"plan": plan(writes=(set_path("/evil"),))}, "altered after it was shown"),
        (lambda t: {"reach": t.reach.model_copy(update={"writable": t.reach.writable | {"x"}})}, "altered after"),
        (other_target, "altered after"),
        (lambda _: {"chosen": 0}, "altered after"),
        (lambda _: {"approved_by": person("U-ann").who}, "somebody else"),
        (lambda _: {"asked_by": person("U-bob").who}, "somebody else"),
        (lambda _: {"channel": "C-free"}, "something else"),
    ],
)
def test_what_was_altered_after_it_was_shown(
    stage: Stage, change: Callable[[Ticket], dict[str, Any]], says: str
) -> None:
    ticket = stage.approved(plan(narrower=(plan(label="only one"),)))
    refused(stage, alter(stage, ticket, **change(ticket)), says)


def test_what_was_altered_in_the_deed_itself(stage: Stage) -> None:
    """The name of an approver is put into the click of somebody who is none."""
    asked = stage.asked()
    eve = sealed("approve", asked.id, person("U-eve"), stage.now, shown=asked.digest)
    bent = eve.model_copy(update={"deed": eve.deed.model_copy(update={"user": "U-bob"})})
    approved = stage.desk.approve(asked.id, person("U-bob"), proof=bent)
    assert isinstance(approved, Ticket)
    refused(stage, approved, "does not fit")


def test_whoever_asked_cannot_be_made_somebody_else_so_that_two_persons_seem_to_agree(stage: Stage) -> None:
    two_persons(stage)
    asked = stage.asked(by=person("U-bob"))
    disguised = alter(stage, asked, asked_by=person("U-ann").who, called_by=person("U-ann").who)
    approved = stage.desk.approve(disguised.id, person("U-bob"))
    assert isinstance(approved, Ticket)
    refused(stage, approved, "somebody else")


@pytest.mark.parametrize("called", ["as it was", "unsealed", "of another ticket", "another deed"])
def test_whoever_only_looked_cannot_be_made_the_one_who_asked(stage: Stage, called: str) -> None:
    """U-ann opened it, U-bob wants it: he must not be able to approve it alone."""
    two_persons(stage)
    looked = stage.desk.request(stage.wanted(), person("U-ann"))
    assert isinstance(looked, Ticket)
    mine = stage.desk.call(looked.id, person("U-bob"))
    assert isinstance(mine, Ticket)
    ann, other = person("U-ann"), stage.asked(offer="other")
    seals = {
        "as it was": mine.called,
        "unsealed": None,
        "of another ticket": other.called,
        "another deed": sealed("approve", mine.id, ann, stage.now),
    }
    alter(stage, mine, called_by=ann.who, called=seals[called])
    approved = stage.desk.approve(mine.id, person("U-bob"))
    assert isinstance(approved, Ticket)
    refused(stage, approved, "asked for its approval is not sealed" if called == "unsealed" else "somebody else")


def test_whoever_asked_for_the_approval_cannot_be_forgotten(stage: Stage) -> None:
    two_persons(stage)
    approved = stage.desk.approve(stage.asked().id, person("U-bob"))
    assert isinstance(approved, Ticket)
    refused(stage, alter(stage, approved, called_by=None, called=None), "nobody asked for its approval")


def test_two_persons_agree(stage: Stage) -> None:
    two_persons(stage)
    approved = stage.desk.approve(stage.asked(by=person("U-ann")).id, person("U-bob"))
    assert isinstance(approved, Ticket)
    stage.executor().run(approved.id)
    assert stage.ticket(approved.id).state == "executed"


def test_an_old_wish_for_another_fix_is_no_wish_for_this_one(stage: Stage) -> None:
    two_persons(stage)
    earlier = stage.asked(offer="other")
    mine = stage.asked(by=person("U-bob"))
    disguised = alter(stage, mine, asked_by=earlier.asked_by, called_by=earlier.called_by, asked=earlier.asked)
    approved = stage.desk.approve(disguised.id, person("U-bob"))
    assert isinstance(approved, Ticket)
    refused(stage, approved, "altered after it was shown")


def test_an_approval_is_good_for_one_ticket(stage: Stage) -> None:
    ticket = stage.ran()
    again = stage.asked(offer="again")
    copied = {"state": "approved", "agreed": ticket.agreed, "approved_by": ticket.approved_by}
    refused(stage, alter(stage, again, **copied), "made for something else")


def put_back(stage: Stage, ticket: Ticket) -> Ticket:
    """As if it had never been carried out."""
    stage.redis.delete(store_key("fix-journal", ticket.id))
    fresh = {"state": "approved", "execution": None, "executed_at": None, "started_at": None, "ended_at": None}
    late = stage.now + timedelta(days=1)
    return alter(stage, ticket, **fresh, start_by=late, approved_at=stage.now, expires_at=late)


@pytest.mark.parametrize("waited_s", [120, 3600, 86_400])
def test_an_approval_is_not_used_a_second_time_later(stage: Stage, waited_s: int) -> None:
    ticket = stage.ran(plan(writes=(redeploy(),), guards=()))
    stage.wait(waited_s)
    refused(stage, put_back(stage, ticket), "too old")


@pytest.mark.parametrize("started", [True, False])
def test_what_is_said_to_be_begun_is_not_gone_on_with_for_ever(stage: Stage, *, started: bool) -> None:
    ticket = stage.ran(plan(writes=(redeploy(),), guards=()))
    stage.wait(421)
    back = put_back(stage, ticket)
    refused(stage, alter(stage, back, started_at=stage.now) if started else back, "too old")


def test_the_executor_that_did_it_does_not_do_it_again(stage: Stage) -> None:
    ticket = stage.approved(plan(writes=(redeploy(),), guards=()))
    executor = stage.executor()
    executor.run(ticket.id)
    assert len(stage.cloud.sent) == 1
    put_back(stage, stage.ticket(ticket.id))
    executor.run(ticket.id)
    assert (stage.ticket(ticket.id).state, len(stage.cloud.sent)) == ("refused", 1)
    assert "carried out before" in stage.ticket(ticket.id).text


def test_whoever_is_in_no_group_of_approvers_as_far_as_the_door_was_told(stage: Stage) -> None:
    asked = stage.asked()
    claimed = person("U-eve", groups=("S-oncall",))
    alone = sealed("approve", asked.id, person("U-eve"), stage.now, shown=asked.digest)
    approved = stage.desk.approve(asked.id, claimed, proof=alone)
    assert isinstance(approved, Ticket)
    refused(stage, approved, "in a group of those who may approve")


def test_whom_slack_did_not_tell_of_in_time(stage: Stage) -> None:
    asked = stage.asked()
    unsure = sealed("approve", asked.id, person("U-bob"), stage.now, shown=asked.digest, standing="unknown")
    approved = stage.desk.approve(asked.id, person("U-bob"), proof=unsure)
    assert isinstance(approved, Ticket)
    refused(stage, approved, "press again")


def test_what_was_shown_is_what_is_approved(stage: Stage) -> None:
    """The plan is exchanged while somebody reads it."""
    asked = stage.asked()
    exchanged = alter(stage, asked, plan=plan(writes=(set_path("/evil"),)))
    seen = sealed("approve", asked.id, person("U-bob"), stage.now, shown=asked.digest)
    approved = stage.desk.approve(exchanged.id, person("U-bob"), proof=seen)
    assert isinstance(approved, Ticket)
    refused(stage, approved, "altered after it was shown")


def two_writes() -> Plan:
    return plan(writes=(set_path("/healthz"), redeploy()), guards=())


@pytest.mark.parametrize("seal", ["", "0" * 64])
def test_what_is_written_down_as_done_counts_only_if_an_executor_wrote_it(stage: Stage, seal: str) -> None:
    """A made-up journal would lead later writes, and the undo, to another resource."""
    ticket = stage.approved(two_writes())
    step = {"index": 0, "state": "done", "action": "x", "kept": {"given": "sg-evil"}, "seal": seal}
    stage.redis.hset(store_key("fix-journal", ticket.id), "0", json.dumps(step))
    stage.executor().run(ticket.id)
    after = stage.ticket(ticket.id)
    assert (after.state, stage.cloud.sent) == ("failed", [])
    assert "was altered" in after.text
    assert after.execution is not None
    assert after.execution.kept == {}


def test_an_undo_by_whoever_may(stage: Stage) -> None:
    done = stage.ran()
    undo = stage.desk.undo(done.id, person("U-bob"))
    assert isinstance(undo, Ticket)
    stage.executor().run(undo.id)
    assert stage.ticket(undo.id).state == "executed", stage.ticket(undo.id).text


@pytest.mark.parametrize("what", ["execution", "plan", "seal", "reach", "of another", "nobody"])
def test_an_undo_takes_back_what_was_done_and_nothing_else(stage: Stage, what: str) -> None:
    done = stage.ran()
    assert done.execution is not None
    if what == "execution":
        kept = done.execution.model_copy(update={"kept": {"given": "id-of-others"}})
        done = alter(stage, done, execution=kept)
    elif what == "plan":
        evil = Undo(kind="exact", text="x", writes=(set_path("/evil"),), guards=())
        done = alter(stage, done, plan=done.plan.model_copy(update={"undo": evil}))
    elif what == "seal":
        done = alter(stage, done, execution_seal="0" * 64)
    undo = stage.desk.undo(done.id, person("U-bob"))
    assert isinstance(undo, Ticket)
    if what == "reach":
        wider = undo.reach.model_copy(update={"writable": undo.reach.writable | {"x"}})
        undo = alter(stage, undo, reach=wider)
    elif what == "of another":
        undo = alter(stage, undo, agreed=sealed("undo", "p-other", person("U-bob"), stage.now))
    elif what == "nobody":
        undo = alter(stage, undo, agreed=None)
    says = {"of another": "made for something else", "nobody": "is not sealed", "reach": "altered"}
    refused(stage, undo, says.get(what, "cannot be told for certain"))


def test_an_undo_outlives_a_restart_and_the_time_in_which_an_approval_counts(stage: Stage) -> None:
    done = stage.ran()
    stage.wait(3 * 86_400)
    undo = stage.desk.undo(done.id, person("U-bob"))
    assert isinstance(undo, Ticket)
    stage.executor().run(undo.id)
    assert stage.ticket(undo.id).state == "executed"


# What the door seals


def click(**more: Any) -> FixClick:
    given: dict[str, Any] = {"kind": "approve", "about": "p-1", "user": "U-bob", "shown": "d", "at": START, **more}
    return FixClick(id="k", correlation_id="c", team="T1", **given)


def door(slack: Workspace, key: SealKey | None = KEY, groups: frozenset[str] = frozenset({"S-oncall"})) -> ClickSealer:
    calls: Any = slack
    return ClickSealer(key, SlackPeople(calls, slack), RULES, groups)


def proof_of(found: FixClick) -> Sealed:
    assert found.proof is not None
    assert KEY.made(found.proof)
    return found.proof


def test_a_click_is_sealed_with_all_that_decides() -> None:
    slack = workspace(groups={"S-oncall": ["U-bob"]})
    deed = proof_of(door(slack)(click(typed="checkout", narrower=1))).deed
    assert (deed.kind, deed.about, deed.user, deed.shown, deed.at) == ("approve", "p-1", "U-bob", "d", START)
    assert (deed.typed, deed.narrower) == ("checkout", 1)
    assert (deed.standing, deed.groups) == ("member", frozenset({"S-oncall"}))


def test_the_door_asks_slack_anew() -> None:
    """What it remembers stands in the store."""
    slack = workspace(groups={"S-oncall": []}, memory={("group", "S-oncall"): '["U-bob"]'})
    assert proof_of(door(slack)(click())).deed.groups == frozenset()


@pytest.mark.parametrize(("user", "standing"), [("U-gil", "guest"), ("U-far", "foreign"), ("U-nobody", "unknown")])
def test_the_door_says_what_somebody_is(user: str, standing: str) -> None:
    assert proof_of(door(workspace())(click(user=user))).deed.standing == standing


def test_slack_that_is_busy_holds_up_nobody() -> None:
    busy = workspace(fails=SlackLaterError("users.info", 30.0))
    assert proof_of(door(busy)(click())).deed.standing == "unknown"


@pytest.mark.parametrize("kind", ["open", "ask", "approve", "undo"])
def test_what_changes_something_is_sealed(kind: str) -> None:
    deed = proof_of(door(workspace())(click(kind=kind))).deed
    assert (deed.kind, deed.about, deed.user) == (kind, "p-1", "U-bob")


@pytest.mark.parametrize("kind", ["review", "refuse"])
def test_what_changes_nothing_needs_no_seal(kind: str) -> None:
    assert door(workspace())(click(kind=kind)).proof is None


def test_without_a_key_nothing_is_sealed() -> None:
    assert door(workspace(), key=None)(click()).proof is None


def test_all_groups_that_may_approve_anything_are_asked_about() -> None:
    override = Override(
        rules=Rules(approvers=People(groups=frozenset({"S-db"}))), gives=frozenset({"approvers"}), risk="high"
    )
    policy: Policy = replace(POLICY, overrides=(override,))
    assert approver_groups(policy) == {"S-oncall", "S-db"}


# Keys


def test_a_key_that_could_be_guessed_is_none() -> None:
    with pytest.raises(ValueError, match="32"):
        SealKey(b"x" * 31)


def settings(tmp_path: Path, **more: Any) -> Any:
    chosen = Remediations(mode="approve", **more)
    return settings_for(SlackFake(url="http://127.0.0.1:1")).model_copy(
        update={"state_dir": tmp_path, "remediations": chosen}
    )


def test_a_process_of_its_own_keeps_its_key(tmp_path: Path) -> None:
    first = key_of(settings(tmp_path))
    _own_key.cache_clear()
    second = key_of(settings(tmp_path))
    assert first is not None
    assert second is not None
    assert second.made(first.sealed(sealed("open", "x", person(), START).deed))
    assert (tmp_path / KEY_FILE).stat().st_mode & 0o777 == 0o600


def test_a_key_file_that_holds_no_key_is_not_used(tmp_path: Path) -> None:
    (tmp_path / KEY_FILE).write_bytes(b"short")
    first = key_of(settings(tmp_path))
    assert first is not None
    assert not SealKey(b"short".ljust(32, b"\0")).made(first.sealed(sealed("open", "x", person(), START).deed))


def test_a_state_dir_that_cannot_be_written_to_costs_the_memory_only(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    first = key_of(settings(file))
    assert first is not None
    again = key_of(settings(file))
    assert again is not None
    assert again.made(first.sealed(sealed("open", "x", person(), START).deed)), "the same in one process"


def test_the_configured_key_is_the_key(tmp_path: Path) -> None:
    found = key_of(settings(tmp_path, approval_key="k" * 32))
    assert found is not None
    assert found.made(SealKey(b"k" * 32).sealed(sealed("open", "x", person(), START).deed))
    assert not (tmp_path / KEY_FILE).exists()


def test_where_nothing_is_approved_no_key_is_made(tmp_path: Path) -> None:
    chosen = settings(tmp_path).model_copy(update={"remediations": Remediations(mode="suggest")})
    assert key_of(chosen) is None
    assert not (tmp_path / KEY_FILE).exists()


def test_the_digest_is_the_same_in_every_process_and_after_the_store(stage: Stage) -> None:
    ticket = stage.asked()
    other = ticket.reach.model_copy(update={"writable": frozenset(sorted(ticket.reach.writable, reverse=True))})
    assert stage.ticket(ticket.id).digest == ticket.digest
    assert digest(ticket.report, ticket.offer, ticket.plan, ticket.target, other) == ticket.digest
    elsewhere = plan(resource=ARN.replace("checkout", "payments"))
    assert digest(ticket.report, ticket.offer, elsewhere, ticket.target, ticket.reach) != ticket.digest
    assert SERVICE_ARN not in ticket.digest
