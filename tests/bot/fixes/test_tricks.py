"""What somebody tries at a button that does little, or with a form of a plan that has less risk."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest
from redis import Redis
from structlog.testing import capture_logs

from bot.store.keys import text_of
from handlers.fixes import MAX_TYPED, submission
from handlers.permission import Rules
from remediations.approval import Denied, Ticket
from remediations.fix import Preferences
from remediations.permission import People, Policy
from remediations.permission import Rules as FixRules
from remediations.plan import Call, Plan, Write
from remediations.undo import undo_of
from tests.bot.fixes.acting import POLICY, START, TARGET, Stage, denied, person
from tests.bot.fixes.test_clicks import HERE, Desk, scoped
from tests.bot.fixes.test_seals import alter
from tests.remediations.cloud import ACCOUNT, REACH, REGION, delay_is, path_is, plan, set_delay, set_path


@pytest.fixture
def desk(stage: Stage, redis: Redis) -> Desk:
    return Desk(stage, redis)


def test_asking_calls_those_who_may(desk: Desk) -> None:
    """So that the others fail for their own reason."""
    desk.click("ask", desk.asked().id, user="U-ann", channel="")
    assert "waits for approval" in desk.slack.told[-1]


@pytest.mark.parametrize(
    ("what", "says"),
    [
        ("guest", "Guests cannot"),
        ("left", "deactivated"),
        ("not asked", "slack.ask"),
        ("shared", "Another organisation"),
        ("scope", "may ask about"),
        ("late", "waited"),
        ("forgotten", "expired"),
    ],
)
def test_nobody_is_called_by_a_click_that_may_not(desk: Desk, what: str, says: str) -> None:
    """The window was opened a while ago, when all was well."""
    ticket, at = desk.asked(), desk.stage.now
    match what:
        case "guest":
            desk.slack.users["U-ann"]["is_restricted"] = True
        case "left":
            desk.slack.users["U-ann"]["deleted"] = True
        case "not asked":
            desk.rules = Rules(teams=frozenset({"T1"}), ask_users=frozenset({"U-eve"}))
        case "shared":
            desk.slack.channels[HERE]["is_ext_shared"] = True
        case "scope":
            desk.rules = scoped(services=frozenset({"payments"}))
        case "late":
            at -= timedelta(seconds=90)
    desk.click("ask", "p-0" if what == "forgotten" else ticket.id, user="U-ann", channel="", at=at)
    assert desk.slack.told == []
    if what != "forgotten":
        assert says in desk.slack.whispers[-1]


def test_whoever_only_looked_is_no_second_person(desk: Desk) -> None:
    """A colleague opened the window and closed it again."""
    desk.stage.policy = rules(frozenset({"medium"}))
    desk.slack.users["U-cat"] = {"team_id": "T1"}
    desk.click("open", user="U-cat")
    (ticket,) = map(desk.stage.ticket, desk.stage.tickets.unfinished())
    desk.click("open")
    assert "Ask for approval" in desk.slack.views[-1]
    assert "takes two people" in desk.slack.views[-1]
    desk.click("approve", ticket.id)
    assert "takes two people" in desk.slack.whispers[-1]
    desk.click("ask", ticket.id)
    desk.click("approve", ticket.id)
    assert "somebody else has to approve it" in desk.slack.whispers[-1]
    assert desk.stage.ticket(ticket.id).state == "pending"
    desk.click("approve", ticket.id, user="U-ann")
    assert desk.stage.ticket(ticket.id).state == "approved"
    assert desk.stage.ticket(ticket.id).asker.id == "U-bob"
    who = [(one.event, one.who.id) for one in desk.stage.records() if one.who and one.event in ("asked", "approved")]
    assert who == [("asked", "U-bob"), ("approved", "U-ann")]


def test_who_asks_is_asked_for_once(desk: Desk) -> None:
    """And nobody takes it over from whoever did."""
    desk.stage.policy = rules(frozenset({"medium"}))
    ticket = desk.asked()
    desk.click("ask", ticket.id, user="U-ann")
    desk.click("ask", ticket.id)
    called_by = desk.stage.ticket(ticket.id).called_by
    assert called_by is not None
    assert called_by.id == "U-ann"
    assert desk.stage.events().count("asked") == 1
    desk.click("approve", ticket.id)
    desk.click("ask", ticket.id, user="U-ann")
    assert desk.stage.ticket(ticket.id).state == "approved"


def high(**more: Any) -> Plan:
    return plan(risk="high", narrower=(plan(risk="medium", label="less"),), **more)


def rules(two_person: frozenset[str]) -> Policy:
    approvers = People(users=frozenset({"U-ann", "U-bob"}))
    allowed = frozenset({plan().fix})
    return replace(POLICY, rules=FixRules(approvers=approvers, two_person=cast("Any", two_person), allow=allowed))


def test_two_persons_agree_on_the_whole_plan_whatever_part_of_it_is_chosen(stage: Stage) -> None:
    """Also where the desk has other settings than the executor."""
    stage.policy = rules(frozenset())
    asked = stage.asked(high(), by=person("U-bob"))
    agreed = stage.desk.approve(asked.id, person("U-bob"), narrower=0, typed="checkout")
    assert isinstance(agreed, Ticket)
    stage.policy = rules(frozenset({"high"}))
    stage.executor().run(asked.id)
    after = stage.ticket(asked.id)
    assert (after.state, stage.cloud.sent) == ("refused", [])
    assert "somebody else has to" in after.text


def test_a_part_that_may_not_be_done_now_is_not_done(stage: Stage) -> None:
    stage.policy = rules(frozenset())
    part = plan(risk="medium", label="less", not_now="a deployment is in progress")
    asked = stage.asked(plan(narrower=(part,)))
    assert "deployment is in progress" in denied(stage.desk.approve(asked.id, person("U-bob"), narrower=0))
    assert isinstance(stage.desk.approve(asked.id, person("U-bob")), Ticket)


@pytest.mark.parametrize("typed", [None, "", " ", "checkout", "x"])
def test_something_has_to_be_typed_where_nothing_has_a_name(stage: Stage, typed: str | None) -> None:
    stage.policy = rules(frozenset())
    nameless = TARGET.model_copy(update={"service": None, "function": None, "label": ""})
    wanted = replace(stage.wanted(plan(risk="high")), target=nameless)
    asked = stage.desk.request(wanted, person())
    assert isinstance(asked, Ticket)
    assert isinstance(stage.desk.approve(asked.id, person("U-bob"), typed=typed), Denied)


@pytest.mark.parametrize(
    "typed",
    [
        "Checkout",
        "check out",
        "checkout\u200b",
        "\u0441heckout",
        "checkout\u202e",
        "checkout checkout",
        "\uff43heckout",
    ],
)
def test_what_looks_like_the_name_is_not_the_name(stage: Stage, typed: str) -> None:
    stage.policy = rules(frozenset())
    asked = stage.asked(plan(risk="high"))
    assert "type checkout" in denied(stage.desk.approve(asked.id, person("U-bob"), typed=typed))
    assert isinstance(stage.desk.approve(asked.id, person("U-bob"), typed=" checkout\n"), Ticket)


def test_one_ticket_that_cannot_be_read_holds_up_no_other(stage: Stage) -> None:
    """Another version wrote it, or somebody who should not."""
    broken, other = stage.asked(offer="a"), stage.asked(offer="b")
    stage.redis.hset(f"alb502:fix:{broken.id}", "ticket", b"no ticket")
    stage.wait(601)
    with capture_logs() as logged:
        stage.executor().sweep()
    assert stage.ticket(other.id).state == "expired"
    assert [one["kind"] for one in logged if "taken for gone" in one["event"]] == ["Ticket"]


@pytest.mark.parametrize("fields", [{"record": "{}"}, {"other": "x"}, {"record": b"\xff"}])
def test_a_line_of_the_audit_that_cannot_be_read_hides_no_other(stage: Stage, fields: Any) -> None:
    stage.asked(offer="a")
    strange = stage.redis.xadd("alb502:audit", fields)
    stage.asked(offer="b")
    audit = stage.audit
    assert [kept.record.event for kept in audit.read()] == ["shown", "asked"] * 2
    assert audit.read(after=text_of(stage.redis.xadd("alb502:audit", fields))) == ()
    assert [kept.record.event for kept in audit.read()] == ["shown", "asked"] * 2
    assert audit.unread[0] == text_of(strange)
    assert len(audit.unread) == 2, "each once"


def test_the_undo_of_one_fix_is_not_the_undo_of_another_that_lies_in_its_place(stage: Stage) -> None:
    """As somebody does it who can write to Redis: they swap what two names stand for."""
    first = stage.ran(plan(writes=(set_delay("60"),), guards=(delay_is("30"),)))
    second = stage.desk.approve(stage.asked(plan(writes=(set_path("/x"),)), offer="b").id, person("U-bob"))
    assert isinstance(second, Ticket)
    stage.cloud.attributes["deregistration_delay.timeout_seconds"] = "30"
    stage.executor().run(second.id)
    other = stage.ticket(second.id)
    undo = stage.desk.undo(first.id, person("U-bob"))
    assert isinstance(undo, Ticket)
    assert other.execution is not None
    back = undo_of(other.doing, other.id, other.execution)
    assert back is not None
    raw = stage.redis.hget(f"alb502:fix:{other.id}", "ticket")
    assert raw is not None
    stage.redis.hset(f"alb502:fix:{first.id}", "ticket", raw)
    alter(stage, undo, plan=back, target=other.target, reach=other.reach, channel=other.channel)
    sent = list(stage.cloud.sent)
    stage.executor().run(undo.id)
    after = stage.ticket(undo.id)
    assert (after.state, stage.cloud.sent) == ("refused", sent), after.text
    assert "cannot be told for certain" in after.text


@pytest.mark.parametrize(
    ("chosen", "narrower"), [("whole", None), ("0", 0), ("12", 12), ("", None), ("all", -1), ("-1", -1), ("\uff19", -1)]
)
def test_what_is_no_choice_is_not_taken_for_all_of_it(chosen: str, narrower: int | None) -> None:
    option = {"value": chosen} if chosen else None
    values = {
        "fix-choice": {"fix-choice": {"selected_option": option}},
        "fix-typed": {"fix-typed": {"value": f"checkout{'!' * 400}"}},
    }
    view = {"private_metadata": "p-1 d", "state": {"values": values}, "submit": {"text": "Approve and do it"}}
    click = submission({"view": view, "user": {"id": "U-bob"}}, START)
    assert (click.kind, click.narrower) == ("approve", narrower)
    assert (click.about, click.shown) == ("p-1", "d")
    assert click.typed == f"checkout{'!' * (MAX_TYPED - len('checkout'))}"


@pytest.mark.parametrize("named", ["shop-logs", "evil", None])
def test_logs_go_where_the_settings_of_the_executor_say(stage: Stage, named: str | None) -> None:
    """What a plan may reach is kept in the store, and so is the bucket in it."""
    balancer = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:loadbalancer/app/shop/50dc6c495c0c9188"
    attributes: Any = [{"Key": "access_logs.s3.bucket", "Value": "evil"}]
    given: Any = {"LoadBalancerArn": balancer, "Attributes": attributes}
    call = Call.of("elbv2", "modify_load_balancer_attributes", **given)
    sending = plan(writes=(Write(call=call, resources=(balancer,), done_when=path_is("/healthz")),))
    reach = REACH.model_copy(update={"writable": REACH.writable | {balancer}, "bucket": "evil"})
    asked = stage.desk.request(replace(stage.wanted(sending), reach=reach), person())
    assert isinstance(asked, Ticket)
    assert isinstance(stage.desk.approve(asked.id, person("U-bob")), Ticket)
    stage.executor(preferences=Preferences(access_log_bucket=named)).run(asked.id)
    after = stage.ticket(asked.id)
    assert (len(stage.cloud.sent) == 1) == (named == "evil")
    assert ("which the settings do not name" in after.text) == (named != "evil")
