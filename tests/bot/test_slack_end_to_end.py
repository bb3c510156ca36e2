"""A question in Slack, the real bot, the real diagnosis, an AWS that answers over HTTP: what people read in the end."""

from __future__ import annotations

import os
import re
import zlib
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from redis import Redis

from bot.app import running
from bot.cli.serve import make_engine
from demo.running import RunningWorld, run
from demo.scenarios.scenario import ACCOUNT
from handlers import views
from tests import slack_limits
from tests.bot.conftest import WAIT, BotUnderTest, eventually, settings_for
from tests.slack_fake import ALICE, CHANNEL, GUEST, Channel, SlackFake, serving

RICH = {"container", "data_visualization"}
LATEST_ANSWER_S = 30.0
REGIONS = ("us-east-1", "eu-west-1")
PROD = {"name": "prod", "id": ACCOUNT, "regions": REGIONS}
SCOPED = "C0SCOPED"
EUROPEAN = {"account": "prod", "region": "eu-west-1", "service": "search"}

Message = dict[str, Any]


@pytest.fixture(scope="module")
def world() -> Iterator[RunningWorld]:
    """The rule that lets the load balancer reach checkout was removed ten minutes ago; two regions have a search."""
    with run("security-group-revoked", live=False) as world:
        for region in REGIONS:
            account = world.world.account(ACCOUNT, region)
            account.service("search", load_balancer=account.load_balancer("inside", logs=False))
        yield world


@pytest.fixture(scope="module")
def slack() -> Iterator[SlackFake]:
    with serving(SlackFake()) as fake:
        fake.channels[SCOPED] = Channel(SCOPED)
        yield fake


@pytest.fixture(scope="module")
def redis(store_url: str) -> Iterator[Redis]:
    client = Redis.from_url(store_url)
    client.flushall()
    yield client
    client.close()


@pytest.fixture(scope="module")
def bot(slack: SlackFake, store_url: str, redis: Redis, world: RunningWorld) -> Iterator[BotUnderTest]:
    """One for all that is asked here, each time in another channel: it starts once, and reads the world once."""
    chosen = settings_for(
        slack,
        redis_url=store_url,
        accounts=[PROD],
        services={"search-eu": EUROPEAN},
        scopes={SCOPED: {"services": ["search-eu"]}},
    )
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            patch.delenv(name)
        for name, value in world.environment().items():
            patch.setenv(name, value)
        with running(chosen, "all", make_engine, WAIT) as up:
            yield BotUnderTest(up, slack)


@pytest.fixture
def here(slack: SlackFake, request: pytest.FixtureRequest) -> str:
    """A channel of its own."""
    name = f"C0{zlib.crc32(request.node.name.encode()):010d}"
    slack.channels[name] = Channel(name)
    return name


def forget_facts(redis: Redis) -> None:
    for name in redis.keys("alb502:fact*"):
        redis.delete(name)


def seen(message: Message) -> str:
    """Everything that is written in a message, its folds included."""

    def texts(value: Any) -> Iterator[str]:
        if isinstance(value, list):
            for one in value:
                yield from texts(one)
        elif isinstance(value, dict):
            text = value.get("text")
            yield from [text] if isinstance(text, str) else ()
            yield from texts([inner for inner in value.values() if not isinstance(inner, str)])

    return "\n".join(texts(message["blocks"]))


def answer(slack: SlackFake, text: str, channel: str = CHANNEL) -> Message:
    """Waits for a reply that says so."""

    def found() -> Message | None:
        return next((reply for reply in slack.replies(channel) if text in seen(reply)), None)

    reply: Message = slack.wait_for(found, LATEST_ANSWER_S)
    return reply


def whole_answer(slack: SlackFake, channel: str = CHANNEL) -> tuple[Message, str]:
    """Waits for the reply that can be refreshed, which a first answer cannot, and for the value of its button."""

    def found() -> tuple[Message, str] | None:
        for reply in slack.replies(channel):
            if value := re.search(r"'action_id': 'refresh', 'value': '([^']+)'", str(reply["blocks"])):
                return reply, value[1]
        return None

    both: tuple[Message, str] = slack.wait_for(found, LATEST_ANSWER_S)
    return both


def headline(slack: SlackFake, text: str, channel: str) -> Message:
    """Waits until the parent line has become a headline that says so."""

    def found() -> Message | None:
        return next((parent for parent in slack.parents(channel) if text in parent["text"]), None)

    parent: Message = slack.wait_for(found, LATEST_ANSWER_S)
    return parent


def kinds(message: Message) -> set[str]:
    return {block["type"] for block in message["blocks"]}


def assert_within_limits(slack: SlackFake) -> None:
    """Of everything that was ever sent, not only of what stands."""
    for method in ("chat.postMessage", "chat.update", "chat.postEphemeral", "response_url"):
        for call in slack.of(method):
            assert not slack_limits.violations(call.body["text"], call.body.get("blocks") or [])


def test_a_revoked_rule_is_named_in_one_reply_and_in_the_headline(
    bot: BotUnderTest, slack: SlackFake, here: str
) -> None:
    assert bot.ask("checkout", channel=here) == (200, "")

    reply = answer(slack, "does not let the load balancer in on port 8080", here)
    parent = headline(slack, "checkout · 504 from the load balancer since", here)

    told = seen(reply)
    assert re.search(r"\*Security group sg-\w+ does not let the load balancer in on port 8080.*\* — confirmed", told)
    assert re.search(r"rule removed .* by role/network-admin|cloudtrail:LookupEvents", told), (
        "who changed it, or not read"
    )
    assert "*What to do:* Allow tcp 8080 inbound from the load balancer's security group" in told
    assert f"<@{ALICE}>" in seen(parent)
    assert "looking…" not in parent["text"] + told
    assert (len(slack.parents(here)), len(slack.replies(here))) == (1, 1)
    assert reply["thread_ts"] == parent["ts"]
    assert kinds(reply) & RICH
    assert_within_limits(slack)


def test_a_workspace_that_refuses_the_rich_layout_reads_the_same_answer(
    bot: BotUnderTest, slack: SlackFake, here: str
) -> None:
    slack.refuse_rich = True
    try:
        bot.ask("checkout", channel=here, team="T0PLAIN")
        reply = answer(slack, "does not let the load balancer in on port 8080", here)
        headline(slack, "checkout · 504", here)
    finally:
        slack.refuse_rich = False

    assert not kinds(reply) & RICH
    assert "does not let the load balancer in" in seen(reply)
    assert "In full, in a terminal: `alb502 report r-" in seen(reply)
    assert (len(slack.parents(here)), len(slack.replies(here))) == (1, 1)


def test_refresh_reads_anew_and_edits_the_same_message(
    bot: BotUnderTest, slack: SlackFake, here: str, redis: Redis, world: RunningWorld
) -> None:
    bot.ask("checkout", channel=here)
    reply, value = whole_answer(slack, here)
    found = re.search(r"no rule of (sg-\w+) admits (sg-\w+) on tcp 8080", seen(reply))
    assert found is not None
    rule = _rule(*found.groups())
    ec2 = boto3.client("ec2", endpoint_url=world.endpoint_url)
    ec2.authorize_security_group_ingress(**rule)
    try:
        assert bot.post(slack.press(reply, value, action_id=views.REFRESH))[0] == 200
        slack.wait_for(lambda: _is_answered_otherwise(seen(slack.replies(here)[0])), LATEST_ANSWER_S)
    finally:
        ec2.revoke_security_group_ingress(**rule)
        forget_facts(redis)

    (edited,) = slack.replies(here)
    assert edited["ts"] == reply["ts"]
    assert "First answer" not in seen(edited)
    assert len(slack.parents(here)) == 1
    assert_within_limits(slack)


def _is_answered_otherwise(text: str) -> bool:
    return "as of" in text and "First answer" not in text and "does not let the load balancer in" not in text


def test_a_mention_in_a_thread_is_answered_there(bot: BotUnderTest, slack: SlackFake, here: str) -> None:
    body = slack.mention("<@U0BOT> checkout", event_id="Ev1", ts="1800.2", thread_ts="1800.1", channel=here)
    assert bot.post(body)[0] == 200

    reply = answer(slack, "does not let the load balancer in on port 8080", here)
    assert reply["thread_ts"] == "1800.1"
    assert slack.parents(here) == []


def test_an_unknown_name_suggests_what_can_be_typed_there(bot: BotUnderTest, slack: SlackFake, here: str) -> None:
    bot.ask("chekout", channel=here)
    told = seen(answer(slack, "I find nothing called `chekout`", here))
    assert "• ECS service `checkout`: `/alb502 prod/checkout in prod region us-east-1`" in told
    headline(slack, "I find nothing called `chekout`", here)

    bot.post(slack.mention("<@U0BOT> chekout", event_id="Ev2", ts="1800.1", channel=here))
    answer(slack, "`@alb502 prod/checkout in prod region us-east-1`", here)  # no slash command works in a thread


def test_of_two_services_with_one_name_each_is_offered(bot: BotUnderTest, slack: SlackFake, here: str) -> None:
    bot.ask("search", channel=here)
    told = seen(answer(slack, "`search` means 2 things. Which one?", here))
    assert all(f"`/alb502 prod/search in prod region {region}`" in told for region in REGIONS)
    headline(slack, "`search` means several things", here)
    assert_within_limits(slack)


def test_a_guest_is_refused_in_one_line_and_nothing_is_read(bot: BotUnderTest, slack: SlackFake, here: str) -> None:
    bot.ask("checkout", user=GUEST, channel=here)
    (whisper,) = slack.wait_for(lambda: slack.whispers)
    assert whisper["text"] == "Guests cannot ask; ask a full member of this workspace to do it."
    assert slack.said(here) == []


def test_a_url_that_leads_outside_the_channels_scope_is_refused(
    bot: BotUnderTest, slack: SlackFake, world: RunningWorld
) -> None:
    bot.ask(_address(world, "us-east-1"), channel=SCOPED)
    told = seen(answer(slack, "That leads outside the services that this channel may ask about: search-eu.", SCOPED))
    assert "us-east-1" not in told.replace(_address(world, "us-east-1"), "")
    headline(slack, "the thread says why", SCOPED)

    bot.ask(_address(world, "eu-west-1"), channel=SCOPED)
    headline(slack, "search ·", SCOPED)


def test_once_the_index_is_there_a_name_costs_no_search(
    bot: BotUnderTest, slack: SlackFake, here: str, redis: Redis, world: RunningWorld
) -> None:
    eventually(lambda: len(redis.keys("alb502:index:*")) == len(REGIONS))
    forget_facts(redis)
    world.world.layer.calls.clear()
    bot.ask("checkout", channel=here)
    answer(slack, "does not let the load balancer in on port 8080", here)
    asked = {call.iam_action for call in list(world.world.layer.calls)}
    assert "elasticloadbalancing:DescribeTargetHealth" in asked
    assert "ecs:ListClusters" not in asked


def _address(world: RunningWorld, region: str) -> str:
    elb = boto3.client("elbv2", region, endpoint_url=world.endpoint_url)
    (balancer,) = elb.describe_load_balancers(Names=["inside"])["LoadBalancers"]
    return f"http://{balancer['DNSName']}/"


def _rule(group: str, admitted: str) -> dict[str, Any]:
    pair = {"GroupId": admitted}
    return {
        "GroupId": group,
        "IpPermissions": [{"IpProtocol": "tcp", "FromPort": 8080, "ToPort": 8080, "UserIdGroupPairs": [pair]}],
    }
