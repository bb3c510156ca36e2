"""Commands are told apart from the words around them."""

from __future__ import annotations

import pytest

from diagnostics.commands import split_command, when_to_run, without_commands


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a listener: aws ecs list-tasks", ("a listener", "aws ecs list-tasks")),
        ("a handshake: time openssl s_client", ("a handshake", "time openssl s_client")),
        ("a later steady state", ("a later steady state", None)),
        ("an answer: 200", ("an answer: 200", None)),
        ("one of: awsome services", ("one of: awsome services", None)),
    ],
)
def test_the_command_is_what_follows_the_colon(text: str, parts: tuple[str, str | None]) -> None:
    assert split_command(text) == parts


@pytest.mark.parametrize(
    ("advice", "words", "commands"),
    [
        (
            "Run more: `aws ecs update-service --desired-count N`; then scale.",
            "Run more; then scale.",
            ("aws ecs update-service --desired-count N",),
        ),
        (
            "Fetch it (`curl -sS URL`): it has to answer. See it: `docker run IMAGE`.",
            "Fetch it: it has to answer. See it.",
            ("curl -sS URL", "docker run IMAGE"),
        ),
        ("Accept it: `aws elbv2 modify-rule`", "Accept it.", ("aws elbv2 modify-rule",)),
        ("The mode `monitor` lets them pass: `200`.", "The mode `monitor` lets them pass: `200`.", ()),
        ("Twice: `nc -z a 1`, and `nc` again: `nc -z a 1`.", "Twice, and `nc` again.", ("nc -z a 1",)),
    ],
)
def test_an_advice_gives_up_the_commands_that_it_marks(advice: str, words: str, commands: tuple[str, ...]) -> None:
    assert without_commands(advice) == (words, commands)


def test_the_commands_of_an_advice_for_now_need_no_word_before_them() -> None:
    assert when_to_run("Run more tasks.") == ""
