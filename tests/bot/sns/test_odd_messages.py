"""Messages of SNS with members missing, of other kinds, huge or strange: refused or passed over, never a failure."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from datetime import datetime
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sns.inbox import SnsInbox
from bot.sns.receiving import LATER, REFUSED, TAKEN, UNREADABLE, Receiver
from bot.sns.verifying import Verifier
from bot.store.alarms import MAX_NEWS_BYTES
from bot.store.task_memory import StoredTasks
from diagnostics.collect.task_memory import Remembered
from handlers.alarms import AlarmNews
from tests.bot.sns.sender import NOW, TOPIC, Sender
from tests.bot.sns.test_inbox import raw
from tests.fuzzing import dice, examples, mutated
from tests.handlers.alarm_formats.posters import Alarm, eventbridge, sns_json

SNS = Sender()
TASK = {
    "detail-type": "ECS Task State Change", "source": "aws.ecs", "account": "111122223333", "region": "us-east-1",
    "time": "2026-03-14T03:13:00Z", "resources": ["arn:aws:ecs:us-east-1:111122223333:task/prod/" + "0" * 32],
    "detail": {
        "lastStatus": "STOPPED", "group": "service:checkout", "stoppedReason": "Essential container in task exited",
        "clusterArn": "arn:aws:ecs:us-east-1:111122223333:cluster/prod", "stopCode": "EssentialContainerExited",
        "taskArn": "arn:aws:ecs:us-east-1:111122223333:task/prod/" + "0" * 32, "stoppedAt": "2026-03-14T03:13:00Z",
        "taskDefinitionArn": "arn:aws:ecs:us-east-1:111122223333:task-definition/checkout:7",
        "containers": [{"name": "app", "exitCode": 137, "reason": "OutOfMemoryError"}],
    },
}  # fmt: skip


class Desk:
    def take_alarm(self, news: AlarmNews) -> bool:
        assert len(news.model_dump_json().encode()) <= MAX_NEWS_BYTES
        return True


class Tasks:
    """Remembers nothing."""

    def change(self, service: Any, change: Callable[[Remembered], Remembered]) -> None:
        str(service).encode()
        change(Remembered()).model_dump_json()


@pytest.fixture(scope="module")
def receiver() -> Receiver:
    def now() -> datetime:
        return NOW

    inbox = SnsInbox({TOPIC: "C0ALERTS"}, Desk(), cast("StoredTasks", Tasks()), now)
    return Receiver([TOPIC], inbox, Verifier(SNS.fetch, now), confirm=lambda _: None)


@examples(60)
@given(kind=st.sampled_from(("Notification", "SubscriptionConfirmation")), dice=dice())
def test_whatever_the_envelope_is_it_is_refused_or_taken(receiver: Receiver, kind: str, dice: random.Random) -> None:
    body = json.dumps(mutated(json.loads(SNS.message(kind)), dice)).encode()
    assert receiver.receive(body) in {TAKEN, UNREADABLE, REFUSED, LATER}


@examples(60)
@given(message=st.sampled_from((sns_json, eventbridge, None)), dice=dice())
def test_whatever_a_signed_message_holds_it_is_taken(receiver: Receiver, message: Any, dice: random.Random) -> None:
    inner = TASK if message is None else json.loads(raw(message(Alarm(name="checkout-5xx", state="ALARM"))))
    signed = SNS.message(Message=json.dumps(mutated(inner, dice)), MessageId=f"m-{dice.random()}")
    assert receiver.receive(signed) == TAKEN


def test_half_a_character_is_refused_before_anything_is_believed(receiver: Receiver) -> None:
    for name in json.loads(SNS.message()):
        said = receiver.receive(json.dumps({**json.loads(SNS.message()), name: "\ud800"}).encode())
        assert said in {UNREADABLE, REFUSED}, name


def test_a_member_of_another_kind_is_refused_before_anything_is_believed(receiver: Receiver) -> None:
    for name in json.loads(SNS.message()):
        assert receiver.receive(json.dumps({**json.loads(SNS.message()), name: [1]}).encode()) in {UNREADABLE, REFUSED}
