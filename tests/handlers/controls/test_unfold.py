"""Where folds are refused: the buttons that post them in the thread."""

from __future__ import annotations

import pytest

from handlers import views
from handlers.controls import catalogue
from handlers.views.controls import controls
from handlers.views.details import LABELS, names
from handlers.views.summary import REFRESH, UNFOLD
from tests import reports
from tests.handlers.controls.visiting import NOW, Hands, pressed, words_of

FIXABLE = reports.report(causes=(reports.cause(remediations=(reports.fix(),)),))


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("evidence", "no ingress rule of sg-0a1 covers 8080/tcp"),
        ("timeline", "RevokeSecurityGroupIngress on sg-0a1"),
        ("commands", "```aws ec2 revoke-security-group-ingress --region us-east-1"),
        ("checks", "*Could not be decided* (1)"),
        ("gaps", '```{"Effect": "Allow", "Action": "s3:GetObject"'),
    ],
)
def test_each_is_posted_in_the_thread(name: str, says: str) -> None:
    hands = Hands()
    assert pressed(f"show-{name}", hands, FIXABLE) is None
    ((posted, channel, message),) = hands.posts
    assert (posted, channel) == (f"show-{name}", None)
    assert says in str(message.blocks)
    assert "checkout · 504" in message.text


def test_it_stands_there_once() -> None:
    assert "stands in this thread already" in words_of(pressed("show-evidence", Hands(posted="known")))
    assert "cannot post" in words_of(pressed("show-evidence", Hands(posted="unreachable")))


def test_whoever_sees_the_answer_alone_is_told_alone() -> None:
    hands = Hands()
    assert "no ingress rule" in str(pressed("show-evidence", hands, private=True))
    assert hands.posts == []


def test_a_button_for_what_is_not_there_says_so() -> None:
    assert "nothing of it in this report" in words_of(pressed("show-commands", report=reports.well()))


def test_the_plain_answer_has_a_button_for_each_and_the_row_of_controls_has_none() -> None:
    plain = views.summary(FIXABLE, now=NOW, age_s=None, plain=True, refresh="b-1")
    buttons = [one for block in plain.blocks if block["type"] == "actions" for one in block["elements"]]

    assert [one["action_id"] for one in buttons] == [REFRESH, *(f"{UNFOLD}{name}" for name in LABELS)]
    assert {one["action_id"] for one in buttons[1:]} <= {spec.action_id for spec in catalogue().values()}
    assert {one["value"] for one in buttons} == {"b-1"}
    assert names(FIXABLE) == tuple(LABELS)
    assert UNFOLD not in str(controls(FIXABLE, "b-1"))
