"""A fix in Slack, from the button below an answer to the undo, against an AWS that answers over HTTP."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol

import boto3
import pytest
from redis import Redis

from bot.app import running
from bot.cli.serve import make_engine, make_fixing
from bot.store.audit import StoredAudit
from demo.running import RunningWorld, run
from demo.scenarios.scenario import ACCOUNT
from handlers.views import fix_story
from handlers.views import fixes as drawn
from tests.bot.conftest import WAIT, BotUnderTest, eventually, settings_for
from tests.slack_fake import ALICE, SlackFake

BOB = "U0BOB"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/alb502-remediate"
PROD = {"name": "prod", "id": ACCOUNT, "regions": ["us-east-1"], "remediate_role": ROLE}
APPROVED = {"mode": "approve", "approvers": {"users": [ALICE, BOB]}}
LATEST_S = 40.0
KEYS = {"aws_access_key_id": ACCOUNT, "aws_secret_access_key": "any"}

Message = dict[str, Any]


class Serve(Protocol):
    def __call__(self, **remediations: Any) -> BotUnderTest: ...


@pytest.fixture(scope="module")
def one_world() -> Iterator[RunningWorld]:
    with run("security-group-revoked", live=True) as world:
        yield world


@pytest.fixture
def world(one_world: RunningWorld) -> Iterator[RunningWorld]:
    """The world, in which nothing is left behind."""
    ec2 = boto3.client("ec2", region_name="us-east-1", endpoint_url=one_world.endpoint_url, **KEYS)
    before = {rule["SecurityGroupRuleId"] for rule in ec2.describe_security_group_rules()["SecurityGroupRules"]}
    yield one_world
    for rule in ec2.describe_security_group_rules()["SecurityGroupRules"]:
        if rule["SecurityGroupRuleId"] not in before:
            ec2.revoke_security_group_ingress(
                GroupId=rule["GroupId"], SecurityGroupRuleIds=[rule["SecurityGroupRuleId"]]
            )


@pytest.fixture
def serve(
    slack: SlackFake,
    store_url: str,
    redis: Redis,
    world: RunningWorld,
    monkeypatch: pytest.MonkeyPatch,
    state_dir: Path,
) -> Iterator[Serve]:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in world.environment().items():
        monkeypatch.setenv(name, value)
    slack.add_user(BOB, real_name="Bob")
    with ExitStack() as stack:

        def serve(**remediations: Any) -> BotUnderTest:
            chosen = settings_for(
                slack,
                redis_url=store_url,
                state_dir=state_dir,
                accounts=[PROD],
                remediations={**APPROVED, **remediations},
            )
            bot = stack.enter_context(running(chosen, "all", make_engine, WAIT, make_fixing))
            return BotUnderTest(bot, slack)

        yield serve


def words_of(message: Message) -> str:
    return json.dumps(message["blocks"], ensure_ascii=False)


def answer(slack: SlackFake) -> Message:
    """The whole answer, with its buttons."""

    def found() -> Message | None:
        return next((one for one in slack.replies() if '"action_id": "refresh"' in words_of(one)), None)

    reply: Message = slack.wait_for(found, LATEST_S)
    return reply


def button_of(message: Message, action: str) -> str:
    found = re.search(rf'"action_id": "{action}[^"]*", "value": "([^"]+)"', words_of(message))
    assert found is not None, words_of(message)
    return found[1]


def press(bot: BotUnderTest, message: Message, action: str, *, user: str = ALICE) -> None:
    full = re.search(rf'"action_id": "({action}[^"]*)"', words_of(message))
    assert full is not None
    status, _ = bot.post(bot.slack.press(message, button_of(message, action), action_id=full[1], user=user))
    assert status == 200


def modal(slack: SlackFake, text: str) -> Message:
    """The modal that was opened, once it says so."""

    def found() -> Message | None:
        return next((view for view in slack.views.values() if text in words_of(view)), None)

    view: Message = slack.wait_for(found, LATEST_S)
    return view


def submit(bot: BotUnderTest, view: Message, *, user: str = ALICE, **values: Any) -> str:
    status, text = bot.post(bot.slack.submit(view, values, user=user))
    assert status == 200
    return text


def story(slack: SlackFake, text: str) -> Message:
    def found() -> Message | None:
        return next((one for one in slack.replies() if text in words_of(one) and "Open tcp" in words_of(one)), None)

    message: Message = slack.wait_for(found, LATEST_S)
    return message


def rules_of(world: RunningWorld, answered: Message) -> list[dict[str, Any]]:
    found = re.search(r"no rule of (sg-\w+) admits", words_of(answered))
    assert found is not None
    ec2 = boto3.client("ec2", endpoint_url=world.endpoint_url)
    rules = ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [found[1]]}])
    return [rule for rule in rules["SecurityGroupRules"] if not rule["IsEgress"]]


def test_whoever_may_not_approve_asks_and_those_who_may_are_called(
    serve: Serve, slack: SlackFake, world: RunningWorld, redis: Redis
) -> None:
    bot = serve(approvers={"users": [BOB]})
    bot.ask("checkout")
    answered = answer(slack)
    before = rules_of(world, answered)
    press(bot, answered, drawn.OPEN)
    view = modal(slack, "You may not approve this")
    assert view["submit"]["text"] == drawn.ASK_LABEL

    submit(bot, {**view, "submit": {"type": "plain_text", "text": drawn.APPROVE_LABEL}})  # a forged label
    eventually(lambda: any("may not approve" in str(one) for one in slack.whispers), LATEST_S)
    submit(bot, view)
    waiting = story(slack, "waits for approval")
    assert f"<@{BOB}>" in words_of(waiting)
    assert rules_of(world, answered) == before

    press(bot, waiting, fix_story.REFUSE, user=BOB)
    refused = story(slack, "— refused")
    assert f"<@{BOB}> refused it" in words_of(refused)
    assert rules_of(world, answered) == before
    assert "denied" in [kept.record.event for kept in StoredAudit(redis).read()]


def test_reviewed_approved_done_once_watched_and_undone(
    serve: Serve, slack: SlackFake, world: RunningWorld, redis: Redis
) -> None:
    bot = serve()
    bot.ask("checkout")
    answered = answer(slack)
    before = rules_of(world, answered)

    press(bot, answered, drawn.OPEN)
    view = modal(slack, "is still so")
    told = words_of(view)
    assert "Open tcp" in told
    assert "tcp 8080" in told
    assert "medium risk" in told
    assert "can be undone exactly" in told
    assert ROLE in told
    assert "aws ec2 authorize-security-group-ingress" in told
    assert view["submit"]["text"] == drawn.APPROVE_LABEL

    assert submit(bot, view) == ""
    story(slack, f"<@{ALICE}> approved it")
    for user in (BOB, ALICE):
        assert submit(bot, view, user=user) == ""
    worked = story(slack, "— worked")
    eventually(lambda: sum("a plan is carried out once" in str(one) for one in slack.whispers) == 2, LATEST_S)
    above = story(slack, "*Recovered at")
    assert above["ts"] == answered["ts"], "the answer itself says so"
    assert f"approved by <@{ALICE}>" in words_of(above)
    assert ":red_circle:" not in words_of(above)
    assert f"<@{ALICE}> approved it" in words_of(worked)
    assert len(rules_of(world, answered)) == len(before) + 1

    press(bot, worked, fix_story.UNDO, user=BOB)
    story(slack, "it was taken back")
    assert rules_of(world, answered) == before
    events = [kept.record.event for kept in StoredAudit(redis).read()]
    assert events[:3] == ["shown", "asked", "approved"]
    assert {"started", "executed", "verified", "undone", "denied"} <= set(events)
    assert events.count("wrote") == 2, "the rule, and its removal"
