"""Clicks that were made by somebody else, somewhere else or at another time than they seem."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, cast

import pytest
from redis import Redis

from bot.fix_clicks import FixClicks, Kept
from bot.slack_side import SlackSide
from bot.store.asks import Asks
from bot.store.clicks import Clicks, FixButton, FixButtons
from bot.store.plans import Offers
from diagnostics.report import Report
from handlers.fixes import FixClick, Kind
from handlers.people import People as SlackPeople
from handlers.permission import Channel, Rules
from handlers.scope import ScopeRule, Scopes
from handlers.slack_calls import SlackCalls
from handlers.thread import Thread
from remediations.approval import Ticket
from remediations.permission import People
from tests import reports
from tests.bot.fixes.acting import POLICY, START, Stage, person
from tests.bot.fixes.acting import TARGET as SUBJECT
from tests.bot.workspace import Workspace
from tests.remediations.cloud import REACH, plan

OFFER = "two-settings"
HERE = "C-1"
USERS: Mapping[str, Mapping[str, Any]] = {
    "U-ann": {"team_id": "T1"},
    "U-bob": {"team_id": "T1"},
    "U-gil": {"team_id": "T1", "is_restricted": True},
    "U-far": {"team_id": "T9", "is_stranger": True},
    "USLACKBOT": {"team_id": "T1", "is_bot": False},
}


def workspace(**more: Any) -> Workspace:
    return Workspace({user: dict(flags) for user, flags in USERS.items()}, {HERE: {}, "C-2": {}}, **more)


@dataclass
class Desk:
    """Where clicks are worked on, with a button below the answer about `SUBJECT`."""

    stage: Stage
    redis: Redis
    slack: Workspace = field(default_factory=workspace)
    rules: Rules = field(default_factory=lambda: Rules(teams=frozenset({"T1"})))
    read_at: datetime = START
    mended: list[Ticket] = field(default_factory=list)

    def click(self, kind: Kind, about: str = "", user: str = "U-bob", **more: Any) -> None:
        """The click is taken in and worked on."""
        given: dict[str, Any] = {"channel": HERE, "view_id": "V1", "at": self.stage.now, **more}
        click = FixClick(id="k", correlation_id="c", kind=kind, about=about or "f-1", user=user, team="T1", **given)
        clicks = Clicks(self.redis)
        clicks.put(click)
        self._worker(clicks).work(click.id)

    def asked(self, user: str = "U-ann") -> Ticket:
        wanted = self.stage.wanted()
        ticket = self.stage.desk.request(wanted, person(user), channel=HERE, place="1.0")
        assert isinstance(ticket, Ticket)
        return ticket

    def tell(self, ticket_id: str) -> None:
        """The job that has people told."""
        self._worker(Clicks(self.redis)).tell(ticket_id)

    def _worker(self, clicks: Clicks) -> FixClicks:
        found = reports.report(
            target=SUBJECT, made_at=self.read_at, causes=(reports.cause(remediations=(reports.fix(id=OFFER),)),)
        )
        buttons, offers = FixButtons(self.redis), Offers(self.redis, 1)
        buttons.put("f-1", FixButton(report=found.id, offer=OFFER))
        offers.save(found.id, {OFFER: plan()}, REACH)
        kept = Kept(clicks, buttons, offers, cast("Any", _Reports(found)), Asks(self.redis))
        calls, thread = cast("SlackCalls", self.slack), cast("Thread", self.slack)
        slack = SlackSide(thread, calls, SlackPeople(calls, self.slack), self.rules)
        return FixClicks(
            kept, slack, self.stage.desk, self.stage.policy, None, self.mended.append, lambda: self.stage.now
        )


@dataclass
class _Reports:
    only: Report

    def load(self, report_id: str) -> Report | None:
        return self.only if report_id == self.only.id else None


@pytest.fixture
def desk(stage: Stage, redis: Redis) -> Desk:
    return Desk(stage, redis)


def test_an_approval_does_something(desk: Desk) -> None:
    """So that the others fail for their own reason."""
    ticket = desk.asked()
    desk.click("approve", ticket.id, channel="")
    assert desk.stage.ticket(ticket.id).state == "approved"
    assert "approved" in desk.slack.told[-1]


@pytest.mark.parametrize("waited_s", [61, 3600, 80_000])
def test_a_click_that_waited_in_the_queue_changes_nothing(desk: Desk, waited_s: int) -> None:
    """The worker was down, somebody did it by hand, and hours later the worker comes back."""
    pressed_at = desk.stage.now
    done = desk.stage.ran()
    desk.stage.wait(waited_s)
    sent = list(desk.stage.cloud.sent)
    desk.click("undo", done.id, at=pressed_at)
    assert "waited" in desk.slack.whispers[-1]
    assert (desk.stage.ticket(done.id), desk.stage.cloud.sent) == (done, sent)
    assert desk.stage.events().count("approved") == 1
    ticket = desk.asked()
    desk.click("approve", ticket.id, at=pressed_at)
    assert desk.stage.ticket(ticket.id).state != "approved"


def test_who_is_no_approver_any_more_is_none_although_it_was_known_a_minute_ago(desk: Desk) -> None:
    desk.slack.groups["S-oncall"] = ["U-far", "U-eve"]
    desk.slack.users["U-eve"] = {"team_id": "T1"}
    first = desk.asked()
    desk.slack.memory["group", "S-oncall"] = json.dumps(["U-eve"])
    desk.slack.groups["S-oncall"] = []
    desk.click("approve", first.id, user="U-eve")
    assert desk.stage.ticket(first.id).state == "pending"
    assert "may not approve" in desk.slack.whispers[-1]


def test_groups_that_slack_does_not_tell_let_nobody_approve(desk: Desk) -> None:
    """And whoever pressed is told so."""
    desk.slack.users["U-eve"] = {"team_id": "T1"}
    ticket = desk.asked()
    desk.click("approve", ticket.id, user="U-eve")
    assert desk.stage.ticket(ticket.id).state == "pending"
    assert "may not approve" in desk.slack.whispers[-1]


def test_who_was_deactivated_a_minute_ago_does_nothing(desk: Desk) -> None:
    ticket = desk.asked()
    desk.click("review", ticket.id)
    desk.slack.users["U-bob"]["deleted"] = True
    desk.click("approve", ticket.id)
    assert desk.stage.ticket(ticket.id).state == "pending"
    assert "deactivated" in desk.slack.whispers[-1]


@pytest.mark.parametrize("kind", ["approve", "undo", "open"])
def test_a_channel_that_became_shared_a_minute_ago_is_no_place_for_fixes(desk: Desk, kind: Kind) -> None:
    done = desk.stage.ran() if kind == "undo" else desk.asked()
    desk.slack.memory["channel", HERE] = Channel(id=HERE).model_dump_json()
    desk.slack.channels[HERE]["is_ext_shared"] = True
    before, count = desk.stage.ticket(done.id), len(desk.stage.events())
    desk.click(kind, "f-1" if kind == "open" else done.id)
    assert desk.stage.ticket(done.id) == before
    assert "Another organisation" in (desk.slack.views if kind == "open" else desk.slack.whispers)[-1]
    assert "approved" not in desk.stage.events()[count:]


def test_a_channel_that_cannot_be_looked_at_is_none_either(desk: Desk) -> None:
    ticket = desk.asked()
    del desk.slack.channels[HERE]
    desk.click("approve", ticket.id, channel="")
    assert desk.stage.ticket(ticket.id).state == "pending"
    assert "could not be told who reads this channel" in desk.slack.whispers[-1]


def scoped(channel: str = HERE, **rule: Any) -> Rules:
    return Rules(teams=frozenset({"T1"}), scopes=Scopes(rules={channel: ScopeRule(**rule)}))


@pytest.mark.parametrize(
    "rule", [{"services": frozenset({"payments"})}, {"accounts": frozenset({"999988887777"})}], ids=str
)
@pytest.mark.parametrize("kind", ["open", "review", "approve", "undo"])
def test_what_a_channel_may_not_ask_about_it_may_not_repair(desk: Desk, kind: Kind, rule: dict[str, Any]) -> None:
    """The scope was set after the answer was given, or the button came from another channel."""
    ticket = desk.stage.ran() if kind == "undo" else desk.asked()
    count = len(desk.stage.events())
    desk.rules = scoped(**rule)
    desk.click(kind, "f-1" if kind == "open" else ticket.id)
    said = (desk.slack.whispers or desk.slack.views)[-1]
    assert "may ask about" in said
    assert "/healthz" not in said
    assert desk.stage.events()[count:] == []
    assert desk.stage.ticket(ticket.id) == ticket


def test_a_scope_that_allows_it_is_no_hindrance(desk: Desk) -> None:
    desk.rules = scoped(services=frozenset({"checkout"}))
    ticket = desk.asked()
    desk.click("approve", ticket.id)
    assert desk.stage.ticket(ticket.id).state == "approved"


def test_the_scope_of_the_place_where_it_was_asked_for_counts_too(desk: Desk) -> None:
    ticket = desk.asked()
    desk.rules = scoped(services=frozenset({"payments"}))
    desk.click("approve", ticket.id, channel="C-2")
    assert desk.stage.ticket(ticket.id).state == "pending"


NO_MEMBERS = {"U-gil": "Guests", "U-far": "another organisation", "USLACKBOT": "not bots", "U-nobody": "who you are"}


@pytest.mark.parametrize("user", NO_MEMBERS)
@pytest.mark.parametrize("mode", ["approve", "suggest"])
def test_who_is_no_member_sees_no_commands_either(desk: Desk, user: str, mode: str) -> None:
    desk.stage.policy = replace(POLICY, mode=cast("Any", mode))
    desk.click("open", user=user)
    said = desk.slack.views[-1]
    assert NO_MEMBERS[user] in said
    assert "aws " not in said
    assert "arn:" not in said
    assert "submit" not in json.loads(said)


@pytest.mark.parametrize("user", NO_MEMBERS)
@pytest.mark.parametrize("kind", ["open", "review", "approve", "refuse", "undo"])
def test_who_is_no_member_changes_nothing_although_they_are_listed(desk: Desk, kind: Kind, user: str) -> None:
    ticket = desk.stage.ran() if kind == "undo" else desk.asked()
    desk.stage.policy = replace(POLICY, rules=replace(POLICY.rules, approvers=People(users=frozenset(NO_MEMBERS))))
    sent = list(desk.stage.cloud.sent)
    desk.click(kind, "f-1" if kind == "open" else ticket.id, user=user)
    assert NO_MEMBERS[user] in (desk.slack.whispers or desk.slack.views)[-1]
    assert "submit" not in json.loads((desk.slack.views or ["{}"])[-1])
    assert (desk.stage.ticket(ticket.id), desk.stage.cloud.sent) == (ticket, sent)


def test_who_may_not_ask_is_shown_nothing(desk: Desk) -> None:
    desk.rules = Rules(teams=frozenset({"T1"}), ask_users=frozenset({"U-ann"}))
    desk.slack.users["U-eve"] = {"team_id": "T1"}
    ticket = desk.asked()
    for kind, about in (("open", "f-1"), ("review", ticket.id)):
        desk.click(cast("Kind", kind), about, user="U-eve")
        assert "slack.ask" in desk.slack.views[-1]


def test_who_may_approve_need_not_be_among_those_who_may_ask(desk: Desk) -> None:
    desk.rules = Rules(teams=frozenset({"T1"}), ask_users=frozenset({"U-ann"}))
    ticket = desk.asked()
    desk.click("review", ticket.id)
    assert "slack.ask" not in desk.slack.views[-1]
    desk.click("approve", ticket.id)
    assert desk.stage.ticket(ticket.id).state == "approved"


def test_the_moment_of_a_click_is_the_bot_s_own(desk: Desk) -> None:
    """One from the future is as good as one of now; it gains nothing."""
    ticket = desk.asked()
    desk.click("approve", ticket.id, at=START + timedelta(days=1))
    assert desk.stage.ticket(ticket.id).state == "approved"


@pytest.mark.parametrize("user", ["U-far-off", "U-here"])
@pytest.mark.parametrize("kind", ["open", "approve", "undo"])
def test_another_workspace_of_the_enterprise_does_nothing_unless_it_is_listed(
    desk: Desk, kind: Kind, user: str
) -> None:
    """Although they are listed as an approver, and Slack names the workspace that was asked."""
    is_ours = user == "U-here"
    teams = ["T1", "T2"] if is_ours else ["T2"]
    enterprise = {"enterprise_id": "E1", "teams": teams}
    desk.slack.users[user] = {"team_id": "T1", "enterprise_user": enterprise}
    people = replace(POLICY.rules.approvers, users=POLICY.rules.approvers.users | {user})
    desk.stage.policy = replace(POLICY, rules=replace(POLICY.rules, approvers=people))
    ticket = desk.stage.ran() if kind == "undo" else desk.asked()
    desk.click(kind, "f-1" if kind == "open" else ticket.id, user=user)
    if is_ours:
        assert "another organisation or workspace" not in "".join((*desk.slack.whispers, *desk.slack.views))
    else:
        assert "another organisation or workspace" in (desk.slack.whispers or desk.slack.views)[-1]
        assert desk.stage.ticket(ticket.id) == ticket


def test_an_old_answer_is_read_again_before_anything_is_asked_for(desk: Desk) -> None:
    desk.read_at = START - timedelta(hours=3, minutes=2)
    desk.click("open")
    assert "This answer was read 3 h 2 min ago: press Refresh below it" in desk.slack.views[-1]
    assert "submit" not in json.loads(desk.slack.views[-1])
    assert desk.stage.events() == []


@pytest.mark.parametrize("minutes", [0, 14])
def test_how_old_is_what_is_approved(desk: Desk, minutes: int) -> None:
    desk.read_at = START - timedelta(minutes=minutes)
    desk.click("open")
    view = desk.slack.views[-1]
    assert f"This answer was read {minutes} {'min' if minutes else 's'} ago" in view
    assert "submit" in json.loads(view)


def test_commands_say_how_old_they_are_and_are_shown_all_the_same(desk: Desk) -> None:
    desk.stage.policy = replace(POLICY, mode="suggest")
    desk.read_at = START - timedelta(days=2)
    desk.click("open")
    said = desk.slack.views[-1]
    assert "This answer was read 48 h ago" in said
    assert "aws " in said
    assert "is suggest, so the commands are shown" in said
    assert "submit" not in json.loads(said)


def test_a_plan_that_grew_old_while_it_waited_is_looked_at_before_it_can_be_approved(desk: Desk) -> None:
    """This process cannot look at AWS."""
    desk.stage.policy = replace(POLICY, approval_ttl_s=86_400)
    desk.click("open", user="U-ann")
    (ticket,) = map(desk.stage.ticket, desk.stage.tickets.unfinished())
    desk.stage.wait(3600)
    desk.click("review", ticket.id)
    assert "read 1 h ago" in desk.slack.views[-1]
    assert "submit" not in json.loads(desk.slack.views[-1])


def test_a_channel_that_is_none_of_those_for_fixes_shows_the_commands_only(desk: Desk) -> None:
    """The same answer stands in two channels."""
    desk.stage.policy = replace(POLICY, rules=replace(POLICY.rules, channels=frozenset({HERE})))
    desk.click("open", channel="C-2")
    assert "lists others" in desk.slack.views[-1]
    assert "submit" not in json.loads(desk.slack.views[-1])
    assert desk.stage.tickets.unfinished() == ()
    desk.click("open")
    assert "submit" in json.loads(desk.slack.views[-1])


@pytest.mark.parametrize("kind", ["open", "review", "ask", "approve", "refuse", "undo"])
def test_the_id_of_nothing_does_nothing_and_says_so(desk: Desk, kind: Kind) -> None:
    """Forged, or of a store that was emptied."""
    desk.click(kind, "p-" + "0" * 32)
    assert "This button has expired" in (desk.slack.whispers or desk.slack.views)[-1]
    assert desk.stage.events() == []


@pytest.mark.parametrize("kind", ["ask", "approve", "refuse"])
def test_a_bot_that_presses_is_told_that_only_people_do(desk: Desk, kind: Kind) -> None:
    desk.slack.users["U-bob"]["is_bot"] = True
    ticket = desk.asked()
    desk.click(kind, ticket.id)
    assert "Only people can do this, not bots" in desk.slack.whispers[-1]
    assert desk.stage.ticket(ticket.id) == ticket
    assert desk.stage.events() == ["shown", "denied"]
