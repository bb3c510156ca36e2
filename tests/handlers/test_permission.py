"""Who may ask, and who may see the answer."""

from __future__ import annotations

from typing import Any

import pytest

from handlers.admission import refusal
from handlers.ask import Origin
from handlers.people import People
from handlers.permission import Channel, Person, Rules, kind_of, must_be_private, refusal_of_person
from handlers.slack_calls import SlackRefusedError

RULES = Rules(teams=frozenset({"T1"}), enterprise="E1")
NOBODY: frozenset[str] = frozenset()


def test_a_full_member_may_ask() -> None:
    assert refusal_of_person(Person(id="U1", team="T1"), NOBODY, RULES) is None


def test_a_member_of_another_workspace_of_our_enterprise_may_ask() -> None:
    assert refusal_of_person(Person(id="U1", team="T2", enterprise="E1"), NOBODY, RULES) is None


LISTED = Rules(teams=frozenset({"T1"}))
"""What `slack.teams: [T1]` makes."""


@pytest.mark.parametrize(
    ("person", "may"),
    [
        (Person(id="U1", team="T1", enterprise="E1", teams=frozenset({"T1", "T2"})), True),
        (Person(id="U1", team="T2", enterprise="E1", teams=frozenset({"T1", "T2"})), True),
        (Person(id="U1", team="T2", enterprise="E1", teams=frozenset({"T2"})), False),
        (Person(id="U1", team="T1", enterprise="E1", teams=frozenset({"T2"})), False),
        (Person(id="U1", team="E1", enterprise="E1", teams=frozenset({"T2", "T3"})), False),
        (Person(id="U1", team="T2", enterprise="E1"), False),
    ],
)
def test_a_workspace_of_our_enterprise_that_is_not_listed_is_another(person: Person, *, may: bool) -> None:
    """Slack may name the workspace that was asked where a person of another one is meant."""
    assert (refusal_of_person(person, NOBODY, LISTED) is None) is may
    assert (kind_of(person, LISTED) == "member") is may


def test_a_whole_enterprise_may_be_listed() -> None:
    person = Person(id="U1", team="T2", enterprise="E1", teams=frozenset({"T2"}))
    assert kind_of(person, Rules(teams=frozenset({"E1"}))) == "member"
    assert kind_of(person, Rules(teams=frozenset({"E2"}))) == "foreign"


def test_what_slack_says_of_workspaces_is_read() -> None:
    class Slack:
        def read(self, *_: Any, **__: Any) -> dict[str, Any]:
            enterprise = {"enterprise_id": "E1", "teams": ["T2"]}
            return {"user": {"id": "U1", "team_id": "T1", "enterprise_user": enterprise}}

        def get(self, *_: str) -> None:
            return None

        def put(self, *_: str) -> None:
            return None

    slack: Any = Slack()
    person = People(slack, slack).person("U1")
    assert (person.team, person.teams) == ("T1", frozenset({"T2"}))
    assert kind_of(person, LISTED) == "foreign"


@pytest.mark.parametrize(
    ("person", "says"),
    [
        (Person(id="U1", team="T1", restricted=True), "Guests"),
        (Person(id="U1", team="T2"), "another organisation"),
        (Person(id="U1", team="T1", stranger=True), "another organisation"),
        (Person(id="U1"), "another organisation"),
        (Person(id="U1", team="T1", bot=True), "Only people"),
        (Person(id="U1", team="T1", deleted=True), "Only people"),
    ],
)
def test_guests_strangers_and_bots_are_refused_in_one_line(person: Person, says: str) -> None:
    refusal = refusal_of_person(person, NOBODY, RULES)
    assert refusal is not None
    assert says in refusal
    assert "\n" not in refusal


def test_a_team_without_enterprise_does_not_let_in_people_without_one() -> None:
    assert refusal_of_person(Person(id="U1", team="T2"), NOBODY, Rules(teams=frozenset({"T1"}))) is not None


def test_only_the_listed_people_and_groups_may_ask() -> None:
    rules = Rules(teams=frozenset({"T1"}), ask_users=frozenset({"U1"}), ask_groups=frozenset({"S1"}))
    assert refusal_of_person(Person(id="U1", team="T1"), NOBODY, rules) is None
    assert refusal_of_person(Person(id="U2", team="T1"), frozenset({"S1"}), rules) is None
    assert "slack.ask" in (refusal_of_person(Person(id="U2", team="T1"), NOBODY, rules) or "")


def test_a_group_that_slack_does_not_tell_about_has_no_members_and_hinders_nobody() -> None:
    """It was deleted, or the scope is missing: who is listed by name, or is in another group, asks as before."""

    class Slack:
        def read(self, method: str, **params: Any) -> dict[str, Any]:
            if method == "users.info":
                return {"user": {"id": params["user"], "team_id": "T1"}}
            if params["usergroup"] != "S2":
                raise SlackRefusedError(method, "no_such_subteam")
            return {"users": ["U2"]}

        def get(self, *_: str) -> None:
            return None

        def put(self, *_: str) -> None:
            return None

    slack: Any = Slack()
    people = People(slack, slack)
    rules = Rules(teams=frozenset({"T1"}), ask_users=frozenset({"U1"}), ask_groups=frozenset({"S1", "S2"}))
    refusals = {
        user: refusal(people, rules, None, Origin(team="T1", channel="C1", user=user)) for user in ("U1", "U2", "U3")
    }
    assert (refusals["U1"], refusals["U2"]) == (None, None)
    assert "slack.ask" in (refusals["U3"] or "")


def test_an_answer_in_a_shared_channel_is_private_unless_allowed() -> None:
    shared = Channel(id="C1", shared=True)
    assert must_be_private(shared, RULES)
    assert not must_be_private(Channel(id="C1"), RULES)
    assert not must_be_private(shared, Rules(teams=NOBODY, shared_channels_allowed=True))
