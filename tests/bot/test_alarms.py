"""Alarms that programs post: one diagnosis and one thread for each load balancer, whatever the storm."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from redis import Redis

from bot import alarming, answering
from bot.jobs import QUEUES, Lane
from bot.queue import HEARTBEAT_MS
from bot.store.alarms import AlarmShelf
from bot.store.asks import Asks
from bot.store.incidents import RETELL_S, Incidents
from diagnostics.locate.alarm_truth import KnownAlarm, NotOurs
from diagnostics.question import Ambiguous, Diagnosed, Question, Refused, Unknown
from diagnostics.report import TimelineEntry
from diagnostics.snapshot import Snapshot, Subject, Window
from handlers import views
from handlers.alarms import AlarmNews
from handlers.incidents import AlarmChange, Incident
from tests.bot.conftest import BotUnderTest, Diagnosis, Start, eventually
from tests.handlers.alarm_formats.posters import Alarm, amazon_q
from tests.reports import END, START, report
from tests.slack_fake import BOT_ID, CHANNEL, RATE_LIMITED, SlackFake

BALANCER = "arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/app/checkout/50dc6c495c0c9188"

POSTED_S = int(time.time()) - 240


class Aws:
    """What AWS says of alarms: those of `unknown` do not exist, all others are about one load balancer."""

    def __init__(self) -> None:
        self.began = datetime.fromtimestamp(POSTED_S, UTC) - timedelta(minutes=1)
        self.state = "ALARM"
        self.unknown: set[str] = set()
        self.balancers: dict[str, str] = {}
        self.unread = 0

    def find(self, question: Question) -> Subject | Ambiguous | Unknown | Refused:
        """Everything but ``nothing`` is one service behind the load balancer."""
        if question.words == "nothing":
            return Unknown(words="nothing")
        return Subject(
            query=question.words,
            kind="ecs-service",
            account="111122223333",
            region="us-east-1",
            cluster="prod",
            service=question.words,
            load_balancers=(BALANCER,),
        )

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
    monkeypatch.setattr(alarming, "CONTRADICTED_AGAIN_S", 0.1)
    monkeypatch.setattr(alarming, "HELD_AGAIN_S", 0.1)


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


def test_an_edit_that_comes_later_is_not_kept_back_by_an_earlier_one(
    start: Start, slack: SlackFake, aws: Aws, diagnosis: Diagnosis
) -> None:
    """Each of three alarms in turn is shown, although an edit was planned for the one before."""
    bot = start(diagnosis, alarm=aws, alarms={"threshold_notes": 0})
    for number in range(4):
        post(bot, f"alarm-{number}", ts(number))
        settled(bot)
    (answer,) = ours(slack)
    assert all(f"alarm-{number}" in words_of(answer) for number in range(4))


def test_an_edit_whose_planner_died_is_made_by_whoever_takes_its_alarm_up(redis: Redis) -> None:
    """The process was killed between noting that it would queue an edit and queueing it."""
    incidents = Incidents(redis)
    began = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
    fresh = Incident(id="inc-1", what="lb", team="T", channel="C", thread_ts="1.0", ask_id="ask-1", opened_at=began)
    change = AlarmChange(name="a", account="1", region="r", state="ALARM", changed_at=began)
    incident, _ = incidents.begin(fresh, change, 3, began)
    assert incidents.plan_retelling(incident)
    assert not incidents.plan_retelling(incident)
    redis.delete("alb502:incident-retell:inc-1")  # what its time does
    again, told = incidents.begin(fresh, change, 3, began)
    assert told == "known"
    assert incidents.plan_retelling(again)
    incidents.told(again)
    incidents.retelling(again.id)
    assert not incidents.plan_retelling(again)
    assert RETELL_S * 1_000 < HEARTBEAT_MS


def test_an_incident_that_is_replaced_does_not_answer_for_another_question(redis: Redis) -> None:
    incidents = Incidents(redis)
    began = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
    for number in range(2):
        at = began + timedelta(days=number)
        change = AlarmChange(name="a", account="1", region="r", state="ALARM", changed_at=at)
        fresh = Incident(
            id=f"inc-{number}", what="lb", team="T", channel="C", thread_ts=f"{number}.0", ask_id=f"ask-{number}",
            opened_at=at,
        )  # fmt: skip
        incidents.begin(fresh, change, 3, at)
    assert incidents.of_ask("ask-0") is None
    assert incidents.in_thread("C", "0.0") is None
    assert incidents.of_ask("ask-1") == incidents.in_thread("C", "1.0") is not None


def test_a_reopened_incident_edits_its_one_message(
    start: Start, slack: SlackFake, aws: Aws, diagnosis: Diagnosis
) -> None:
    bot = start(diagnosis, alarm=aws)
    post(bot, "checkout-502", ts(1))
    settled(bot)
    aws.state, aws.began = "OK", aws.began + timedelta(minutes=1)
    post(bot, "checkout-502", ts(2), state="OK")
    slack.wait_for(lambda: "Recovered at" in words_of(ours(slack)[0]))
    settled(bot)
    aws.state, aws.began = "ALARM", aws.began + timedelta(minutes=1)
    post(bot, "checkout-502", ts(3))
    settled(bot)
    answer, *pointers = ours(slack)
    assert "Recovered at" not in words_of(answer)
    assert "2 times" in words_of(answer)
    assert all("the diagnosis is in" in one["text"] for one in pointers)
    assert len(diagnosis.asked) == 2  # the answer, and the look at what ended it


def test_an_end_that_aws_denies_is_not_told(start: Start, slack: SlackFake, aws: Aws, diagnosis: Diagnosis) -> None:
    """Anybody who can post may say that an alarm has ended."""
    bot = start(diagnosis, alarm=aws)
    post(bot, "checkout-502", ts(1))
    settled(bot)
    post(bot, "checkout-502", ts(2), state="OK")
    settled(bot)
    assert "Recovered" not in words_of(ours(slack)[0])
    assert 'alb502_alarms_total{result="contradicted"}' in bot.ops("/metrics")[1]


def test_a_beginning_that_aws_denies_causes_silence(
    start: Start, slack: SlackFake, aws: Aws, diagnosis: Diagnosis
) -> None:
    aws.state, aws.began = "OK", datetime.now(UTC) - timedelta(hours=3)
    bot = start(diagnosis, alarm=aws)
    post(bot, "checkout-502", ts(1))
    settled(bot)
    assert not ours(slack)
    assert not diagnosis.asked


def test_an_alarm_that_ended_before_its_post_is_answered_and_over(
    start: Start, slack: SlackFake, aws: Aws, diagnosis: Diagnosis
) -> None:
    aws.state, aws.began = "OK", datetime.fromtimestamp(POSTED_S, UTC) + timedelta(seconds=90)
    bot = start(diagnosis, alarm=aws)
    post(bot, "checkout-502", ts(1))
    slack.wait_for(lambda: any("Recovered at" in words_of(one) for one in ours(slack)))


def test_what_a_channel_may_not_see_is_not_announced_there(
    start: Start, slack: SlackFake, aws: Aws, diagnosis: Diagnosis, redis: Redis
) -> None:
    slack.channels[CHANNEL].shared = True
    bot = start(diagnosis, alarm=aws)
    DeskOf(redis).take(AlarmNews(id="ask-sns", correlation_id="c-1", state="ALARM", at=aws.began, team="",
                                 channel=CHANNEL, alarm="checkout-502"))  # fmt: skip
    settled(bot)
    assert not ours(slack)


def test_a_storm_by_sns_is_announced_once(
    start: Start, slack: SlackFake, aws: Aws, diagnosis: Diagnosis, redis: Redis
) -> None:
    desk = DeskOf(redis)
    for number in range(6):
        desk.take(AlarmNews(id=f"ask-sns{number}", correlation_id="c-1", state="ALARM", at=aws.began, team="",
                            channel=CHANNEL, alarm=f"alarm-{number}"))  # fmt: skip
    bot = start(diagnosis, alarm=aws)
    settled(bot)
    assert len(slack.parents()) == 1
    assert len(slack.replies()) == 1
    assert all(f"alarm-{number}" in words_of(slack.replies()[0]) for number in range(6))


def test_slack_asking_for_patience_loses_no_alarm(
    start: Start, slack: SlackFake, aws: Aws, diagnosis: Diagnosis, redis: Redis
) -> None:
    slack.fail("chat.postMessage", *[RATE_LIMITED] * 4)
    bot = start(diagnosis, alarm=aws)
    DeskOf(redis).take(AlarmNews(id="ask-sns", correlation_id="c-1", state="ALARM", at=aws.began, team="",
                                 channel=CHANNEL, alarm="checkout-502"))  # fmt: skip
    slack.wait_for(slack.replies, 20)
    settled(bot)
    assert len(slack.parents()) == 1


def test_edits_that_wait_for_an_answer_use_up_none_of_its_tries(
    start: Start, slack: SlackFake, aws: Aws, diagnosis: Diagnosis, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answering, "REDRAW_AGAIN_S", 0.0)
    diagnosis.go.clear()
    bot = start(diagnosis, alarm=aws)
    for number in range(3):
        post(bot, f"alarm-{number}", ts(number))
    assert diagnosis.started.wait(10)
    ask_id = next(one.decode() for one in redis.scan_iter(match="alb502:incident-ask:*")).rpartition(":")[2]
    eventually(lambda: int(redis.hget(f"alb502:ask:{ask_id}", "awaited") or 0) > 3)
    assert Asks(redis).put_offs(ask_id) == 0
    diagnosis.go.set()
    slack.wait_for(lambda: any("alarm-2" in words_of(one) for one in ours(slack)))


def test_refreshed_the_answer_keeps_its_alarms(start: Start, slack: SlackFake, aws: Aws, diagnosis: Diagnosis) -> None:
    bot = start(diagnosis, alarm=aws, alarms={"threshold_notes": 0})
    post(bot, "checkout-502", ts(1))
    post(bot, "checkout-504", ts(2))
    answer = slack.wait_for(lambda: next((one for one in ours(slack) if "checkout-504" in words_of(one)), None))
    settled(bot)
    values = [found["value"] for block in answer["blocks"] for found in block.get("elements", [])
              if found.get("action_id") == views.REFRESH]  # fmt: skip
    bot.post(slack.press(answer, values[0], action_id=views.REFRESH))
    eventually(lambda: len(diagnosis.asked) == 2)
    settled(bot)
    assert "checkout-504" in words_of(answer)
    post(bot, "checkout-503", ts(3))
    settled(bot)
    assert "checkout-503" in words_of(answer)
    assert len(ours(slack)) == 1


class DeskOf:
    """Queues an alarm as the process that took it in does."""

    def __init__(self, redis: Redis) -> None:
        self._shelf = AlarmShelf(redis)
        self._send = Lane(redis, "alarms", 60).job("alarm", lambda _: None)

    def take(self, news: AlarmNews) -> None:
        self._shelf.put(news)
        self._send(news.id)
