"""What AWS refuses and what people type, asked in Slack of the real diagnosis: one line in the thread each."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest
from redis import Redis

from bot.app import running
from bot.cli.serve import make_engine
from demo.aws.guards import DisabledRegions, Faults, TrustGuard
from demo.aws.layer import AwsError
from demo.running import RunningWorld, run
from demo.scenarios.scenario import ACCOUNT
from tests import slack_limits
from tests.bot.conftest import WAIT, BotUnderTest, settings_for
from tests.slack_fake import BROKEN, RATE_LIMITED, SlackFake

LATEST_ANSWER_S = 30.0
ROLE = f"arn:aws:iam::{ACCOUNT}:role/alb502-read"
PROD = {"name": "prod", "id": ACCOUNT, "regions": ["us-east-1"], "read_role": ROLE}
DISABLED = "ap-east-1"
HOSTILE = ("it's quoted", "<!channel>", "chec\u202ekout", "`x`*_~", "&amp;<https://x|y>")
EXPIRED = AwsError("ExpiredToken", "The security token included in the request is expired", 403)


@dataclass(frozen=True)
class Aws:
    world: RunningWorld
    faults: Faults
    trust: TrustGuard


@pytest.fixture(scope="module")
def built() -> Iterator[Aws]:
    with run("all-well", live=False) as world:
        aws = Aws(world, Faults(), TrustGuard())
        for guard in (aws.faults, aws.trust, DisabledRegions([DISABLED])):
            guard.install(world.world.layer)
        yield aws


@pytest.fixture
def aws(built: Aws, monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in built.world.environment().items():
        monkeypatch.setenv(name, value)
    built.trust.declare(ROLE)
    yield built
    built.faults.clear()


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def ask(stack: ExitStack, aws: Aws, slack: SlackFake, store_url: str, redis: Redis) -> Any:
    """Starts the bot when it is first used, so that a test can break something before."""

    def ask(text: str, **account: Any) -> BotUnderTest:
        settings = settings_for(slack, redis_url=store_url, accounts=[{**PROD, **account}])
        bot = BotUnderTest(stack.enter_context(running(settings, "all", make_engine, WAIT)), slack)
        assert bot.ask(text)[0] == 200
        return bot

    return ask


def told(slack: SlackFake, says: str) -> str:
    """Waits until the reply in the thread says so; nothing that was sent is over a limit of Slack."""

    def found() -> str | None:
        return next((reply["text"] for reply in slack.replies() if says in reply["text"]), None)

    text: str = slack.wait_for(found, LATEST_ANSWER_S)
    for method in ("chat.postMessage", "chat.update"):
        for call in slack.of(method):
            assert not slack_limits.violations(call.body["text"], call.body.get("blocks") or [])
    return text


def test_a_role_that_cannot_be_assumed_is_named_in_the_thread(ask: Any, aws: Aws, slack: SlackFake) -> None:
    aws.trust.revoke(ROLE)
    ask("checkout")

    said = told(slack, "could not be assumed")
    assert ROLE in said
    assert "trust policy" in said


def test_expired_credentials_are_said_in_the_thread(ask: Any, aws: Aws, slack: SlackFake) -> None:
    aws.faults.fail("sts", "AssumeRole", error=EXPIRED, times=None)
    ask("checkout")

    assert ROLE in told(slack, "have expired")


def test_a_disabled_region_is_named_in_the_thread(ask: Any, slack: SlackFake) -> None:
    ask("checkout", regions=[DISABLED])

    assert DISABLED in told(slack, "has not enabled this region")


def test_hostile_names_call_nobody_and_are_answered(ask: Any, slack: SlackFake) -> None:
    """One of them is the service's own name for whoever looks at it."""
    bot = ask("marker")
    for name in HOSTILE:
        bot.ask(f'"{name}"')
    told(slack, "no fault found")
    slack.wait_for(
        lambda: sum("nothing called" in reply["text"] for reply in slack.replies()) == len(HOSTILE), LATEST_ANSWER_S
    )

    sent = " ".join(str(call.body) for call in slack.calls)
    assert "<!channel>" not in sent
    assert "\u202e" not in sent


def test_4000_characters_are_refused_with_the_acknowledgement(ask: Any, slack: SlackFake) -> None:
    bot = ask("marker")
    told(slack, "nothing called")
    status, text = bot.ask("x" * 4_000)

    assert status == 200
    assert "4,000 characters" in text
    assert len(text) < 1_000


def test_slack_that_fails_and_asks_for_patience_gets_the_real_answer_once(ask: Any, slack: SlackFake) -> None:
    slack.fail("chat.postMessage", BROKEN, RATE_LIMITED)
    slack.fail("chat.update", RATE_LIMITED, BROKEN)
    ask("checkout")

    told(slack, "no fault found")
    assert len(slack.replies()) == 1
    assert len(slack.parents()) == 1
