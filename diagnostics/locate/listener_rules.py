"""Which rule of a load balancer answers a URL, and with what. Pure.

A listener tries its rules by priority and the default rule last; a rule fits when each of its conditions does, a
condition fits when one of its values does. Host names compare without case, paths with case and without the query
string. Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-condition-types.html
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal
from urllib.parse import parse_qsl, urlsplit

from diagnostics.facts.load_balancing import ForwardTarget, Listener, Rule, RuleAction, RuleCondition
from diagnostics.locate.wanted import WebAddress
from diagnostics.locate.web_address import SCHEMES, to_ascii
from diagnostics.rules.patterns import Verdict, regex_match, wildcard_match

MAX_REDIRECTS: Final = 5
DEFAULT_PORTS: Final = {"http": 80, "https": 443}

_NOT_IN_A_URL: Final = {
    "http-header": "the request header {name}",
    "http-request-method": "the request method",
    "source-ip": "the caller's IP address",
}


@dataclass(frozen=True, slots=True)
class DependsOn:
    """A rule that comes first if something holds that the URL does not tell."""

    rule: Rule
    what: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a load balancer does with a URL.

    `address` is the URL after the redirects that stayed on this load balancer; `location` is where a redirect leads
    away to, None when the rule forwards or answers by itself.
    """

    address: WebAddress
    listener: Listener
    rule: Rule
    action: Literal["forward", "redirect", "fixed-response", "other"]
    forwards: tuple[ForwardTarget, ...] = ()
    location: str | None = None
    redirects: int = 0
    depends_on: tuple[DependsOn, ...] = ()


@dataclass(frozen=True, slots=True)
class NoListener:
    """Nobody listens on the URL's port."""

    port: int
    open_ports: tuple[int, ...]


def answer(listeners: Sequence[Listener], address: WebAddress) -> Answer | NoListener:
    """Walk the rules for a URL, through redirects to the same host and another port, scheme or path."""
    result = _answer_once(listeners, address)
    for hops in range(1, MAX_REDIRECTS + 1):
        if isinstance(result, NoListener) or result.location is None:
            return result
        target = _read_location(result.location)
        if target is None or target.host != address.host:
            return result
        following = _answer_once(listeners, target)
        if isinstance(following, NoListener):
            return result
        result = replace(following, redirects=hops, depends_on=result.depends_on + following.depends_on)
    return result


def choose_listener(listeners: Iterable[Listener], address: WebAddress) -> Listener | NoListener:
    """By port, else by the scheme's own port. Without a scheme HTTPS's port is preferred, as browsers do."""
    by_port = {listener.port: listener for listener in sorted(listeners, key=lambda item: item.port, reverse=True)}
    if address.port is not None or address.scheme is not None:
        port = address.port or DEFAULT_PORTS[address.scheme or "http"]
        return by_port.get(port) or NoListener(port, tuple(sorted(by_port)))
    lowest_first = (DEFAULT_PORTS["https"], DEFAULT_PORTS["http"], *sorted(by_port))
    return next((by_port[port] for port in lowest_first if port in by_port), NoListener(DEFAULT_PORTS["https"], ()))


def fits(rule: Rule, address: WebAddress) -> Verdict:
    """Whether the rule takes this URL; `unclear` when that depends on more than the URL."""
    return _all(_condition(condition, address) for condition in rule.conditions)


def _answer_once(listeners: Sequence[Listener], address: WebAddress) -> Answer | NoListener:
    listener = choose_listener(listeners, address)
    if isinstance(listener, NoListener):
        return listener
    depends: list[DependsOn] = []
    for rule in sorted(listener.rules, key=lambda rule: rule.rank):
        verdict = fits(rule, address)
        if verdict == "yes":
            return _of_rule(address, listener, rule, tuple(depends))
        if verdict == "unclear":
            depends.append(DependsOn(rule, _unclear_parts(rule, address)))
    return Answer(address, listener, Rule(arn=listener.arn, priority=None), "other", depends_on=tuple(depends))


def _of_rule(address: WebAddress, listener: Listener, rule: Rule, depends: tuple[DependsOn, ...]) -> Answer:
    """The last action decides; authentication may come before it."""
    last = max(rule.actions, key=lambda action: action.order, default=None)
    if last is None:
        return Answer(address, listener, rule, "other", depends_on=depends)
    if last.type == "forward":
        by_weight = tuple(sorted(last.forward, key=lambda target: -target.weight))
        return Answer(address, listener, rule, "forward", forwards=by_weight, depends_on=depends)
    if last.type == "redirect":
        return Answer(
            address, listener, rule, "redirect", location=_location(last, listener, address), depends_on=depends
        )
    kind: Literal["fixed-response", "other"] = "fixed-response" if last.type == "fixed-response" else "other"
    return Answer(address, listener, rule, kind, depends_on=depends)


def _location(action: RuleAction, listener: Listener, address: WebAddress) -> str:
    """Fill in a redirect's placeholders, as the load balancer does.

    Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-action-types.html
    """
    template = action.location or "#{protocol}://#{host}:#{port}/#{path}?#{query}"
    values = {
        "#{protocol}": listener.protocol.lower(),
        "#{host}": address.host,
        "#{port}": str(listener.port),
        "#{path}": address.path.removeprefix("/"),
        "#{query}": address.query or "",
    }
    for placeholder, value in values.items():
        template = template.replace(placeholder, value)
    return template.removesuffix("?")


def _read_location(location: str) -> WebAddress | None:
    try:
        parts = urlsplit(location)
        scheme, port, host = SCHEMES.get(parts.scheme.lower()), parts.port, to_ascii(parts.hostname or "")
    except ValueError:
        return None
    if scheme is None or host is None:
        return None
    return WebAddress(host, scheme, port, parts.path or "/", parts.query or None)


def _condition(condition: RuleCondition, address: WebAddress) -> Verdict:
    if condition.field == "host-header":
        values = [wildcard_match(value.lower(), address.host) for value in condition.values]
        regexes = [regex_match(value, address.host, ignore_case=True) for value in condition.regex_values]
        return _any([*map(_known, values), *regexes])
    if condition.field == "path-pattern":
        values = [wildcard_match(value, address.path) for value in condition.values]
        regexes = [regex_match(value, address.path, ignore_case=False) for value in condition.regex_values]
        return _any([*map(_known, values), *regexes])
    if condition.field == "query-string":
        return _query(condition.values, address.query)
    return "unclear"


def _query(patterns: Iterable[str], query: str | None) -> Verdict:
    """Each pattern is ``key=value`` or a value alone, compared without case. No query typed says nothing about it."""
    if query is None:
        return "unclear"
    given = [(key.lower(), value.lower()) for key, value in parse_qsl(query, keep_blank_values=True)]

    def found(pattern: str) -> bool:
        key, separator, value = pattern.lower().partition("=")
        if not separator:
            return any(wildcard_match(key, actual, escapes=True) for _, actual in given)
        return any(
            wildcard_match(key, name, escapes=True) and wildcard_match(value, actual, escapes=True)
            for name, actual in given
        )

    return _known(any(found(pattern) for pattern in patterns))


def _unclear_parts(rule: Rule, address: WebAddress) -> tuple[str, ...]:
    return tuple(_what(condition) for condition in rule.conditions if _condition(condition, address) == "unclear")


def _what(condition: RuleCondition) -> str:
    if condition.field == "query-string":
        return "the query string"
    if condition.field in ("host-header", "path-pattern"):
        return f"a regular expression for the {'host' if condition.field == 'host-header' else 'path'}"
    known = _NOT_IN_A_URL.get(condition.field, f"the condition {condition.field}")
    return known.format(name=condition.header_name or "")


def _known(fitting: bool) -> Verdict:
    return "yes" if fitting else "no"


def _any(verdicts: list[Verdict]) -> Verdict:
    return "yes" if "yes" in verdicts else "unclear" if "unclear" in verdicts else "no"


def _all(verdicts: Iterable[Verdict]) -> Verdict:
    seen = set(verdicts)
    return "no" if "no" in seen else "unclear" if "unclear" in seen else "yes"
