"""Every form of TARGET against an AWS that answers over HTTP."""

from __future__ import annotations

import pytest

from diagnostics.locate import Located, Nickname
from diagnostics.locate.arns import dimension_of
from diagnostics.question import Ambiguous, Refused, Unknown
from diagnostics.snapshot import Subject
from tests.diagnostics.locate.conftest import DEV, DEV_ACCOUNT, PROD, PROD_ACCOUNT, REGION, SEALED_ACCOUNT, Shop


def subject(located: Located) -> Subject:
    assert isinstance(located.outcome, Subject), located.outcome
    return located.outcome


def refused(located: Located) -> str:
    assert isinstance(located.outcome, Refused), located.outcome
    assert located.outcome.bad_request
    assert located.outcome.message.isprintable()
    return located.outcome.message


def unknown(located: Located) -> Unknown:
    assert isinstance(located.outcome, Unknown), located.outcome
    return located.outcome


def test_a_plain_service_name_is_found_in_three_delays(shop: Shop) -> None:
    located = shop.ask("checkout")
    found = subject(located)

    assert (found.kind, found.account, found.account_name, found.region) == ("ecs-service", PROD, "prod", REGION)
    assert (found.cluster, found.service) == ("prod", "checkout")
    assert found.load_balancers == (shop.public,)
    assert found.target_groups == (shop.services["checkout"].target_group,)
    assert found.notes == ()
    assert located.delays == 3


def test_cluster_and_service(shop: Shop) -> None:
    located = shop.ask("prod/checkout")

    assert (subject(located).kind, subject(located).service) == ("ecs-service", "checkout")
    assert located.delays == 2


def test_load_balancer_and_target_group(shop: Shop) -> None:
    found = subject(shop.ask("public/checkout"))

    assert (found.kind, found.service) == ("target-group", "checkout")
    assert found.load_balancers == (shop.public,)


def test_the_arn_of_a_service_needs_no_search(shop: Shop) -> None:
    located = shop.ask(shop.services["checkout"].arn)

    assert subject(located).service == "checkout"
    assert located.delays == 2


def test_the_short_arn_of_a_service_searches_the_clusters(shop: Shop) -> None:
    assert subject(shop.ask(f"arn:aws:ecs:{REGION}:{PROD}:service/checkout")).cluster == "prod"


def test_a_cluster_leads_to_its_services_behind_a_load_balancer(shop: Shop) -> None:
    outcome = shop.ask("prod", PROD_ACCOUNT).outcome

    assert isinstance(outcome, Ambiguous)
    assert outcome.is_cluster
    assert [one.words for one in outcome.candidates] == ["prod/billing", "prod/checkout", "prod/search", "prod/web"]
    assert {(one.account, one.region) for one in outcome.candidates} == {(PROD, REGION)}


def test_a_cluster_whose_services_have_no_load_balancer_leads_to_them_all(shop: Shop) -> None:
    ecs = shop.prod.client("ecs")
    ecs.create_cluster(clusterName="batch")
    assert not isinstance(shop.ask("batch", PROD_ACCOUNT).outcome, Ambiguous)

    [worker] = ecs.describe_services(cluster="prod", services=["worker"])["services"]
    like = {name: worker[name] for name in ("taskDefinition", "networkConfiguration", "launchType")}
    ecs.create_service(cluster="batch", serviceName="nightly", desiredCount=0, **like)
    outcome = shop.ask("batch", PROD_ACCOUNT).outcome
    ecs.delete_service(cluster="batch", service="nightly", force=True)
    ecs.delete_cluster(cluster="batch")

    assert isinstance(outcome, Ambiguous)
    assert [one.words for one in outcome.candidates] == ["batch/nightly"]


@pytest.mark.parametrize("form", ["name", "dimension", "arn", "dns"])
def test_a_load_balancer_means_everything_behind_it(shop: Shop, form: str) -> None:
    balancer = shop.services["web"].load_balancer
    words = {"name": "public", "dimension": balancer.dimension, "arn": balancer.arn, "dns": balancer.dns_name}[form]
    found = subject(shop.ask(words, PROD_ACCOUNT))

    assert found.kind == "load-balancer"
    assert found.load_balancers == (shop.public,)
    assert {shop.services[name].target_group for name in ("web", "checkout", "search")} <= set(found.target_groups)
    assert shop.services["billing"].target_group not in found.target_groups
    assert found.service is None


@pytest.mark.parametrize("form", ["dimension", "arn"])
def test_a_target_group_comes_with_the_service_that_feeds_it(shop: Shop, form: str) -> None:
    arn = shop.services["checkout"].target_group
    found = subject(shop.ask(arn if form == "arn" else dimension_of(arn)))

    assert (found.kind, found.cluster, found.service) == ("target-group", "prod", "checkout")
    assert found.load_balancers == (shop.public,)


def test_a_listener_rule_means_its_target_group(shop: Shop) -> None:
    checkout = shop.services["checkout"]
    found = subject(shop.ask(checkout.rule))

    assert (found.kind, found.rule_arn) == ("target-group", checkout.rule)
    assert found.target_groups == (checkout.target_group,)


def test_a_listener_means_all_its_target_groups(shop: Shop) -> None:
    found = subject(shop.ask(shop.services["web"].load_balancer.listener))

    assert found.kind == "load-balancer"
    assert shop.services["checkout"].target_group in found.target_groups


@pytest.mark.parametrize(
    ("url", "service"),
    [
        ("http://shop.example.com/cart/7", "checkout"),
        ("shop.example.com/cart", "checkout"),
        ("http://shop.example.com/", "web"),
        ("shop.example.com", "web"),
        ("http://www.example.com/", "web"),
        ("http://a.b.dev.example.com/", "web"),
    ],
)
def test_a_url_walks_dns_and_rules_to_the_target_group(shop: Shop, url: str, service: str) -> None:
    found = subject(shop.ask(url))

    assert (found.kind, found.service) == ("target-group", service)
    assert found.load_balancers == (shop.public,)
    assert found.rule_arn


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("https://cdn.example.com/", "CloudFront"),
        ("d111111abcdef8.cloudfront.net", "CloudFront"),
        ("http://old.example.com/", "fixed addresses"),
        ("https://shop.example.com/cart", "does not listen on port 443; its ports: 80"),
    ],
)
def test_a_url_that_leads_elsewhere_gets_one_clear_line(shop: Shop, url: str, said: str) -> None:
    assert said in refused(shop.ask(url))


def test_a_name_outside_the_zones_says_what_to_type(shop: Shop) -> None:
    assert "No Route 53 zone" in str(unknown(shop.ask("https://shop.example.org/")).hint)


def test_a_load_balancer_of_nobody_says_where_it_is(shop: Shop) -> None:
    answer = unknown(shop.ask("http://other-123456.eu-west-1.elb.amazonaws.com/"))

    assert "eu-west-1" in str(answer.hint)


def test_a_function_is_found_through_its_target_group(plain: Shop) -> None:
    found = subject(plain.ask("render", PROD_ACCOUNT))

    assert (found.kind, found.label) == ("lambda", "render")
    assert found.load_balancers == (plain.public,)
    assert [arn.split("/")[1] for arn in found.target_groups] == ["render-tg"]


def test_a_function_s_target_group_names_the_function(plain: Shop) -> None:
    found = subject(plain.ask("render-tg", PROD_ACCOUNT))

    assert (found.kind, found.service) == ("target-group", None)
    assert str(found.function).endswith(":function:render")


def test_an_alarm_about_a_function_leads_to_it(plain: Shop) -> None:
    assert subject(plain.ask("render errors", PROD_ACCOUNT)).label == "render"


@pytest.mark.parametrize(
    ("alarm", "kind", "label"),
    [
        ("checkout 5xx rate", "target-group", "checkout"),
        ("public 5xx", "load-balancer", "public"),
        ("search cpu", "ecs-service", "search"),
    ],
)
def test_an_alarm_leads_to_what_it_watches(shop: Shop, alarm: str, kind: str, label: str) -> None:
    by_name = subject(shop.ask(alarm))
    by_arn = subject(shop.ask(f"arn:aws:cloudwatch:{REGION}:{PROD}:alarm:{alarm}"))

    assert (by_name.kind, by_name.label, by_name.account) == (kind, label, PROD)
    assert (by_arn.kind, by_arn.target_groups) == (by_name.kind, by_name.target_groups)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("orders database", "about no load balancer"),
        ("gone", "gone, which does not exist"),
        ("worker", "registers with no load balancer"),
        ("edge", "is a network load balancer; alb502 reads application load balancers only"),
        ("net/edge/50dc6c495c0c9188", "network load balancer"),
        (f"arn:aws:elasticloadbalancing:{REGION}:{PROD}:loadbalancer/old", "classic load balancer"),
        ("silent", "has no listener"),
        ("unused", "No target group"),
        ("arn:aws:ecs:us-east-1:999999999999:service/prod/checkout", "prod (700000000001), dev (700000000002)"),
        ("https://ops:hunter2@shop.example.com/", "password"),
        ("check\nout", "control or invisible"),
        ("x" * 4_000, "longer than 300"),
    ],
)
def test_what_cannot_be_diagnosed_gets_one_clear_line(shop: Shop, words: str, said: str) -> None:
    assert said in refused(shop.ask(words))


def test_a_service_that_nobody_forwards_to_still_names_the_load_balancer_it_lets_in(shop: Shop) -> None:
    found = subject(shop.ask("billing"))

    assert found.target_groups == (shop.services["billing"].target_group,)
    assert found.load_balancers == (shop.public,)
    assert found.notes == ("no listener forwards to the target groups of service prod/billing",)


def test_two_services_of_one_name_are_listed_with_account_and_region(shop: Shop) -> None:
    outcome = shop.ask("search").outcome

    assert isinstance(outcome, Ambiguous)
    assert [(one.account_name, one.region, one.words) for one in outcome.candidates] == [
        ("prod", REGION, "prod/search"),
        ("dev", REGION, "prod/search"),
    ]


@pytest.mark.parametrize("account", ["dev", DEV])
def test_naming_the_account_decides(shop: Shop, account: str) -> None:
    assert subject(shop.ask("search", account=account)).account == DEV


def test_an_unknown_account_or_region_lists_the_configured_ones(shop: Shop) -> None:
    assert "prod (700000000001)" in refused(shop.ask("checkout", account="staging"))
    assert "us-east-1" in refused(shop.ask("checkout", region="eu-west-1"))


def test_a_misspelt_name_suggests_the_nearest(shop: Shop) -> None:
    assert unknown(shop.ask("chekout")).nearest[0].words == "prod/checkout"


def test_a_deleted_service_is_unknown(shop: Shop) -> None:
    unknown(shop.ask("retired"))


@pytest.mark.parametrize("words", ["no such alarm", "'; drop table --", 'check"out', "<!channel>", "../../etc"])
def test_odd_words_are_unknown_and_nothing_worse(shop: Shop, words: str) -> None:
    assert unknown(shop.ask(words)).words == words


def test_a_nickname_comes_first_and_brings_its_runbook(shop: Shop) -> None:
    nickname = Nickname(service="search", account="prod", cluster="prod", runbook="https://wiki.example.com/search")
    found = subject(shop.ask("checkout", nicknames={"checkout": nickname}))

    assert (found.service, found.account, found.runbook) == ("search", PROD, "https://wiki.example.com/search")


def test_a_service_found_otherwise_gets_its_runbook_too(shop: Shop) -> None:
    nickname = Nickname(service="checkout", runbook="https://wiki.example.com/checkout")

    assert subject(shop.ask("prod/checkout", nicknames={"shop": nickname})).runbook == nickname.runbook


def test_an_account_that_cannot_be_read_is_said_beside_the_answer(shop: Shop) -> None:
    found = subject(shop.ask("checkout", PROD_ACCOUNT, SEALED_ACCOUNT))

    assert found.notes == ("not searched: account sealed, us-east-1: AccessDenied (sts:AssumeRole)",)


def test_an_unknown_name_lists_what_could_not_be_searched(shop: Shop) -> None:
    answer = unknown(shop.ask("chekout", DEV_ACCOUNT, SEALED_ACCOUNT))

    assert {gap.error for gap in answer.gaps} == {"AccessDenied"}
    assert all("account sealed, us-east-1" in gap.message for gap in answer.gaps)


def test_when_nothing_can_be_read_the_question_was_not_at_fault(shop: Shop) -> None:
    outcome = shop.ask("checkout", SEALED_ACCOUNT).outcome

    assert isinstance(outcome, Refused)
    assert not outcome.bad_request
    assert "could not be assumed" in outcome.message
