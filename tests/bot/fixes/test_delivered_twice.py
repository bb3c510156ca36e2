"""A click on a fix that Slack delivers twice, as over a connection that broke before its acknowledgement: the second
delivery changes nothing and says nothing, whatever became of the first."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest
from redis import Redis

from bot.store.clicks import Clicks, FixButton, FixButtons
from bot.store.plans import Offers
from bot.store.reports import Reports
from handlers.fixes import pressed
from handlers.views import fix_story
from handlers.views import fixes as drawn
from remediations.approval import Ticket
from tests import reports
from tests.bot.conftest import Diagnosis, Start, eventually
from tests.bot.fixes.acting import START, TARGET, Stage, person
from tests.bot.test_socket_mode import acknowledged
from tests.remediations.cloud import ACCOUNT, REACH, REGION, plan
from tests.slack_fake import ALICE, APP_TOKEN, CHANNEL, Failure, SlackFake
from tests.slack_socket import Socket

BOB = "U0BOB"
OFFER = "two-settings"
PROD = {
    "name": "prod",
    "id": ACCOUNT,
    "regions": [REGION],
    "remediate_role": f"arn:aws:iam::{ACCOUNT}:role/fix",
}
BY_TWO = {"mode": "approve", "approvers": {"users": [ALICE, BOB]}, "two_person": ["low", "medium", "high"]}
MESSAGE = {"channel": CHANNEL, "ts": "1700.5", "thread_ts": "1700.1"}


@dataclass
class Scene:
    """A bot over Socket Mode whose fixes nobody carries out: what is agreed waits in the queue."""

    stage: Stage
    slack: SlackFake
    socket: Socket

    def __post_init__(self) -> None:
        self.connection = self.socket.next_connection()

    def deliver(self, envelope: Mapping[str, Any]) -> None:
        self.connection.send(dict(envelope))
        assert acknowledged(self.connection) == envelope["envelope_id"]
        self.work_ends()

    def work_ends(self) -> None:
        redis = self.stage.redis
        queues = ("people", "people.DQ", "deliveries", "deliveries.DQ")
        eventually(lambda: not any(redis.hlen(f"alb502:jobs:{queue}.msgs") for queue in queues))

    def reconnect(self) -> None:
        self.connection.close()
        self.connection = self.socket.next_connection()

    def outcome(self) -> dict[str, Any]:
        """All that a click can leave behind."""
        slack, redis = self.slack, self.stage.redis
        return {
            "tickets": [self.stage.ticket(one) for one in self.stage.tickets.unfinished()],
            "audit": self.stage.records(),
            "to carry out": redis.hlen("alb502:jobs:fixes.msgs"),
            "windows": dict(slack.views),
            "messages": slack.said(),
            "to one person": list(slack.whispers),
        }

    def asked(self, by: str) -> Ticket:
        wanted = self.stage.wanted()
        ticket = self.stage.desk.request(wanted, person(by), channel=CHANNEL, place="1700.1")
        assert isinstance(ticket, Ticket)
        return ticket

    def called(self, by: str) -> Ticket:
        ticket = self.stage.desk.call(self.asked(by).id, person(by))
        assert isinstance(ticket, Ticket)
        return ticket

    def submitted(self, ticket: Ticket, label: str) -> bytes:
        view = {
            "id": "V0",
            "type": "modal",
            "callback_id": drawn.PLAN,
            "private_metadata": f"{ticket.id}{drawn.SHOWN_SIGN}{ticket.digest}",
            "submit": {"type": "plain_text", "text": label},
        }
        return self.slack.submit(view, {})

    def pressed(self, action_id: str, about: str) -> bytes:
        return self.slack.press(MESSAGE, about, action_id=action_id)


@pytest.fixture
def scene(start: Start, slack: SlackFake, socket: Socket, redis: Redis) -> Scene:
    slack.add_user(BOB)
    start(Diagnosis(), slack_app_token=APP_TOKEN, slack_signing_secret=None, accounts=[PROD], remediations=BY_TWO)
    return Scene(Stage(redis, now=datetime.now(UTC)), slack, socket)


def opens(scene: Scene) -> bytes:
    found = reports.report(
        target=TARGET, made_at=scene.stage.now, causes=(reports.cause(remediations=(reports.fix(id=OFFER),)),)
    )
    redis = scene.stage.redis
    Reports(redis, 1).save(found)
    FixButtons(redis).put("f-1", FixButton(report=found.id, offer=OFFER))
    Offers(redis, 1).save(found.id, {OFFER: plan()}, REACH)
    return scene.pressed(f"{drawn.OPEN}-0", "f-1")


def reviews(scene: Scene) -> bytes:
    return scene.pressed(fix_story.REVIEW, scene.called(BOB).id)


def asks(scene: Scene) -> bytes:
    return scene.submitted(scene.asked(ALICE), drawn.ASK_LABEL)


def approves(scene: Scene) -> bytes:
    return scene.submitted(scene.called(BOB), drawn.APPROVE_LABEL)


def approves_alone(scene: Scene) -> bytes:
    return scene.submitted(scene.called(ALICE), drawn.APPROVE_LABEL)


def refuses(scene: Scene) -> bytes:
    return scene.pressed(fix_story.REFUSE, scene.called(BOB).id)


def undoes(scene: Scene) -> bytes:
    return scene.pressed(fix_story.UNDO, scene.stage.ran().id)


CLICKS: dict[Callable[[Scene], bytes], list[str]] = {
    opens: ["shown"],
    reviews: ["shown"],
    asks: ["asked"],
    approves: ["approved"],
    approves_alone: ["denied"],
    refuses: ["refused"],
    undoes: ["asked", "approved"],
}


@pytest.mark.parametrize("make", CLICKS, ids=lambda make: make.__name__)
def test_a_click_whose_acknowledgement_was_lost_counts_once(scene: Scene, make: Callable[[Scene], bytes]) -> None:
    envelope = enveloped(make(scene))
    before = len(scene.stage.records())
    scene.deliver(envelope)
    once = scene.outcome()
    assert [record.event for record in once["audit"][before:]] == CLICKS[make]
    scene.reconnect()
    scene.deliver(envelope)
    assert scene.outcome() == once


@pytest.mark.parametrize("make", [opens, reviews], ids=lambda make: make.__name__)
def test_nobody_is_told_that_a_window_came_too_late_which_stands_open(
    scene: Scene, make: Callable[[Scene], bytes]
) -> None:
    envelope = enveloped(make(scene))
    scene.deliver(envelope)
    once = scene.outcome()
    scene.slack.fail("views.open", Failure(200, "expired_trigger_id"))
    scene.deliver(envelope)
    assert scene.outcome() == once


def test_the_same_words_of_another_click_are_heard(scene: Scene) -> None:
    """Somebody really presses again."""
    ticket = scene.called(BOB)
    for _ in range(2):
        scene.deliver(enveloped(scene.pressed(fix_story.REFUSE, ticket.id)))
    assert scene.stage.events()[-2:] == ["refused", "denied"]
    assert "refused by" in scene.slack.whispers[-1]["text"]


def test_what_was_sealed_first_stays(redis: Redis) -> None:
    """Two deliveries at once: the approval that the first one gave holds its proof."""
    first = pressed({"trigger_id": "1.2.3"}, "refuse", START)
    second = pressed({"trigger_id": "1.2.3"}, "refuse", START + timedelta(seconds=1))
    clicks = Clicks(redis)
    clicks.put(first)
    clicks.put(second)
    assert clicks.take(second.id) == first


def enveloped(body: bytes) -> dict[str, Any]:
    payload = json.loads(parse_qs(body.decode())["payload"][0])
    return {"type": "interactive", "envelope_id": "e-1", "payload": payload, "accepts_response_payload": True}
