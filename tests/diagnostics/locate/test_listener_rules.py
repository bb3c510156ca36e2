"""Which rule answers a URL."""

from __future__ import annotations

import pytest

from diagnostics.facts.load_balancing import ForwardTarget, Listener, Rule, RuleAction, RuleCondition
from diagnostics.locate.listener_rules import Answer, NoListener, answer
from diagnostics.locate.parse import parse
from diagnostics.locate.wanted import WebAddress

LOAD_BALANCER = "arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/app/public/50dc"


def forward(*groups: str, weight: int = 1) -> tuple[RuleAction, ...]:
    return (
        RuleAction(type="forward", forward=tuple(ForwardTarget(target_group_arn=g, weight=weight) for g in groups)),
    )


def host(*values: str) -> RuleCondition:
    return RuleCondition(field="host-header", values=values)


def path(*values: str) -> RuleCondition:
    return RuleCondition(field="path-pattern", values=values)


def rule(priority: int | None, actions: tuple[RuleAction, ...], *conditions: RuleCondition) -> Rule:
    return Rule(arn=f"rule-{priority}", priority=priority, conditions=conditions, actions=actions)


def listener(port: int, *rules: Rule) -> Listener:
    return Listener(
        arn=f"listener-{port}",
        load_balancer_arn=LOAD_BALANCER,
        port=port,
        protocol="HTTPS" if port == 443 else "HTTP",
        rules=rules,
    )


def ask(url: str, *listeners: Listener) -> Answer | NoListener:
    address = parse(url)
    assert isinstance(address, WebAddress)
    return answer(listeners, address)


def groups_for(url: str, *listeners: Listener) -> tuple[str, ...]:
    result = ask(url, *listeners)
    assert isinstance(result, Answer)
    return tuple(target.target_group_arn for target in result.forwards)


SHOP = listener(
    443,
    rule(None, forward("web")),
    rule(20, forward("shop"), host("shop.example.com")),
    rule(10, forward("cart"), host("shop.example.com"), path("/cart", "/cart/*")),
    rule(5, forward("wild"), host("*.dev.example.com")),
)


@pytest.mark.parametrize(
    ("url", "group"),
    [
        ("https://shop.example.com/cart", "cart"),
        ("https://SHOP.example.com/cart/7", "cart"),
        ("https://shop.example.com/Cart", "shop"),
        ("https://shop.example.com/cart?x=/cart/", "cart"),
        ("https://shop.example.com/search?q=/cart/*", "shop"),
        ("https://a.dev.example.com/", "wild"),
        ("https://dev.example.com/", "web"),
        ("https://other.example.com/cart", "web"),
    ],
)
def test_lower_priority_numbers_come_first_and_the_default_last(url: str, group: str) -> None:
    assert groups_for(url, SHOP) == (group,)


def test_without_a_scheme_https_is_tried_first() -> None:
    assert groups_for("shop.example.com/cart", listener(80, rule(None, forward("plain"))), SHOP) == ("cart",)


def test_a_port_that_nobody_listens_on_names_the_ones_that_are_open() -> None:
    assert ask("http://shop.example.com:8080/", SHOP) == NoListener(8080, (443,))


def test_a_redirect_to_https_is_followed_on_the_same_load_balancer() -> None:
    to_https = RuleAction(type="redirect", status_code=301, location="https://#{host}:443/#{path}?#{query}")
    result = ask("http://shop.example.com/cart?a=1", listener(80, rule(None, (to_https,))), SHOP)

    assert isinstance(result, Answer)
    assert [target.target_group_arn for target in result.forwards] == ["cart"]
    assert (result.redirects, result.address.query) == (1, "a=1")


def test_what_may_come_before_a_redirect_is_told_with_what_may_come_after() -> None:
    to_https = RuleAction(type="redirect", status_code=301, location="https://#{host}:443/#{path}")
    by_header = RuleCondition(field="http-header", header_name="X-Beta", values=("1",))
    plain = listener(80, rule(3, forward("beta"), by_header), rule(None, (to_https,)))
    secure = listener(443, rule(7, forward("beta"), by_header), rule(None, forward("web")))
    result = ask("http://shop.example.com/", plain, secure)
    assert isinstance(result, Answer)
    assert [one.rule.priority for one in result.depends_on] == [3, 7]


def test_a_redirect_to_another_host_is_the_answer() -> None:
    away = RuleAction(type="redirect", status_code=302, location="https://www.example.com:443/#{path}")
    result = ask("https://shop.example.com/cart", listener(443, rule(None, (away,))))

    assert isinstance(result, Answer)
    assert (result.action, result.location) == ("redirect", "https://www.example.com:443/cart")


def test_a_redirect_loop_ends() -> None:
    again = RuleAction(type="redirect", status_code=301, location="https://#{host}:443/#{path}")
    result = ask("https://shop.example.com/", listener(443, rule(None, (again,))))

    assert isinstance(result, Answer)
    assert result.action == "redirect"


def test_a_fixed_response_is_the_answer() -> None:
    closed = RuleAction(type="fixed-response", status_code=503)
    result = ask("https://shop.example.com/", listener(443, rule(1, (closed,), host("shop.example.com"))))

    assert isinstance(result, Answer)
    assert (result.action, result.rule.priority) == ("fixed-response", 1)


@pytest.mark.parametrize(
    ("condition", "what"),
    [
        (
            RuleCondition(field="http-header", values=("canary",), header_name="X-Release"),
            "the request header X-Release",
        ),
        (RuleCondition(field="http-request-method", values=("POST",)), "the request method"),
        (RuleCondition(field="source-ip", values=("10.0.0.0/8",)), "the caller's IP address"),
        (RuleCondition(field="query-string", values=("beta=1",)), "the query string"),
    ],
)
def test_what_a_url_does_not_tell_is_said_beside_the_answer(condition: RuleCondition, what: str) -> None:
    canary = rule(1, forward("canary"), host("shop.example.com"), condition)
    result = ask("https://shop.example.com/", listener(443, canary, rule(None, forward("web"))))

    assert isinstance(result, Answer)
    assert [target.target_group_arn for target in result.forwards] == ["web"]
    assert [item.what for item in result.depends_on] == [(what,)]


def test_a_rule_that_cannot_fit_depends_on_nothing() -> None:
    other = rule(1, forward("x"), host("other.example.com"), RuleCondition(field="source-ip", values=("10.0.0.0/8",)))
    result = ask("https://shop.example.com/", listener(443, other, rule(None, forward("web"))))

    assert isinstance(result, Answer)
    assert result.depends_on == ()


@pytest.mark.parametrize(("query", "group"), [("?Version=V1", "old"), ("?version=2", "web"), ("?other=v1", "web")])
def test_a_query_that_was_typed_decides_without_case(query: str, group: str) -> None:
    old = rule(1, forward("old"), RuleCondition(field="query-string", values=("version=v?",)))

    assert groups_for(f"https://shop.example.com/{query}", listener(443, old, rule(None, forward("web")))) == (group,)


def test_weighted_groups_come_heaviest_first() -> None:
    action = RuleAction(
        type="forward",
        forward=(ForwardTarget(target_group_arn="green", weight=10), ForwardTarget(target_group_arn="blue", weight=90)),
    )

    assert groups_for("https://shop.example.com/", listener(443, rule(None, (action,)))) == ("blue", "green")


def test_authentication_before_a_forward_does_not_hide_it() -> None:
    login = RuleAction(type="authenticate-oidc", order=1)
    then = RuleAction(type="forward", order=2, forward=(ForwardTarget(target_group_arn="web"),))

    assert groups_for("https://shop.example.com/", listener(443, rule(None, (then, login)))) == ("web",)
