"""Post-mortem: Markdown in the thread."""

from __future__ import annotations

import pytest

from bot.cli.drawing.markdown import post_mortem
from demo.slack.limits import message_errors
from handlers.controls.post_mortem import as_block
from tests import reports, slack_limits
from tests.handlers.controls.visiting import Hands, pressed, words_of

MARKDOWN = post_mortem(reports.report())


def preformatted(message) -> str:  # type: ignore[no-untyped-def]
    return "\n".join(
        block["elements"][0]["elements"][0]["text"] for block in message.blocks if block["type"] == "rich_text"
    )


def test_it_is_posted_as_it_would_be_pasted() -> None:
    hands = Hands(text=MARKDOWN)
    assert pressed("post-mortem", hands) is None
    ((name, channel, message),) = hands.posts
    assert (name, channel) == ("post-mortem", None)
    assert preformatted(message).strip() == MARKDOWN.strip()
    assert "alb502 report r-0123456789ab --format markdown" in message.text


@pytest.mark.parametrize("plain", [False, True])
@pytest.mark.parametrize(
    "text", [MARKDOWN, "x" * 60_000, "<!channel> & `a`\n" * 9_000, "\n" * 5_000 + "a", ""], ids=range(5)
)
def test_whatever_it_holds_slack_takes_it(text: str, plain: bool) -> None:
    message = as_block(text, "r-1", plain=plain)
    slack_limits.check(message.text, message.blocks)
    assert message_errors({"text": message.text, "blocks": list(message.blocks)}, plain=plain) == []


def test_what_is_missing_is_said() -> None:
    message = as_block("a line of some length, again and again\n" * 2_000, "r-1", plain=False)
    assert "of 2000 lines" in message.text
    assert len(preformatted(message)) < 12_000


def test_a_second_press_posts_nothing_and_says_where_it_is() -> None:
    assert "stands in this thread already" in words_of(pressed("post-mortem", Hands(posted="known")))
    assert "cannot post" in words_of(pressed("post-mortem", Hands(posted="unreachable")))


def test_below_an_answer_that_one_person_sees_only_this_person_gets_it() -> None:
    hands = Hands(text=MARKDOWN)
    assert "Post-mortem" in words_of(pressed("post-mortem", hands, private=True))
    assert hands.posts == []
