"""The operators' port tells the truth."""

from __future__ import annotations

import json

from redis import Redis

from bot.ops import redis_check, slack_check
from bot.slack_app import make_client
from tests import slack_fake
from tests.bot.conftest import Diagnosis, Start
from tests.slack_fake import Failure, SlackFake


def test_a_bot_that_works_is_healthy_ready_and_counted(start: Start, slack: SlackFake) -> None:
    bot = start(Diagnosis())
    assert bot.ops("/healthz")[0] == 200
    status, text = bot.ops("/readyz")
    assert (status, json.loads(text)) == (
        200,
        {"ready": True, "checks": {"process": "ok", "redis": "ok", "slack": "ok", "workers": "ok"}},
    )
    bot.ask("checkout")
    slack.wait_for(lambda: len(slack.of("chat.update")) >= 2)
    status, text = bot.ops("/metrics")
    assert status == 200
    assert 'alb502_slack_calls_total{method="chat.postMessage",result="ok"}' in text
    assert "alb502_slack_ack_seconds_count" in text
    assert 'alb502_jobs_waiting{queue="people"}' in text


def test_a_redis_that_evicts_makes_the_bot_unready(start: Start, redis: Redis) -> None:
    bot = start(Diagnosis())
    redis.config_set("maxmemory-policy", "allkeys-lru")
    try:
        status, text = bot.ops("/readyz")
    finally:
        redis.config_set("maxmemory-policy", "noeviction")
    assert status == 503
    assert "noeviction" in json.loads(text)["checks"]["redis"]
    assert bot.ops("/readyz")[0] == 200


def test_a_redis_that_is_gone_is_said_to_be_gone() -> None:
    gone = Redis.from_url("redis://127.0.0.1:1", socket_connect_timeout=0.2)
    assert "does not answer" in (redis_check(gone)() or "")
    gone.close()


def test_a_token_that_was_revoked_is_said_to_be_refused(slack: SlackFake) -> None:
    check = slack_check(make_client(slack_fake.TOKEN, f"{slack.url}/api/"), every_s=0)
    assert check() is None
    slack.fail("auth.test", Failure(200, "token_revoked"))
    assert "token_revoked" in (check() or "")
    assert check() is None


def test_slack_is_not_asked_at_every_look(slack: SlackFake) -> None:
    check = slack_check(make_client(slack_fake.TOKEN, f"{slack.url}/api/"), every_s=60)
    for _ in range(5):
        check()
    assert len(slack.of("auth.test")) == 1
