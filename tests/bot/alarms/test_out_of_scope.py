"""Whatever way a question takes, a channel learns nothing of a service that its scope leaves out."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from diagnostics.question import Ambiguous, Candidate, Diagnosed, Outcome, Progress, ProgressListener, Question
from diagnostics.snapshot import Snapshot, Subject, Window
from tests import reports
from tests.bot.alarms.posting import Scene, ts
from tests.bot.conftest import Diagnosis
from tests.bot.controls.test_picking import picker, typed
from tests.bot.test_refresh import button_of, press
from tests.handlers.alarm_formats.posters import Alarm, amazon_q
from tests.slack_fake import CHANNEL

HIDDEN = "zebra-billing"
ADDRESS = "https://shop.example.com/cart"
SCOPES = {CHANNEL: {"services": ["checkout"]}}


def about(service: str) -> Diagnosed:
    subject = Subject(query=service, kind="ecs-service", account="111122223333", region="us-east-1")
    window = Window(start=reports.START, end=reports.END)
    target = reports.target(query=service, label=service, service=service, notes=(f"the service {service}",))
    made = reports.report(
        target=target, headline=f"{service} · 502", causes=(reports.cause(summary=f"{service} fails"),)
    )
    return Diagnosed(report=made, snapshot=Snapshot.of(subject=subject, window=window, taken_at=datetime.now(UTC)))


@dataclass
class Leading(Diagnosis):
    """Leads to the hidden service, and tells of it on the way; to what may be seen while there is an `outcome`."""

    def __call__(self, question: Question, progress: ProgressListener) -> Outcome:
        if self.outcome is not None:
            return super().__call__(question, progress)
        found = about(HIDDEN)
        for step in ("finding", "reading"):
            progress(Progress(step=step, text=f"no answer yet from {HIDDEN}, logs in /ecs/{HIDDEN}"))
        progress(Progress(step="reading", text=HIDDEN, so_far=found.report))
        return found


def command(scene: Scene) -> None:
    scene.bot.ask(ADDRESS)


def mention(scene: Scene) -> None:
    scene.mention(ts(1), f" {ADDRESS}")


def picked(scene: Scene) -> None:
    scene.bot.ask("")
    scene.bot.post(scene.slack.submit(picker(scene.slack), {"typed": typed(ADDRESS)}))


def alarm(scene: Scene) -> None:
    scene.post("checkout-502", ts(1))


def alarm_by_sns(scene: Scene) -> None:
    scene.by_sns("checkout-502")


def shortcut(scene: Scene) -> None:
    scene.shortcut(scene.standing(amazon_q(Alarm(name="checkout-502", state="ALARM")), ts(1)))


def mention_below_an_alarm(scene: Scene) -> None:
    scene.standing(amazon_q(Alarm(name="checkout-502", state="ALARM")), ts(1))
    scene.mention(ts(1))


def refresh(scene: Scene) -> None:
    scene.diagnosis.outcome = about("checkout")
    scene.bot.ask("checkout")
    reply = scene.slack.wait_for(lambda: next((one for one in scene.slack.replies() if "refresh" in str(one)), None))
    scene.settled()
    scene.diagnosis.outcome = None
    assert press(scene.bot, reply, button_of(reply)) == 200


def menu(scene: Scene) -> None:
    one = Candidate(kind="ecs-service", name="checkout", account="111122223333", region="us-east-1", words="p/checkout")
    scene.diagnosis.outcome = Ambiguous(words=ADDRESS, candidates=(one, one.model_copy(update={"name": HIDDEN})))
    scene.bot.ask(ADDRESS)
    reply = scene.slack.wait_for(lambda: next((one for one in scene.slack.replies() if "choose" in str(one)), None))
    scene.settled()
    scene.diagnosis.outcome = None
    (chosen,) = [one for block in reply["blocks"] if block["type"] == "actions" for one in block["elements"]]
    value = chosen["options"][0]["value"]
    scene.bot.post(scene.slack.press(reply, value, action_id="choose", kind="static_select"))


WAYS = (command, mention, picked, alarm, alarm_by_sns, shortcut, mention_below_an_alarm, refresh, menu)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_no_way_to_ask_leads_out_of_the_scope(scene: Scene, way: Callable[[Scene], None]) -> None:
    scene.diagnosis = Leading()
    scene.begin(scopes=SCOPES)
    way(scene)
    scene.slack.wait_for(lambda: "may ask about" in json.dumps([call.body for call in scene.slack.calls]))
    scene.settled()
    heard = json.dumps([call.body for call in scene.slack.calls]) + json.dumps(scene.slack.whispers)
    assert HIDDEN not in heard


def test_a_button_works_in_its_own_channel_only(scene: Scene) -> None:
    """Where a click came from is what Slack has signed; what the button is about is what we kept."""
    scene.diagnosis.outcome = about("checkout")
    scene.begin()
    scene.bot.ask("checkout")
    reply = scene.slack.wait_for(lambda: next((one for one in scene.slack.replies() if "refresh" in str(one)), None))
    scene.settled()
    asked = len(scene.diagnosis.asked)
    assert press(scene.bot, {**reply, "channel": "C0ELSE"}, button_of(reply)) == 200
    assert "belongs to another channel" in scene.whispered()
    assert len(scene.diagnosis.asked) == asked
