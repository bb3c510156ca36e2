"""Socket Mode in trouble: Slack closes connections, is away, delivers again; nothing is lost and nothing said twice."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.bot.conftest import Diagnosis, Start, eventually
from tests.bot.test_socket_mode import acknowledged, answers, command, mention, started
from tests.slack_fake import SlackFake
from tests.slack_socket import Connection, Socket

BAD_CLICK = {"type": "block_actions", "actions": "none"}
ODD: tuple[dict[str, Any], ...] = (
    {},
    {"type": None},
    {"type": "events_api"},
    {"type": "slash_commands", "envelope_id": "e", "payload": None},
    {"type": "interactive", "envelope_id": "e", "payload": BAD_CLICK},
    {"type": "events_api", "envelope_id": "e", "payload": {"event": []}},
)


def disconnect(connection: Connection, reason: str) -> None:
    connection.send({"type": "disconnect", "reason": reason, "debug_info": {"host": "here"}})


@pytest.mark.parametrize("reason", ["warning", "refresh_requested", "one of next year"])
def test_slack_says_that_a_connection_ends_and_what_came_over_it_is_answered(
    start: Start, slack: SlackFake, socket: Socket, reason: str
) -> None:
    started(start, Diagnosis())
    first = socket.next_connection()
    first.send(command(slack, "before", "e-1"))
    disconnect(first, reason)
    second = socket.next_connection()
    first.close()
    second.send(command(slack, "after", "e-2"))
    answers(slack, "before")
    answers(slack, "after")
    assert len(slack.replies()) == len(slack.parents()) == 2


def delivered_twice(socket: Socket, envelope: dict[str, Any]) -> Connection:
    """Over one connection, which breaks, and the next: Slack may not have heard the acknowledgement."""
    first = socket.next_connection()
    first.send(envelope)
    assert acknowledged(first) == envelope["envelope_id"]
    first.close()
    second = socket.next_connection()
    second.send(envelope)
    assert acknowledged(second) == envelope["envelope_id"]
    return second


def test_a_command_that_comes_over_two_connections_is_one_question(
    start: Start, slack: SlackFake, socket: Socket
) -> None:
    started(start, Diagnosis())
    second = delivered_twice(socket, command(slack, "checkout", "e-1"))
    second.send(command(slack, "marker", "e-2"))
    answers(slack, "checkout")
    answers(slack, "marker")
    eventually(lambda: len(slack.parents()) == 2)
    assert len(slack.replies()) == 2


def test_a_command_that_comes_over_two_connections_opens_one_window(
    start: Start, slack: SlackFake, socket: Socket
) -> None:
    """And is not told beside it what else could be typed."""
    started(start, Diagnosis())
    delivered_twice(socket, command(slack, "", "e-1"))
    assert len(slack.views) == 1


def test_an_event_whose_acknowledgement_was_lost_comes_again_and_is_answered_once(
    start: Start, slack: SlackFake, socket: Socket
) -> None:
    diagnosis = Diagnosis()
    started(start, diagnosis)
    first = socket.next_connection()
    first.send(mention(slack, "checkout", "e-1"))
    assert diagnosis.started.wait(20)
    first.close()
    second = socket.next_connection()
    second.send(mention(slack, "checkout", "e-2", retry=1))
    assert acknowledged(second) == "e-2"
    answers(slack, "checkout")
    assert len(slack.replies()) == 1
    assert len(diagnosis.asked) == 1


def test_while_socket_mode_is_turned_off_it_says_so_and_it_goes_on_once_it_is_back(
    start: Start, slack: SlackFake, socket: Socket
) -> None:
    bot = started(start, Diagnosis())
    first = socket.next_connection()
    slack.socket_url = ""
    disconnect(first, "link_disabled")
    first.close()
    status, text = eventually(lambda: (said := bot.ops("/readyz"))[0] != 200 and said)
    assert (status, json.loads(text)["checks"]["socket"] == "ok") == (503, False)
    slack.socket_url = socket.url
    second = socket.next_connection()
    second.send(command(slack, "checkout", "e-1"))
    assert acknowledged(second) == "e-1"
    answers(slack, "checkout")


def test_what_is_no_envelope_of_slack_is_passed_over(start: Start, slack: SlackFake, socket: Socket) -> None:
    started(start, Diagnosis())
    connection = socket.next_connection()
    for odd in ODD:
        connection.send(odd)
    connection.send(command(slack, "checkout", "e-1"))
    answers(slack, "checkout")
