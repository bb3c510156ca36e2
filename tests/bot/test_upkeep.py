"""Between questions: clients are made, the index is read, and what fails is said once."""

from __future__ import annotations

import threading

import pytest
from redis.exceptions import ConnectionError as NoConnectionError
from structlog.testing import capture_logs

from bot.repeating import Repeating
from bot.upkeep import Upkeep
from diagnostics.aws_access import AccessLimits, Account, AwsAccess
from diagnostics.locate import Refreshed
from tests.bot.conftest import Diagnosis, Start, eventually
from tests.diagnostics.locate.test_index import MemoryIndex

REGION = "us-east-1"


class Warmed(AwsAccess):
    def __init__(self) -> None:
        super().__init__((Account("111122223333", "prod", (REGION,)),), AccessLimits(attempts=1))
        self.times_warmed = 0

    def warm(self, services: object = ()) -> None:
        self.times_warmed += 1


@pytest.fixture
def unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIADEMO")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")


@pytest.mark.usefixtures("unreachable")
def test_what_cannot_be_read_is_said_once_and_again_when_it_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    access = Warmed()
    upkeep = Upkeep(access, MemoryIndex())
    with capture_logs() as first:
        upkeep()
    with capture_logs() as second:
        upkeep()
    said = [line for line in first if line["event"] == "service index incomplete"]
    assert {line["error"] for line in said} == {"EndpointConnectionError"}
    assert "ecs:ListClusters" in {line["action"] for line in said}
    assert second == []

    monkeypatch.setattr("bot.upkeep.refresh", lambda *_: Refreshed(("111122223333/us-east-1",), (), ()))
    with capture_logs() as third:
        upkeep()
    assert [line["event"] for line in third] == ["service index read", "service index complete again"]
    assert access.times_warmed == 1


def test_a_failure_that_repeats_itself_is_logged_once() -> None:
    rounds: list[int] = []
    enough = threading.Event()

    def work() -> None:
        rounds.append(len(rounds))
        if len(rounds) > 20:
            enough.set()
        if len(rounds) < 20:
            raise ConnectionError("again")

    repeating = Repeating("upkeep", work, every_s=0.001)
    with capture_logs() as said:
        repeating.start()
        assert enough.wait(10)
        repeating.stop()
    assert [line["event"] for line in said] == ["background work failed", "background work succeeds again"]


@pytest.mark.parametrize(("failure", "in_full"), [(NoConnectionError("away"), False), (KeyError("ours"), True)])
def test_a_redis_that_is_away_needs_no_traceback(failure: Exception, in_full: bool) -> None:
    tried = threading.Event()

    def work() -> None:
        tried.set()
        raise failure

    repeating = Repeating("upkeep", work, every_s=60)
    with capture_logs() as said:
        repeating.start()
        assert tried.wait(10)
        repeating.stop(within_s=10)
    assert [bool(line["exc_info"]) for line in said] == [in_full]


def test_the_bot_runs_it_in_the_background_from_the_start(start: Start) -> None:
    kept = threading.Event()
    bot = start(Diagnosis(), upkeep=kept.set)
    assert kept.wait(10)
    assert eventually(lambda: bot.ops("/readyz")[0] == 200)
