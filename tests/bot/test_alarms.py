"""Alarms that programs post: one diagnosis and one thread for each load balancer, whatever the storm."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from redis import Redis

from bot import alarming
from bot.jobs import QUEUES, Lane
from bot.store.alarms import AlarmShelf
from bot.store.incidents import Mutes
from diagnostics.locate.alarm_truth import KnownAlarm, NotOurs
from diagnostics.question import Diagnosed
from diagnostics.report import TimelineEntry
from diagnostics.snapshot import Snapshot, Subject, Window
from handlers.alarms import AlarmNews
from tests.bot.conftest import BotUnderTest, Diagnosis, Start, eventually
from tests.handlers.alarm_formats.posters import Alarm, amazon_q
from tests.reports import END, START, report
from tests.slack_fake import BOT_ID, CHANNEL, SlackFake

BALANCER = "arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/app/checkout/50dc6c495c0c9188"

POSTED_S = int(time.time()) - 240


class Aws:
    """What AWS says of alarms: those of `unknown` do not exist, all others are about one load balancer."""

    def __init__(self) -> None:
        self.began = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=5)
        self.state = "ALARM"
        self.unknown: set[str] = set()
        self.balancers: dict[str, str] = {}
        self.unread = 0

    def __call__(self, news: AlarmNews) -> KnownAlarm | NotOurs:
        name = news.alarm or "?"
        if self.unread:
            self.unread -= 1
            return NotOurs("no answer", unread=True)
        if name in self.unknown:
            return NotOurs("no account that may be read has this alarm")
        return KnownAlarm(
            name=name,
            account="111122223333",
            region="us-east-1",
            state=self.state,
            changed_at=self.began,
            watches=self.balancers.get(name, BALANCER),
            words=f"arn:aws:cloudwatch:us-east-1:111122223333:alarm:{name}",
        )


def diagnosed(*timeline: TimelineEntry) -> Diagnosed:
    subject = Subject(query="checkout", kind="ecs-service", account="111122223333", region="us-east-1")
    snapshot = Snapshot.of(subject=subject, window=Window(start=START, end=END), taken_at=datetime.now(UTC))
    return Diagnosed(report=report(timeline=timeline), snapshot=snapshot)


@pytest.fixture
def aws() -> Aws:
    return Aws()


@pytest.fixture
def diagnosis() -> Diagnosis:
    return Diagnosis(outcome=diagnosed())


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alarming, "RETELL_AFTER_S", 0.0)
    monkeypatch.setattr(alarming, "RECHECK_AFTER_S", 0.0)
    monkeypatch.setattr(alarming, "UNREAD_AGAIN_S", 0.1)


def ts(number: int) -> str:
    """Of a message of the last minutes."""
    return f"{POSTED_S}.{number:06d}"


def post(bot: BotUnderTest, name: str, at: str, *, state: str = "ALARM", event_id: str = "", **more: Any) -> None:
    event = {**amazon_q(Alarm(name=name, state=state)), "channel": CHANNEL, "ts": at, **more}
    status, _ = bot.post(bot.slack.posted(event, event_id=event_id or f"Ev-{at}-{state}"))
    assert status == 200


def ours(slack: SlackFake) -> list[dict[str, Any]]:
    return [message for message in slack.said() if message.get("bot_id") == BOT_ID]


def words_of(message: dict[str, Any]) -> str:
    return f"{message['text']} {message['blocks']}"


def settled(bot: BotUnderTest) -> None:
    """Every job is done."""
    eventually(lambda: all(f'alb502_jobs_waiting{{queue="{queue}"}} 0.0' in bot.ops("/metrics")[1] for queue in QUEUES))


def test_an_alarm_is_answered_in_its_thread(start: Start, slack: SlackFake, aws: Aws, diagnosis: Diagnosis) -> None:
    bot = start(diagnosis, alarm=aws)
    post(bot, "checkout-502", ts(1))
    reply = slack.wait_for(lambda: next((one for one in ours(slack) if "checkout" in one["text"]), None))
    settled(bot)
    assert [one["thread_ts"] for one in ours(slack)] == [ts(1)]
    assert "Security group sg-0a1" in words_of(reply)
    (asked,) = diagnosis.asked
    assert asked.words.endswith(":alarm:checkout-502")
    assert asked.start == aws.began - alarming.BEFORE


@pytest.mark.parametrize(
    "more",
    [
        {"user": "U0PERSON", "bot_id": None, "app_id": None},
        {"bot_id": BOT_ID},
        {"channel": "C0OTHER"},
        {"app_id": "A0ELSE", "bot_id": "B0ELSE"},
    ],
    ids=["a person", "the bot itself", "another channel", "another sender"],
)
def test_what_is_not_listened_to_is_left_alone(
    start: Start, slack: SlackFake, aws: Aws, diagnosis: Diagnosis, more: dict[str, Any]
) -> None:
    bot = start(diagnosis, alarm=aws, alarms={"channels": [CHANNEL], "senders": ["A6L22LZNH", BOT_ID]})
    post(bot, "checkout-502", ts(1), **more)
    settled(bot)
    assert [message["ts"] for message in ours(slack)] in ([], [ts(1)])
    assert not diagnosis.asked


def test_an_alarm_that_aws_does_not_have_causes_silence(
    start: Start, slack: SlackFake, aws: Aws, diagnosis: Diagnosis
) -> None:
    aws.unknown = {"made-up"}
    bot = start(diagnosis, alarm=aws)
    post(bot, "made-up", ts(1))
    settled(bot)
    assert not ours(slack)
    assert 'alb502_alarms_total{result="not ours"}' in bot.ops("/metrics")[1]


def test_the_same_event_twice_counts_once(start: Start, slack: SlackFake, aws: Aws, diagnosis: Diagnosis) -> None:
    bot = start(diagnosis, alarm=aws)
    for _ in range(3):
        post(bot, "checkout-502", ts(1), event_id="Ev1")
    post(bot, "checkout-502", ts(2), event_id="Ev2")
    settled(bot)
    assert len(diagnosis.asked) == 1
    assert len(ours(slack)) == 1


def test_a_storm_is_one_diagnosis_three_pointers_and_a_table(
    start: Start, slack: SlackFake, aws: Aws, diagnosis: Diagnosis
) -> None:
    bot = start(diagnosis, alarm=aws)
    for number in range(8):
        post(bot, f"alarm-{number}", ts(number))
    answer = slack.wait_for(lambda: next((one for one in ours(slack) if "alarm-7" in words_of(one)), None), 20)
    settled(bot)
    pointers = [one for one in ours(slack) if "the diagnosis is in" in one["text"]]
    assert len(diagnosis.asked) == 1
    assert len(pointers) == 3
    assert len(ours(slack)) == 4
    assert all(f"alarm-{number}" in words_of(answer) for number in range(8))
    assert all(f"p{answer['thread_ts'].replace('.', '')}" in words_of(one) for one in pointers)
    assert answer["thread_ts"] not in {one["thread_ts"] for one in pointers}


def test_alarms_of_another_load_balancer_are_another_incident(
    start: Start, slack: SlackFake, aws: Aws, diagnosis: Diagnosis
) -> None:
    aws.balancers = {"search-504": BALANCER.replace("checkout", "search")}
    bot = start(diagnosis, alarm=aws)
    post(bot, "checkout-502", ts(1))
    post(bot, "search-504", ts(2))
    settled(bot)
    assert sorted(one["thread_ts"] for one in ours(slack)) == [ts(1), ts(2)]
    assert len(diagnosis.asked) == 2


def test_the_end_is_told_in_the_same_message_with_what_came_before(
    start: Start, slack: SlackFake, aws: Aws, diagnosis: Diagnosis
) -> None:
    bot = start(diagnosis, alarm=aws)
    post(bot, "checkout-502", ts(1))
    settled(bot)
    began = aws.began
    restored = TimelineEntry(
        at=began + timedelta(minutes=2),
        event="sg-0a1: inbound rule added",
        source="cloudtrail:LookupEvents",
        actor="role/ops-admin",
    )
    diagnosis.outcome = diagnosed(restored)
    aws.state, aws.began = "OK", began + timedelta(minutes=4)
    post(bot, "checkout-502", ts(9), state="OK")
    answer = slack.wait_for(lambda: next((one for one in ours(slack) if "inbound rule added" in words_of(one)), None))
    settled(bot)
    assert len(ours(slack)) == 1
    assert "Recovered at" in words_of(answer)
    assert "after 4 min" in words_of(answer)
    assert "role/ops-admin" in words_of(answer)
    assert "Security group sg-0a1" in words_of(answer)


def test_an_end_that_nobody_was_told_the_beginning_of_is_silent(
    start: Start, slack: SlackFake, aws: Aws, diagnosis: Diagnosis
) -> None:
    aws.state = "OK"
    bot = start(diagnosis, alarm=aws)
    post(bot, "checkout-502", ts(1), state="OK")
    settled(bot)
    assert not ours(slack)


def test_muted_alarms_are_counted_and_silent(
    start: Start, slack: SlackFake, aws: Aws, diagnosis: Diagnosis, redis: Redis
) -> None:
    now = datetime.now(UTC)
    Mutes(redis).mute(BALANCER, now + timedelta(hours=2), "U0ALICE", now)
    bot = start(diagnosis, alarm=aws)
    post(bot, "checkout-502", ts(1))
    settled(bot)
    assert not ours(slack)
    assert Mutes(redis).count(BALANCER) == 2


def test_an_alarm_that_could_not_be_looked_up_is_tried_again(
    start: Start, slack: SlackFake, aws: Aws, diagnosis: Diagnosis
) -> None:
    aws.unread = 2
    bot = start(diagnosis, alarm=aws)
    post(bot, "checkout-502", ts(1))
    slack.wait_for(lambda: any("checkout" in one["text"] for one in ours(slack)))


def test_an_alarm_that_comes_while_no_worker_runs_is_not_lost(
    start: Start, slack: SlackFake, aws: Aws, diagnosis: Diagnosis
) -> None:
    post(start(diagnosis, role="web"), "checkout-502", ts(1))
    start(diagnosis, role="worker", alarm=aws)
    slack.wait_for(lambda: any("checkout" in one["text"] for one in ours(slack)))
    assert [one["thread_ts"] for one in ours(slack)] == [ts(1)]


def test_a_channel_that_others_read_is_not_told(start: Start, slack: SlackFake, aws: Aws, diagnosis: Diagnosis) -> None:
    slack.channels[CHANNEL].shared = True
    bot = start(diagnosis, alarm=aws)
    post(bot, "checkout-502", ts(1))
    settled(bot)
    assert not ours(slack)
    assert not slack.whispers


def test_an_alarm_by_sns_is_announced_once_and_answered_below(
    start: Start, slack: SlackFake, aws: Aws, diagnosis: Diagnosis, redis: Redis
) -> None:
    bot = start(diagnosis, alarm=aws)
    desk = DeskOf(redis)
    for number, name in enumerate(["checkout-502", "checkout-504"]):
        desk.take(AlarmNews(id=f"ask-sns{number}", correlation_id="c-1", state="ALARM", at=aws.began, team="",
                            channel=CHANNEL, alarm=name, account="111122223333", region="us-east-1"))  # fmt: skip
        settled(bot)
    (head,) = slack.parents()
    assert "checkout-502" in head["text"]
    assert [one["thread_ts"] for one in slack.replies()] == [head["ts"]]
    assert "checkout-504" in words_of(slack.replies()[0])


class DeskOf:
    """Queues an alarm as the process that took it in does."""

    def __init__(self, redis: Redis) -> None:
        self._shelf = AlarmShelf(redis)
        self._send = Lane(redis, "alarms", 60).job("alarm", lambda _: None)

    def take(self, news: AlarmNews) -> None:
        self._shelf.put(news)
        self._send(news.id)
