"""Which process may write to AWS: the executor, or the one that does everything."""

from __future__ import annotations

import subprocess
import sys
from contextlib import ExitStack
from typing import Any

import pytest
from redis import Redis

from bot.app import running
from bot.cli import serve
from bot.ending import Ending
from bot.engine import Engine, Role
from bot.fix_lane import FixLane
from bot.fixing import FixingInAws, write_accounts
from bot.sealing import key_of
from bot.settings.models import Account
from remediations.seals import Deed, SealKey
from tests.bot.conftest import WAIT, Diagnosis, eventually, settings_for
from tests.bot.fixes.acting import START, Stage
from tests.remediations.cloud import ACCOUNT
from tests.slack_fake import SlackFake


class Made:
    """Stands where `serve.make_fixing` does."""

    def __init__(self) -> None:
        self.times = 0
        self.started = 0

    def __call__(self, *_: Any) -> Made:
        self.times += 1
        return self

    def start(self, *_: Any) -> None:
        self.started += 1


@pytest.mark.parametrize(("role", "times"), [("web", 0), ("worker", 0), ("executor", 1), ("all", 1)])
def test_only_two_roles_make_what_writes(
    slack: SlackFake, store_url: str, redis: Redis, role: Role, times: int
) -> None:
    made = Made()
    settings = settings_for(slack, redis_url=store_url)
    with running(settings, role, lambda *_: Engine(diagnose=Diagnosis()), WAIT, made):
        assert (made.times, made.started) == (times, times)


def test_what_writes_is_not_even_loaded_by_those_who_only_read() -> None:
    """Nor is what the terminal writes with."""
    says = "import sys, bot.app, bot.cli.serve; print(*sys.modules)"
    found = subprocess.run([sys.executable, "-c", says], capture_output=True, text=True, check=True)
    loaded = set(found.stdout.split())
    assert "bot.fix_clicks" in loaded
    assert not loaded & {"bot.fixing", "bot.fixing_by_hand", "remediations.executor", "remediations.sessions"}


def test_an_executor_asks_nothing_of_slack(slack: SlackFake, store_url: str, redis: Redis) -> None:
    settings = settings_for(slack, redis_url=store_url, slack_bot_token=None, slack_signing_secret=None)
    with running(settings, "executor", lambda *_: Engine(diagnose=Diagnosis()), WAIT, Made()) as up:
        assert up.http_port is None
    assert not slack.of("auth.test")


def test_the_role_of_an_account_is_used_with_its_external_id() -> None:
    role = f"arn:aws:iam::{ACCOUNT}:role/fix"
    account = Account(name="prod", id=ACCOUNT, regions=("us-east-1",), remediate_role=role, external_id="secret-id")
    other = Account(name="dev", id="222233334444", regions=("us-east-1",))
    settings = settings_for(SlackFake(url="http://127.0.0.1:1")).model_copy(update={"accounts": (account, other)})
    (found,) = write_accounts(settings).values()
    assert (found.id, found.remediate_role, found.external_id) == (ACCOUNT, role, "secret-id")


def test_the_door_and_the_executor_start_with_one_key(slack: SlackFake, store_url: str, redis: Redis) -> None:
    """What the one seals the other believes."""
    chosen = settings_for(slack, redis_url=store_url, remediations={"mode": "approve", "approval_key": "k" * 32})
    with running(chosen, "web", lambda *_: Engine(diagnose=Diagnosis()), WAIT):
        pass
    with running(chosen, "executor", lambda *_: Engine(diagnose=Diagnosis()), WAIT, serve.make_fixing):
        key = key_of(chosen)
    assert key is not None
    assert key.made(SealKey(b"k" * 32).sealed(Deed(kind="undo", about="p-1", user="U1", at=START)))


def test_serve_hands_the_queue_to_what_writes(slack: SlackFake, store_url: str, redis: Redis) -> None:
    settings = settings_for(slack, redis_url=store_url)
    assert isinstance(serve.make_fixing(settings, redis, FixLane(redis), lambda *_: None), FixingInAws)


def test_a_job_goes_through_the_queue_to_the_executor(stage: Stage, redis: Redis, slack: SlackFake) -> None:
    """A ticket that nobody approved: the job comes, is looked at, and nothing happens."""
    lane = FixLane(redis)
    fixing = FixingInAws(settings_for(slack), redis, lane, lambda *_: None)
    seen: list[str] = []
    lane.connect(Spy(fixing.executor, seen))
    ticket = stage.asked()
    with ExitStack() as stack:
        fixing.start(stack, {}, Ending(5))
        FixLane(redis).run(ticket.id)
        eventually(lambda: f"run {ticket.id}" in seen)
        eventually(lambda: lane.waiting() == 0)
    assert stage.cloud.sent == []


class Spy:
    def __init__(self, inner: Any, seen: list[str]) -> None:
        self._inner, self._seen = inner, seen

    def run(self, ticket_id: str) -> None:
        self._inner.run(ticket_id)
        self._seen.append(f"run {ticket_id}")

    def watch(self, ticket_id: str) -> None:
        self._inner.watch(ticket_id)

    def close(self, ticket_id: str) -> None:
        self._inner.close(ticket_id)
