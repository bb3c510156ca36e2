"""Words as people type and paste them, and what they are taken for."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.bounds import MAX_WORDS
from diagnostics.locate.parse import parse
from diagnostics.locate.wanted import (
    AlarmWanted,
    FunctionWanted,
    Home,
    ListenerWanted,
    LoadBalancerWanted,
    Pair,
    PlainName,
    ServiceWanted,
    TargetGroupWanted,
    Unusable,
    WebAddress,
)
from tests.hostile import INJECTIONS

HERE = Home("aws", "us-east-1", "111122223333")
ELB = "arn:aws:elasticloadbalancing:us-east-1:111122223333"


@pytest.mark.parametrize(
    ("words", "meaning"),
    [
        ("checkout", PlainName("checkout")),
        ("  checkout ", PlainName("checkout")),
        ("`checkout`", PlainName("checkout")),
        ('"prod/checkout"', Pair("prod", "checkout")),
        ("prod/checkout", Pair("prod", "checkout")),
        ("public/checkout-tg", Pair("public", "checkout-tg")),
        ("service/prod/checkout", ServiceWanted("checkout", "prod")),
        ("app/public/50dc6c495c0c9188", LoadBalancerWanted("public", "application", "50dc6c495c0c9188")),
        ("LoadBalancer=app/public/50dc", LoadBalancerWanted("public", "application", "50dc")),
        ("net/edge/50dc6c495c0c9188", LoadBalancerWanted("edge", "network", "50dc6c495c0c9188")),
        ("gwy/inspect/50dc6c495c0c9188", LoadBalancerWanted("inspect", "gateway", "50dc6c495c0c9188")),
        ("targetgroup/checkout/73e2d6bc24d8a067", TargetGroupWanted("checkout", "73e2d6bc24d8a067")),
        ("render:live", FunctionWanted("render", "live")),
        ("checkout 5xx > 1 %", AlarmWanted("checkout 5xx > 1 %")),
        ("checkout-v1.2", AlarmWanted("checkout-v1.2")),
        ("a/b/c/d", AlarmWanted("a/b/c/d")),
        ('shop "cart" errors', AlarmWanted('shop "cart" errors')),
    ],
)
def test_short_forms(words: str, meaning: object) -> None:
    assert parse(words) == meaning


@pytest.mark.parametrize(
    ("arn", "meaning"),
    [
        (f"{ELB}:loadbalancer/app/public/50dc", LoadBalancerWanted("public", "application", "50dc", HERE)),
        (f"{ELB}:loadbalancer/net/edge/50dc", LoadBalancerWanted("edge", "network", "50dc", HERE)),
        (f"{ELB}:loadbalancer/old", LoadBalancerWanted("old", "classic", None, HERE)),
        (f"{ELB}:targetgroup/checkout/73e2", TargetGroupWanted("checkout", "73e2", HERE)),
        (
            f"{ELB}:listener/app/public/50dc/f2f7",
            ListenerWanted(f"{ELB}:listener/app/public/50dc/f2f7", f"{ELB}:loadbalancer/app/public/50dc", HERE),
        ),
        (
            f"{ELB}:listener-rule/app/public/50dc/f2f7/9683",
            ListenerWanted(
                f"{ELB}:listener/app/public/50dc/f2f7",
                f"{ELB}:loadbalancer/app/public/50dc",
                HERE,
                rule_arn=f"{ELB}:listener-rule/app/public/50dc/f2f7/9683",
            ),
        ),
        ("arn:aws:ecs:us-east-1:111122223333:service/prod/checkout", ServiceWanted("checkout", "prod", HERE)),
        ("arn:aws:ecs:us-east-1:111122223333:service/checkout", ServiceWanted("checkout", None, HERE)),
        ("arn:aws:lambda:us-east-1:111122223333:function:render", FunctionWanted("render", None, HERE)),
        ("arn:aws:lambda:us-east-1:111122223333:function:render:live", FunctionWanted("render", "live", HERE)),
        (
            "arn:aws:cloudwatch:us-east-1:111122223333:alarm:shop/checkout: 5xx rate",
            AlarmWanted("shop/checkout: 5xx rate", HERE),
        ),
        (
            "arn:aws-us-gov:ecs:us-gov-west-1:111122223333:service/prod/checkout",
            ServiceWanted("checkout", "prod", Home("aws-us-gov", "us-gov-west-1", "111122223333")),
        ),
        (
            "arn:aws-cn:elasticloadbalancing:cn-north-1:111122223333:targetgroup/checkout/73e2",
            TargetGroupWanted("checkout", "73e2", Home("aws-cn", "cn-north-1", "111122223333")),
        ),
    ],
)
def test_arns(arn: str, meaning: object) -> None:
    assert parse(arn) == meaning


@pytest.mark.parametrize(
    ("words", "meaning"),
    [
        ("shop.example.com", WebAddress("shop.example.com")),
        ("Shop.Example.COM.", WebAddress("shop.example.com")),
        ("shop.example.com/cart?id=1#top", WebAddress("shop.example.com", None, None, "/cart", "id=1")),
        ("shop.example.com:8443/cart", WebAddress("shop.example.com", None, 8443, "/cart")),
        ("https://shop.example.com", WebAddress("shop.example.com", "https")),
        ("HTTP://shop.example.com:80/Cart", WebAddress("shop.example.com", "http", 80, "/Cart")),
        ("wss://shop.example.com/live", WebAddress("shop.example.com", "https", None, "/live")),
        ("https://bücher.example/ä", WebAddress("xn--bcher-kva.example", "https", None, "/%C3%A4")),
        ("bücher.example", WebAddress("xn--bcher-kva.example")),
        (
            "public-1.cn-north-1.elb.amazonaws.com.cn",
            WebAddress("public-1.cn-north-1.elb.amazonaws.com.cn"),
        ),
    ],
)
def test_addresses(words: str, meaning: object) -> None:
    assert parse(words) == meaning


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("", "Name a TARGET"),
        ("   ", "Name a TARGET"),
        ("check\nout", "U+000A, position 6"),
        ("check\u202etuo", "U+202E"),
        ("check\u200bout", "invisible"),
        ("\x1b[31mcheckout", "U+001B"),
        ("a" * 4_000, "longer than 300"),
        ("a" * 299 + ".", "longer than any name"),
        ("arn:aws:s3:::bucket", "does not lead to a load balancer"),
        ("arn:aws:ecs:us-east-1:111122223333:task/prod/0a1b", "does not lead to a load balancer"),
        (f"{ELB}:listener/app/public", "does not lead to a load balancer"),
        ("ftp://shop.example.com", "http and https"),
        ("https://shop.example.com:70000/", "port"),
        ("https://[::1/", "cannot be read"),
        ("https:///cart", "no valid host"),
        ("https://192.0.2.7/cart", "IP addresses change"),
        ("192.0.2.7", "IP addresses change"),
    ],
)
def test_what_cannot_be_used_gets_one_clear_line(words: str, said: str) -> None:
    result = parse(words)

    assert isinstance(result, Unusable)
    assert said in result.message
    assert "\n" not in result.message


@pytest.mark.parametrize("words", ["https://ops:hunter2@shop.example.com/", "ops:hunter2@shop.example.com/cart"])
def test_a_password_in_an_address_is_refused_and_not_repeated(words: str) -> None:
    result = parse(words)

    assert isinstance(result, Unusable)
    assert "hunter2" not in result.message
    assert "password" in result.message


@given(
    st.text(max_size=400)
    | st.sampled_from(INJECTIONS)
    | st.from_regex(r"(arn:aws|https?://|app/)[ -~]*", fullmatch=True)
)
def test_any_text_gets_an_answer_of_one_printable_line(words: str) -> None:
    result = parse(words)

    if isinstance(result, Unusable):
        assert result.message.isprintable()
        assert len(result.message) <= MAX_WORDS
    else:
        plain = "".join(" " if unicodedata.category(character) == "Zs" else character for character in words)
        assert plain.strip().isprintable()


ecs_names = st.from_regex(r"[A-Za-z0-9_-]{1,100}", fullmatch=True)


def test_spaces_that_were_copied_from_a_web_page_are_plain_ones() -> None:
    assert parse("checkout\u00a0") == PlainName("checkout")
    assert parse("high\u00a0errors") == parse("high errors")


@given(ecs_names, ecs_names)
def test_every_cluster_and_service_name_is_read_back_from_its_arn(cluster: str, service: str) -> None:
    assert parse(f"arn:aws:ecs:us-east-1:111122223333:service/{cluster}/{service}") == ServiceWanted(
        service, cluster, HERE
    )
    assert parse(service) == PlainName(service)


@given(
    st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9-]{0,30}[A-Za-z0-9])?", fullmatch=True),
    st.from_regex(r"[0-9a-f]{16}", fullmatch=True),
)
def test_a_dimension_and_its_arn_mean_the_same_load_balancer(name: str, resource_id: str) -> None:
    short = parse(f"app/{name}/{resource_id}")
    long = parse(f"{ELB}:loadbalancer/app/{name}/{resource_id}")

    assert isinstance(short, LoadBalancerWanted)
    assert isinstance(long, LoadBalancerWanted)
    assert (short.name, short.type, short.resource_id) == (long.name, long.type, long.resource_id)
