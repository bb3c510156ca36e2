"""Whether two listener rules can match the same request, and whether one takes everything that the other would.

A rule matches when each of its conditions does; among conditions of different kinds nothing excludes another.
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-condition-types.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache

from diagnostics.facts import Rule, RuleCondition
from diagnostics.rules.patterns import wildcard_match

COMPARED = ("host-header", "path-pattern")
MAX_PATTERN = 128
"""AWS's own limit for a value."""


def may_meet(one: Rule, other: Rule) -> bool:
    """False only when the hosts or the paths of the rules exclude each other."""
    return all(_fields_meet(_values(one, field), _values(other, field)) for field in COMPARED)


def takes_all_of(first: Rule, second: Rule) -> bool:
    """True when every request that fits `second` fits `first` too, as far as wildcards tell."""
    if any(condition.field not in COMPARED or condition.regex_values for condition in first.conditions):
        return False
    return all(
        any(
            condition.values
            and all(any(_contains(wide, narrow) for wide in _cased(first_condition)) for narrow in _cased(condition))
            for condition in second.conditions
            if condition.field == first_condition.field and not condition.regex_values
        )
        for first_condition in first.conditions
    )


def _values(rule: Rule, field: str) -> tuple[tuple[str, ...] | None, ...]:
    """The value lists of each condition on the field; None where only a regular expression could tell."""
    return tuple(
        None if condition.regex_values or not condition.values else _cased(condition)
        for condition in rule.conditions
        if condition.field == field
    )


def _fields_meet(ones: Iterable[tuple[str, ...] | None], others: Iterable[tuple[str, ...] | None]) -> bool:
    pairs = ((one, other) for one in ones for other in tuple(others))
    return all(one is None or other is None or _any_pair_meets(one, other) for one, other in pairs)


def _any_pair_meets(ones: tuple[str, ...], others: tuple[str, ...]) -> bool:
    return any(patterns_meet(one, other) for one in ones for other in others)


def patterns_meet(one: str, other: str) -> bool:
    """Whether some text fits both wildcard patterns: ``*`` is any run of characters, ``?`` any single one."""
    one, other = one[:MAX_PATTERN], other[:MAX_PATTERN]

    @cache
    def meet(at: int, over: int) -> bool:
        if at == len(one) and over == len(other):
            return True
        if at < len(one) and one[at] == "*":
            return meet(at + 1, over) or (over < len(other) and meet(at, over + 1))
        if over < len(other) and other[over] == "*":
            return meet(at, over + 1) or (at < len(one) and meet(at + 1, over))
        if at == len(one) or over == len(other):
            return False
        return (one[at] == other[over] or "?" in (one[at], other[over])) and meet(at + 1, over + 1)

    return meet(0, 0)


def _cased(condition: RuleCondition) -> tuple[str, ...]:
    """Host names compare without case, paths with it."""
    return tuple(value.lower() if condition.field == "host-header" else value for value in condition.values)


def _contains(wide: str, narrow: str) -> bool:
    """A pattern that fits another pattern's own text, wildcards read as letters, takes at least what the other does."""
    return wildcard_match(wide, narrow) and wide.count("?") <= narrow.count("?")


def before(rules: Iterable[Rule], rule: Rule) -> Iterator[Rule]:
    """The rules of the same listener that are tried before this one."""
    for earlier in rules:
        if earlier.arn != rule.arn and earlier.rank < rule.rank:
            yield earlier
