"""Two rules meet unless their hosts or paths exclude each other."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.facts import Rule, RuleCondition
from diagnostics.rules.listener_overlap import before, may_meet, patterns_meet, takes_all_of
from diagnostics.rules.patterns import wildcard_match

PATTERNS = st.text(alphabet="ab/*?", max_size=8)
TEXTS = st.text(alphabet="ab/", max_size=8)


def rule(priority: int | None = 1, **conditions: str) -> Rule:
    fields = {"host": "host-header", "path": "path-pattern", "method": "http-request-method"}
    return Rule(
        arn=f"rule/{priority}",
        priority=priority,
        conditions=tuple(
            RuleCondition(field=fields[name], values=tuple(text.split())) for name, text in conditions.items()
        ),
    )


@given(PATTERNS, PATTERNS, TEXTS)
def test_patterns_that_share_a_text_meet(one: str, other: str, text: str) -> None:
    if wildcard_match(one, text) and wildcard_match(other, text):
        assert patterns_meet(one, other)


@given(PATTERNS, PATTERNS)
def test_meeting_does_not_depend_on_the_order(one: str, other: str) -> None:
    assert patterns_meet(one, other) == patterns_meet(other, one)


@given(PATTERNS, TEXTS)
def test_a_plain_text_meets_what_it_fits(pattern: str, text: str) -> None:
    assert patterns_meet(pattern, text) == wildcard_match(pattern, text)


@given(PATTERNS, PATTERNS, TEXTS)
def test_a_rule_that_takes_all_takes_each(wide: str, narrow: str, text: str) -> None:
    if takes_all_of(rule(path=wide or "*"), rule(path=narrow or "*")) and wildcard_match(narrow or "*", text):
        assert wildcard_match(wide or "*", text)


def test_the_longest_patterns_are_decided_quickly() -> None:
    assert not patterns_meet("*a" * 64, "*b" * 63 + "*c")


@pytest.mark.parametrize(
    ("first", "second", "meet", "takes_all"),
    [
        (rule(path="/checkout*"), rule(path="/checkout/*"), True, True),
        (rule(path="/checkout/export*"), rule(path="/checkout/*"), True, False),
        (rule(path="/admin/*"), rule(path="/checkout/*"), False, False),
        (rule(host="old.example.com"), rule(host="shop.example.com", path="/*"), False, False),
        (rule(host="SHOP.example.com"), rule(host="shop.example.com", path="/a"), True, True),
        (rule(host="shop.example.com"), rule(path="/a"), True, False),
        (rule(), rule(path="/a"), True, True),
        (rule(method="POST"), rule(path="/a"), True, False),
        (rule(path="/a /b"), rule(path="/b /c"), True, False),
    ],
)
def test_pairs_of_rules(first: Rule, second: Rule, meet: bool, takes_all: bool) -> None:
    assert may_meet(first, second) is meet
    assert takes_all_of(first, second) is takes_all


def test_a_regular_expression_excludes_nothing() -> None:
    regex = Rule(arn="r", priority=1, conditions=(RuleCondition(field="path-pattern", regex_values=("^/x$",)),))

    assert may_meet(regex, rule(path="/checkout/*"))
    assert not takes_all_of(regex, rule(path="/checkout/*"))


def test_rules_are_tried_by_priority_and_the_default_last() -> None:
    rules = (rule(None), rule(20), rule(10))

    assert [one.priority for one in before(rules, rules[0])] == [20, 10]
    assert [one.priority for one in before(rules, rules[1])] == [10]
