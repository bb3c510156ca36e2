"""The public port believes only what Slack has signed, and nothing that is too large or malformed stops it."""

from __future__ import annotations

import json
import time

import pytest
from structlog.testing import capture_logs

from tests import slack_fake
from tests.bot.conftest import BotUnderTest, Diagnosis, Start
from tests.slack_fake import SlackFake


@pytest.fixture
def bot(start: Start) -> BotUnderTest:
    return start(Diagnosis())


def test_a_request_without_slacks_signature_is_refused(bot: BotUnderTest, slack: SlackFake) -> None:
    body = slack.command("checkout")
    for headers in (
        slack_fake.sign(body, secret="another secret"),
        slack_fake.sign(body, at=int(time.time()) - 400),
        slack_fake.sign(body, at=int(time.time()) + 400),
        {"X-Slack-Signature": "v0=00"},
        {"X-Slack-Request-Timestamp": "soon"},
        {"X-Slack-Request-Timestamp": "9" * 40},
        {"X-Slack-Signature": "v0=\u00e9"},
    ):
        assert bot.post(body, headers)[0] == 401
    assert slack.said() == []


def test_why_what_looks_like_slacks_is_refused_is_in_the_log(bot: BotUnderTest, slack: SlackFake) -> None:
    body, now = slack.command("checkout"), int(time.time())
    with capture_logs() as said:
        for headers in (
            {"X-Slack-Request-Timestamp": "soon"},
            slack_fake.sign(body, secret="another secret"),
            slack_fake.sign(body, at=now - 600),
        ):
            assert bot.post(body, headers)[0] == 401
    secret, clock = [line for line in said if line["event"].startswith("request refused")]
    assert "SLACK_SIGNING_SECRET" in secret["event"]
    assert "clock" in clock["event"]
    assert -660 < clock["off_s"] <= -600
    assert secret["seldom"]
    assert clock["seldom"]


@pytest.mark.parametrize("body", [b"{", b"[]", b'"x"', b"{}", b"", b"payload=%7B", b"\xff\xfe", b"[" * 50_000, b"null"])
def test_signed_nonsense_is_answered_and_does_no_harm(bot: BotUnderTest, slack: SlackFake, body: bytes) -> None:
    for kind in ("application/json", "application/x-www-form-urlencoded", "text/plain"):
        status, _ = bot.post(body, {"Content-Type": kind})
        assert status in {200, 400, 401}, kind
    assert bot.ask("checkout")[0] == 200


def test_a_body_that_is_too_large_is_refused_before_it_is_read_to_the_end(bot: BotUnderTest) -> None:
    assert bot.post(b"x" * 1_000_001)[0] == 413


def test_slack_verifies_the_address(bot: BotUnderTest) -> None:
    status, text = bot.post(json.dumps({"type": "url_verification", "challenge": "c-1"}).encode())
    assert (status, json.loads(text)) == (200, {"challenge": "c-1"})


def test_events_that_nobody_listens_to_are_acknowledged_so_that_slack_does_not_repeat_them(bot: BotUnderTest) -> None:
    body = {"type": "event_callback", "team_id": "T0TEAM", "event_id": "Ev9", "event": {"type": "channel_created"}}
    assert bot.post(json.dumps(body).encode())[0] == 200


def test_there_is_nothing_else_on_this_port(bot: BotUnderTest) -> None:
    assert bot.running.http_port is not None
    import http.client

    connection = http.client.HTTPConnection("127.0.0.1", bot.running.http_port, timeout=10)
    statuses = []
    for path in ("/", "/metrics", "/healthz", "/slack/events"):
        connection.request("GET", path)
        response = connection.getresponse()
        response.read()
        statuses.append(response.status)
    connection.close()
    assert statuses == [404, 404, 404, 405]
