"""Who may ask, where, about what."""

from __future__ import annotations

import pytest

from diagnostics.question import Ambiguous, Candidate, Question, Refused
from handlers.permission import (
    Channel,
    Person,
    Rules,
    ScopeRule,
    must_be_private,
    refusal_of_person,
    refusal_of_question,
    within_scope,
)

RULES = Rules(teams=frozenset({"T1"}), enterprise="E1")
NOBODY: frozenset[str] = frozenset()


def test_a_full_member_may_ask() -> None:
    assert refusal_of_person(Person(id="U1", team="T1"), NOBODY, RULES) is None


def test_a_member_of_another_workspace_of_our_enterprise_may_ask() -> None:
    assert refusal_of_person(Person(id="U1", team="T2", enterprise="E1"), NOBODY, RULES) is None


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


def test_an_answer_in_a_shared_channel_is_private_unless_allowed() -> None:
    shared = Channel(id="C1", shared=True)
    assert must_be_private(shared, RULES)
    assert not must_be_private(Channel(id="C1"), RULES)
    assert not must_be_private(shared, Rules(teams=NOBODY, shared_channels_allowed=True))


SCOPED = Rules(
    teams=NOBODY,
    scopes={"C1": ScopeRule(accounts=frozenset({"prod"})), "C2": ScopeRule(services=frozenset({"shop"}))},
    account_ids={"prod": "111122223333", "test": "444455556666"},
)


def test_a_channels_scope_limits_accounts_by_name_and_number() -> None:
    assert refusal_of_question(Question(words="x", account="prod"), "C1", SCOPED) is None
    assert refusal_of_question(Question(words="x", account="111122223333"), "C1", SCOPED) is None
    assert refusal_of_question(Question(words="x"), "C1", SCOPED) is None
    assert "`prod`" in (refusal_of_question(Question(words="x", account="test"), "C1", SCOPED) or "")


def test_a_channels_scope_limits_services() -> None:
    assert refusal_of_question(Question(words="shop"), "C2", SCOPED) is None
    assert refusal_of_question(Question(words="other"), "C2", SCOPED) is not None
    assert refusal_of_question(Question(words="other"), "C3", SCOPED) is None


def test_candidates_of_accounts_outside_the_scope_are_not_named() -> None:
    def candidate(account: str) -> Candidate:
        return Candidate(kind="ecs-service", name="x", account=account, region="us-east-1", words="a/x")

    answer = Ambiguous(words="x", candidates=(candidate("111122223333"), candidate("444455556666")), more=3)
    seen = within_scope(answer, "C1", SCOPED)
    assert isinstance(seen, Ambiguous)
    assert [one.account for one in seen.candidates] == ["111122223333"]
    assert seen.more == 0
    assert within_scope(answer, "C3", SCOPED) == answer
    assert within_scope(Refused(message="m"), "C1", SCOPED) == Refused(message="m")
