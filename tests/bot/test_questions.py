"""People ask in Slack and are answered in a thread."""

from __future__ import annotations

from tests.bot.conftest import Diagnosis, Start
from tests.slack_fake import SlackFake


def test_a_command_is_answered_in_a_thread_under_a_line_that_everybody_sees(start: Start, slack: SlackFake) -> None:
    diagnosis = Diagnosis()
    bot = start(diagnosis)
    assert bot.ask("checkout") == (200, "")
    slack.wait_for(lambda: len(slack.of("chat.update")) >= 2)
    (parent,) = slack.parents()
    (reply,) = slack.replies()
    assert "nothing called" in reply["text"]
    assert "nothing called" in parent["text"]
    assert reply["thread_ts"] == parent["ts"]
    assert [question.words for question in diagnosis.asked] == ["checkout"]
