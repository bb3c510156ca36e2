"""Without a public address: Slack's requests come over a WebSocket that the bot opened itself."""

from __future__ import annotations

import json
import threading
from typing import Any
from urllib.parse import parse_qsl

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from tests.bot.conftest import PING_S, BotUnderTest, Diagnosis, Start
from tests.slack_fake import APP_TOKEN, SlackFake
from tests.slack_socket import Connection, Socket


def started(start: Start, diagnosis: Diagnosis) -> BotUnderTest:
    return start(diagnosis, slack_app_token=APP_TOKEN, slack_signing_secret=None)


def command(slack: SlackFake, text: str, envelope_id: str) -> dict[str, Any]:
    payload = dict(parse_qsl(slack.command(text).decode(), keep_blank_values=True))
    return {
        "type": "slash_commands",
        "envelope_id": envelope_id,
        "payload": payload,
        "accepts_response_payload": True,
    }


def mention(slack: SlackFake, text: str, envelope_id: str, retry: int = 0) -> dict[str, Any]:
    payload = json.loads(slack.mention(f"<@U0BOT> {text}", event_id="Ev1", ts="1800.1"))
    envelope = {"type": "events_api", "envelope_id": envelope_id, "payload": payload, "retry_attempt": retry}
    return {**envelope, "retry_reason": "timeout" if retry else "", "accepts_response_payload": False}


def acknowledged(connection: Connection) -> str:
    said = connection.next_said()
    assert "payload" not in said
    return str(said["envelope_id"])


def answers(slack: SlackFake, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = slack.wait_for(
        lambda: [reply for reply in slack.replies() if f"nothing called `{name}`" in reply["text"]]
    )
    return found


def test_a_command_is_acknowledged_by_its_envelope_and_answered_in_a_thread(
    start: Start, slack: SlackFake, socket: Socket
) -> None:
    bot = started(start, Diagnosis())
    connection = socket.next_connection()
    assert bot.running.http_port is None
    connection.send(command(slack, "checkout", "e-1"))
    assert acknowledged(connection) == "e-1"
    (reply,) = answers(slack, "checkout")
    assert reply["thread_ts"] == slack.parents()[0]["ts"]
    status, text = bot.ops("/readyz")
    assert (status, json.loads(text)["checks"]["socket"]) == (200, "ok")


def test_help_comes_with_the_acknowledgement(start: Start, slack: SlackFake, socket: Socket) -> None:
    started(start, Diagnosis())
    connection = socket.next_connection()
    connection.send(command(slack, "help", "e-1"))
    said = connection.next_said()
    assert said["envelope_id"] == "e-1"
    assert said["payload"]["response_type"] == "ephemeral"
    assert "I say why" in said["payload"]["text"]


def test_slack_refreshes_the_connection_and_no_question_is_lost(start: Start, slack: SlackFake, socket: Socket) -> None:
    started(start, Diagnosis())
    first = socket.next_connection()
    first.ask_to_reconnect()
    second = socket.next_connection()
    first.close()
    second.send(command(slack, "checkout", "e-2"))
    assert acknowledged(second) == "e-2"
    answers(slack, "checkout")
    assert len(slack.of("apps.connections.open")) == 2


def test_an_event_that_is_delivered_twice_is_acknowledged_twice_and_answered_once(
    start: Start, slack: SlackFake, socket: Socket
) -> None:
    diagnosis = Diagnosis()
    started(start, diagnosis)
    connection = socket.next_connection()
    for envelope, retry in (("e-1", 0), ("e-2", 1)):
        connection.send(mention(slack, "checkout", envelope, retry=retry))
        assert acknowledged(connection) == envelope
    answers(slack, "checkout")
    connection.send(command(slack, "marker", "e-3"))
    assert acknowledged(connection) == "e-3"
    answers(slack, "marker")
    assert [question.words for question in diagnosis.asked] == ["checkout", "marker"]
    assert len(answers(slack, "checkout")) == 1
    assert connection.said_nothing_more()


def test_without_a_queue_an_event_is_not_acknowledged_so_that_slack_delivers_it_again(
    start: Start, slack: SlackFake, socket: Socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = threading.Event()

    def unreachable(*_: object) -> None:
        tried.set()
        raise RedisConnectionError

    started(start, Diagnosis())
    connection = socket.next_connection()
    with monkeypatch.context() as patch:
        patch.setattr("bot.store.asks.Asks.saving", unreachable)
        connection.send(mention(slack, "checkout", "e-1"))
        assert tried.wait(10)
    connection.send(mention(slack, "checkout", "e-2", retry=1))
    assert acknowledged(connection) == "e-2"
    answers(slack, "checkout")


@pytest.mark.slow
def test_a_connection_that_breaks_without_a_word_is_replaced(start: Start, slack: SlackFake, socket: Socket) -> None:
    started(start, Diagnosis())
    socket.next_connection().cut()
    second = socket.next_connection(timeout_s=20 * PING_S)
    second.send(command(slack, "checkout", "e-1"))
    assert acknowledged(second) == "e-1"
    answers(slack, "checkout")
