"""What becomes of verified messages: alarms for the topic's channel, tasks for the memory, the rest for nobody."""

from __future__ import annotations

import http.client
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from redis import Redis

from bot.sns.envelope import read_envelope
from bot.sns.inbox import SnsInbox
from bot.sns.receiving import NotTakenError
from bot.store.task_memory import StoredTasks
from diagnostics.collect.task_memory import Remembered
from handlers.alarms import AlarmNews
from handlers.ask import NotQueuedError
from tests.bot.conftest import Diagnosis, Start
from tests.bot.sns.sender import NOW, TOPIC, Sender
from tests.handlers.alarm_formats.posters import Alarm, eventbridge, sns_json

CHANNEL = "C0ALERTS"
SNS = Sender()


class Desk:
    def __init__(self) -> None:
        self.taken: list[AlarmNews] = []
        self.is_full = False

    def take_alarm(self, news: AlarmNews) -> bool:
        if self.is_full:
            raise NotQueuedError
        is_new = all(one.id != news.id for one in self.taken)
        if is_new:
            self.taken.append(news)
        return is_new


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def inbox(desk: Desk, redis: Redis) -> SnsInbox:
    return SnsInbox({TOPIC: CHANNEL}, desk, StoredTasks(redis), lambda: NOW)


def take(inbox: SnsInbox, message: str, message_id: str = "m-1") -> bool:
    return inbox.take(read_envelope(SNS.message(Message=message, MessageId=message_id)))


def raw(posted: dict[str, Any]) -> str:
    text: str = posted["text"].strip("`").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    return text


def stopped(task: str = "0123", **detail: Any) -> dict[str, Any]:
    base = "arn:aws:ecs:us-east-1:111122223333"
    told: dict[str, Any] = {
        "taskArn": f"{base}:task/prod/{task}",
        "clusterArn": f"{base}:cluster/prod",
        "taskDefinitionArn": f"{base}:task-definition/checkout:7",
        "group": "service:checkout",
        "lastStatus": "STOPPED",
        "desiredStatus": "STOPPED",
        "stoppedAt": "2026-03-14T03:13:00.123Z",
        "stopCode": "EssentialContainerExited",
        "stoppedReason": "Essential container in task exited",
        "containers": [{"name": "web", "exitCode": 137, "reason": "OutOfMemoryError: Container killed"}],
        **detail,
    }
    event = {"source": "aws.ecs", "detail-type": "ECS Task State Change", "account": "111122223333"}
    return {**event, "region": "us-east-1", "detail": told}


@pytest.mark.parametrize("poster", [sns_json, eventbridge])
def test_an_alarm_goes_to_the_channel_of_its_topic(inbox: SnsInbox, desk: Desk, poster: Any) -> None:
    assert take(inbox, raw(poster(Alarm(name="a <b> & c"))))
    (news,) = desk.taken
    assert (news.channel, news.thread_ts, news.alarm, news.state) == (CHANNEL, None, "a <b> & c", "ALARM")
    assert not take(inbox, raw(poster(Alarm(name="a <b> & c"))))


def test_a_queue_that_is_gone_makes_sns_come_again(inbox: SnsInbox, desk: Desk) -> None:
    desk.is_full = True
    with pytest.raises(NotTakenError):
        take(inbox, raw(sns_json(Alarm())))


def test_tasks_that_stopped_are_remembered(inbox: SnsInbox, redis: Redis) -> None:
    for number in range(5):
        assert take(inbox, json.dumps(stopped(f"task{number}")), f"m-{number}")
    known = StoredTasks(redis).recall("111122223333/us-east-1/prod/checkout")
    assert known is not None
    remembered = Remembered.model_validate_json(known)
    assert sorted(task.id for task in remembered.tasks) == [f"task{number}" for number in range(5)]
    assert remembered.tasks[0].containers[0].exit_code == 137
    assert remembered.tasks[0].seen_at == NOW
    assert not remembered.covers(NOW - timedelta(minutes=5), NOW)


@pytest.mark.parametrize(
    "message",
    [
        "hello",
        "{}",
        json.dumps({"detail-type": "ECS Task State Change"}),
        json.dumps(stopped(stoppedAt=None)),
        json.dumps(stopped(group="family:once")),
        json.dumps({**stopped(), "source": "me"}),
        json.dumps(stopped(containers=[{}])),
        json.dumps(stopped(taskArn=None)),
        json.dumps({"AlarmName": "x", "NewStateValue": "INSUFFICIENT_DATA"}),
    ],
)
def test_what_is_neither_is_left_alone(inbox: SnsInbox, desk: Desk, redis: Redis, message: str) -> None:
    assert take(inbox, message)
    assert not desk.taken
    assert not redis.keys("alb502:stopped-tasks:*")


def test_the_endpoint_is_there_with_topics_only(start: Start) -> None:
    for topics, status in (({}, 404), ({TOPIC: CHANNEL}, 400)):
        bot = start(Diagnosis(), alarms={"sns_topics": topics})
        assert bot.running.http_port is not None
        connection = http.client.HTTPConnection("127.0.0.1", bot.running.http_port, timeout=10)
        connection.request("POST", "/alarms/sns", b"{}")
        assert connection.getresponse().status == status
        connection.close()


def test_the_endpoint_refuses_what_is_old(start: Start) -> None:
    """The time of these tests is long ago: the message is refused for its age before anything is fetched."""
    bot = start(Diagnosis(), alarms={"sns_topics": {TOPIC: CHANNEL}})
    assert bot.running.http_port is not None
    connection = http.client.HTTPConnection("127.0.0.1", bot.running.http_port, timeout=10)
    connection.request("POST", "/alarms/sns", SNS.message(Timestamp=(NOW - timedelta(days=1)).isoformat()))
    assert connection.getresponse().status == 403
    connection.close()
    assert datetime.now(UTC) > NOW
