"""The one reply: what it wears while it is worked on, and that it never stays in progress when its work was lost."""

from __future__ import annotations

import json
from typing import Any

import pytest
from redis import Redis

from diagnostics.question import Diagnosed
from tests import reports, slack_limits
from tests.bot.conftest import Diagnosis, Start, eventually
from tests.incidents.building import Incident
from tests.slack_fake import Channel, SlackFake

PROGRESS = "Looking at"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.progress.Ticker.__init__.__defaults__", (0.05,))
    monkeypatch.setattr("bot.app.SILENT_EVERY_S", 0.1)


def kinds(slack: SlackFake) -> set[str]:
    return {block["type"] for reply in slack.replies() for block in reply["blocks"]}


def elements(message: dict[str, Any]) -> list[dict[str, Any]]:
    return [one for block in message["blocks"] if block["type"] == "actions" for one in block["elements"]]


def answered_with_report() -> Diagnosis:
    return Diagnosis(outcome=Diagnosed(report=reports.report(), snapshot=Incident().snapshot()))


def test_progress_wears_task_cards_and_gives_way_to_the_answer(start: Start, slack: SlackFake) -> None:
    diagnosis = answered_with_report()
    diagnosis.go.clear()
    start(diagnosis).ask("checkout")
    slack.wait_for(lambda: "plan" in kinds(slack))
    diagnosis.go.set()
    slack.wait_for(lambda: "container" in kinds(slack))
    assert "plan" not in kinds(slack)
    assert len(slack.replies()) == 1


def test_a_workspace_without_task_cards_sees_plain_progress_and_the_rich_answer(
    start: Start, slack: SlackFake, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    dress = slack._wrong_dress
    monkeypatch.setattr(
        slack, "_wrong_dress", lambda body: "invalid_blocks" if '"plan"' in json.dumps(body) else dress(body)
    )
    diagnosis = answered_with_report()
    diagnosis.go.clear()
    start(diagnosis).ask("checkout")
    slack.wait_for(lambda: "1 of 4" in json.dumps(slack.replies()))
    diagnosis.go.set()
    slack.wait_for(lambda: "container" in kinds(slack))
    assert redis.ttl("alb502:plain-layout:progress:T0TEAM") > 80_000
    assert not redis.exists("alb502:plain-layout:T0TEAM")


def test_a_workspace_without_folds_gets_buttons_that_post_them_once(
    start: Start, slack: SlackFake, redis: Redis
) -> None:
    slack.refuse_rich = True
    bot = start(answered_with_report())
    bot.ask("checkout")
    (reply,) = slack.wait_for(lambda: [one for one in slack.replies() if "checkout · 504" in one["text"]])
    slack.wait_for(lambda: "checkout · 504" in slack.parents()[0]["text"])
    assert kinds(slack) == {"section", "context", "actions"}
    assert "```504 ·" in "\n".join(slack_limits.all_text(reply["blocks"]))
    assert redis.ttl("alb502:plain-layout:T0TEAM") > 80_000

    about = next(one["value"] for one in elements(reply) if one["action_id"] == "control-show-evidence")
    assert bot.post(slack.press(reply, about, action_id="control-show-evidence"))[0] == 200
    posted = slack.wait_for(lambda: [one for one in slack.replies() if "*Evidence*" in one["text"]])
    assert bot.post(slack.press(reply, about, action_id="control-show-evidence"))[0] == 200
    slack.wait_for(lambda: any("stands in this thread already" in one["text"] for one in slack.whispers))
    assert len(posted) == 1
    assert len(slack.replies()) == 2
    assert "no ingress rule of sg-0a1 covers" in json.dumps(posted)


def test_an_answer_for_one_person_alone_keeps_its_blocks_where_rich_ones_are_refused(
    start: Start, slack: SlackFake
) -> None:
    slack.refuse_rich = True
    slack.channels["C0NOT"] = Channel("C0NOT", bot_is_member=False)
    start(answered_with_report()).ask("checkout", channel="C0NOT")
    (told,) = slack.wait_for(lambda: [one for one in slack.whispers if "checkout · 504" in one["text"]])

    assert {block["type"] for block in told["blocks"]} == {"section", "context", "actions"}


def test_a_question_whose_job_was_lost_does_not_stay_in_progress(start: Start, slack: SlackFake, redis: Redis) -> None:
    diagnosis = Diagnosis()
    diagnosis.go.clear()
    start(diagnosis).ask("checkout")
    assert diagnosis.started.wait(10)
    (ask_id,) = eventually(lambda: redis.zrange("alb502:in-progress", 0, -1))
    redis.zadd("alb502:in-progress", {ask_id: 0})  # nothing was heard of it for long

    slack.wait_for(lambda: "failed" in slack.parents()[0]["text"])
    assert "Something went wrong" in slack.replies()[0]["text"]
    eventually(lambda: redis.zcard("alb502:in-progress") == 0)
    diagnosis.go.set()  # whoever comes back late has nothing to say any more
    eventually(lambda: not redis.hlen("alb502:jobs:people.msgs"))
    assert PROGRESS not in json.dumps(slack.replies())
    assert "Something went wrong" in slack.replies()[0]["text"]
    assert len(slack.replies()) == 1


def test_who_waits_unseen_for_an_answer_that_never_comes_is_told_so(
    start: Start, slack: SlackFake, redis: Redis
) -> None:
    """They wait for the same question of somebody else, and nothing in the channel says so."""
    slack.channels["C0NOT"] = Channel("C0NOT", bot_is_member=False)
    diagnosis = Diagnosis()
    diagnosis.go.clear()
    bot = start(diagnosis)
    bot.ask("checkout")
    assert diagnosis.started.wait(10)
    (first,) = eventually(lambda: redis.zrange("alb502:in-progress", 0, -1))
    bot.ask("checkout", channel="C0NOT")
    unseen = eventually(lambda: set(redis.zrange("alb502:in-progress", 0, -1)) - {first}).pop()
    redis.zadd("alb502:in-progress", {unseen: 0})  # nothing was heard of it for long

    slack.wait_for(lambda: "Something went wrong" in str(slack.whispers))
    diagnosis.go.set()
    eventually(lambda: redis.zcard("alb502:in-progress") == 0)


def test_an_answered_question_is_not_taken_for_lost(start: Start, slack: SlackFake, redis: Redis) -> None:
    start(answered_with_report()).ask("checkout")
    slack.wait_for(lambda: "container" in kinds(slack))
    eventually(lambda: redis.zcard("alb502:in-progress") == 0)
