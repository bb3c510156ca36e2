"""Who may ask, agree, say no and take back; and that a click does something once, in its time, or nothing at all."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from remediations.approval import Kind, Ticket
from remediations.permission import Freeze, People, Rules
from remediations.plan import Plan
from tests.bot.fixes.acting import POLICY, START, Stage, denied, person
from tests.remediations.cloud import plan


def high() -> Plan:
    return plan(risk="high")


def policy_with(**rules: object) -> object:
    return replace(POLICY, rules=replace(POLICY.rules, **rules))  # type: ignore[arg-type]


def test_a_fix_is_asked_for_shown_agreed_and_carried_out(stage: Stage) -> None:
    ticket = stage.asked(by=person("U-carl"))
    assert stage.desk.shown(ticket.id, person("U-bob")) == ticket
    agreed = stage.desk.approve(ticket.id, person("U-bob"))
    assert isinstance(agreed, Ticket)
    assert (agreed.state, agreed.approved_by) == ("approved", person("U-bob").who)
    assert stage.queue.jobs == [("run", ticket.id, 0.0)]
    stage.executor().run(ticket.id)
    assert stage.ticket(ticket.id).state == "executed"
    assert stage.events() == ["shown", "asked", "shown", "approved", "started", "wrote", "wrote", "executed"]
    who = [record.who.id if record.who else None for record in stage.records()]
    assert (who[:2], set(who[2:])) == (["U-carl", "U-carl"], {"U-bob"})
    executed = stage.records()[-1]
    assert executed.request_ids == ("request-1", "request-2")
    assert stage.behalf[0].person_id == "U-bob"


@pytest.mark.parametrize("kind", ["guest", "bot", "app", "foreign", "deactivated", "unknown"])
def test_who_is_no_member_does_nothing_even_when_listed(stage: Stage, kind: Kind) -> None:
    ticket = stage.asked()
    stranger = person("U-bob", kind=kind)
    for answer in (
        stage.desk.request(stage.wanted(offer="other"), stranger),
        stage.desk.approve(ticket.id, stranger),
        stage.desk.refuse(ticket.id, stranger),
        stage.desk.shown(ticket.id, stranger),
    ):
        assert denied(answer)
    assert stage.ticket(ticket.id) == ticket
    assert stage.queue.jobs == []
    assert stage.events() == ["shown", "asked", *["denied"] * 4]


def test_a_refusal_says_who_may(stage: Stage) -> None:
    ticket = stage.asked()
    answer = denied(stage.desk.approve(ticket.id, person("U-eve")))
    assert answer == "You may not approve this. Who may: user group S-oncall, user U-ann, user U-bob."
    assert stage.ticket(ticket.id).state == "pending"
    guest = denied(stage.desk.approve(ticket.id, person("U-eve", kind="guest")))
    assert guest == "Guests cannot do this; ask a full member of this workspace."
    group = stage.desk.approve(ticket.id, person("U-eve", groups=("S-oncall",)))
    assert isinstance(group, Ticket)


def test_nobody_may_where_no_approver_is_named(stage: Stage) -> None:
    ticket = stage.asked()
    stage.policy = replace(POLICY, rules=Rules(approvers=People()))
    assert "`remediations.approvers` is empty" in denied(stage.desk.approve(ticket.id, person("U-bob")))


def test_whoever_asked_cannot_be_the_second_person(stage: Stage) -> None:
    stage.policy = replace(POLICY, rules=replace(POLICY.rules, two_person=frozenset({"medium"})))
    ticket = stage.asked(by=person("U-ann"))
    answer = denied(stage.desk.approve(ticket.id, person("U-ann")))
    assert (
        answer
        == "You asked for this fix, and somebody else has to approve it. Who may: user group S-oncall, user U-bob."
    )
    assert isinstance(stage.desk.approve(ticket.id, person("U-bob")), Ticket)


def test_where_one_person_is_enough_it_may_be_whoever_asked(stage: Stage) -> None:
    assert isinstance(stage.desk.approve(stage.asked(by=person("U-ann")).id, person("U-ann")), Ticket)


def test_high_risk_needs_the_name_of_the_service(stage: Stage) -> None:
    stage.policy = replace(POLICY, rules=replace(POLICY.rules, allow=frozenset({"two-settings"})))
    ticket = stage.asked(high(), by=person("U-ann"))
    for typed in (None, "", "Checkout", "prod"):
        assert denied(stage.desk.approve(ticket.id, person("U-bob"), typed=typed)).startswith("A fix of high risk")
    assert isinstance(stage.desk.approve(ticket.id, person("U-bob"), typed=" checkout "), Ticket)


def test_a_doubled_click_is_one_approval(stage: Stage) -> None:
    ticket = stage.asked()
    assert isinstance(stage.desk.approve(ticket.id, person("U-bob")), Ticket)
    stage.wait(0.2)
    for who in ("U-bob", "U-ann"):
        assert "approved by bob already" in denied(stage.desk.approve(ticket.id, person(who)))
    assert stage.queue.jobs == [("run", ticket.id, 0.0)]


def test_of_two_who_press_at_once_one_is_first(stage: Stage) -> None:
    ticket = stage.asked()
    before = stage.tickets.load

    class Between:
        """Somebody else agrees between the look and the change."""

        def __init__(self) -> None:
            self.first = True

        def __getattr__(self, name: str) -> object:
            return getattr(stage.tickets, name)

        def load(self, ticket_id: str) -> Ticket | None:
            found = before(ticket_id)
            if self.first:
                self.first = False
                stage.desk.approve(ticket_id, person("U-ann"))
            return found

    desk = stage.desk
    desk._tickets = Between()  # type: ignore[assignment]
    assert "approved by ann already" in denied(desk.approve(ticket.id, person("U-bob")))
    assert stage.events().count("approved") == 1


def test_a_button_that_is_pressed_twice_or_by_two_gives_one_ticket(stage: Stage) -> None:
    first = stage.asked(by=person("U-ann"))
    again = stage.desk.request(stage.wanted(), person("U-bob"))
    assert again == first
    assert stage.events() == ["shown", "asked", "shown"]


def test_a_fix_that_was_done_is_not_done_again_by_its_old_button(stage: Stage) -> None:
    done = stage.ran()
    again = stage.desk.request(stage.wanted(), person("U-bob"))
    assert isinstance(again, Ticket)
    assert (again.id, again.state) == (done.id, "executed")
    assert "a plan is carried out once" in denied(stage.desk.approve(again.id, person("U-bob")))


def test_what_expired_can_be_asked_for_again(stage: Stage) -> None:
    ticket = stage.asked()
    stage.wait(600)
    assert denied(stage.desk.approve(ticket.id, person("U-bob")))
    assert stage.ticket(ticket.id).state == "expired"
    again = stage.asked()
    assert again.id != ticket.id
    assert stage.events() == ["shown", "asked", "expired", "denied", "shown", "asked"]


def test_an_expired_approval_is_not_carried_out(stage: Stage) -> None:
    ticket = stage.approved()
    stage.wait(60)
    stage.executor().run(ticket.id)
    after = stage.ticket(ticket.id)
    assert (after.state, after.text) == ("expired", "it was not begun within 60 s after its approval")
    assert stage.cloud.sent == []


@pytest.mark.parametrize("forged", ["", "p-", "p-0", "p-" + "f" * 32, "../x", "p-1:journal"])
def test_a_forged_or_forgotten_button_does_nothing(stage: Stage, forged: str) -> None:
    stage.asked()
    for answer in (
        stage.desk.approve(forged, person("U-bob")),
        stage.desk.refuse(forged, person("U-bob")),
        stage.desk.undo(forged, person("U-bob")),
        stage.desk.shown(forged, person("U-bob")),
    ):
        assert "expired, or was never one of ours" in denied(answer)
    stage.executor().run(forged)
    assert (stage.queue.jobs, stage.cloud.sent, stage.events()) == ([], [], ["shown", "asked"])


def test_a_replayed_job_does_nothing(stage: Stage) -> None:
    ticket = stage.ran()
    for _ in range(3):
        stage.executor().run(ticket.id)
    assert stage.cloud.sent == ["modify_target_group", "modify_target_group_attributes"]
    assert stage.events().count("executed") == 1


def test_a_no_ends_it(stage: Stage) -> None:
    ticket = stage.asked(by=person("U-carl"))
    assert "You may not refuse this" in denied(stage.desk.refuse(ticket.id, person("U-eve")))
    said = stage.desk.refuse(ticket.id, person("U-ann"), why="we deploy\nin a minute")
    assert isinstance(said, Ticket)
    assert (said.state, said.text) == ("refused", "we deploy in a minute")
    assert denied(stage.desk.approve(ticket.id, person("U-bob"))) == "It was refused by ann already."


def test_whoever_asked_may_take_it_back(stage: Stage) -> None:
    ticket = stage.asked(by=person("U-carl"))
    assert isinstance(stage.desk.refuse(ticket.id, person("U-carl")), Ticket)


def test_an_approver_may_narrow_and_never_widen(stage: Stage) -> None:
    narrow = plan(writes=plan().writes[:1], label="only the path", title="Set the path of checkout")
    wide = plan(narrower=(narrow,))
    ticket = stage.asked(wide)
    for choice in (1, -1, 99):
        assert "never widened" in denied(stage.desk.approve(ticket.id, person("U-bob"), narrower=choice))
    agreed = stage.desk.approve(ticket.id, person("U-bob"), narrower=0)
    assert isinstance(agreed, Ticket)
    stage.executor().run(ticket.id)
    assert stage.cloud.sent == ["modify_target_group"]
    approved = next(record for record in stage.records() if record.event == "approved")
    assert (approved.title, approved.details) == ("Set the path of checkout", {"chosen": "only the path"})


def test_what_the_settings_forbid_is_neither_asked_for_nor_agreed_nor_done(stage: Stage) -> None:
    ticket = stage.approved()
    stage.policy = replace(POLICY, freezes=(Freeze(START, START + timedelta(days=1), "Black Friday"),))
    stage.executor().run(ticket.id)
    after = stage.ticket(ticket.id)
    assert (after.state, stage.cloud.sent) == ("refused", [])
    assert "Black Friday" in after.text
    assert "Black Friday" in denied(stage.desk.request(stage.wanted(offer="later"), person()))


def test_what_is_never_done_is_not_even_asked_for(stage: Stage) -> None:
    foreign = plan(resource="arn:aws:ecs:us-east-1:999999999999:service/prod/checkout")
    assert denied(stage.desk.request(stage.wanted(foreign), person())).startswith("This is never done")
