"""AWS, posts and messages of tests about alarms."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from redis import Redis

from bot.engine import Role
from bot.jobs import QUEUES, Lane, Queue
from bot.store.alarms import AlarmShelf
from diagnostics.locate.alarm_truth import KnownAlarm, NotOurs
from diagnostics.locate.seen import Where
from diagnostics.question import Diagnosed, Question, Unknown
from diagnostics.report import TimelineEntry
from diagnostics.snapshot import Snapshot, Subject, Window
from handlers.alarms import AlarmNews
from handlers.shortcuts import DIAGNOSE
from tests.bot.conftest import BotUnderTest, Diagnosis, Start, eventually
from tests.handlers.alarm_formats.posters import Alarm, amazon_q
from tests.reports import END, START, report
from tests.slack_fake import ALICE, BOT_ID, BOT_USER, CHANNEL, TEAM, SlackFake

BALANCER = "arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/app/checkout/50dc6c495c0c9188"

PLACES = (
    Where(account="111122223333", region="us-east-1", account_name="prod"),
    Where(account="444455556666", region="us-east-1", account_name="dev"),
)
POSTED_S = int(time.time()) - 240


class Aws:
    """What AWS says of alarms: those of `unknown` do not exist, those of `several` do in two accounts, and all are
    about one load balancer but for those of `balancers`."""

    def __init__(self) -> None:
        self.began = datetime.fromtimestamp(POSTED_S, UTC) - timedelta(minutes=1)
        self.state = "ALARM"
        self.unknown: set[str] = set()
        self.balancers: dict[str, str] = {}
        self.several: set[str] = set()
        self.subject: Subject | None = None
        self.unread = 0
        self.go = threading.Event()
        self.go.set()

    def find(self, question: Question) -> Subject | Unknown:
        """Everything but ``nothing`` is one service behind the load balancer."""
        return Unknown(words="nothing") if question.words == "nothing" else self.service(question.words)

    def service(self, name: str) -> Subject:
        return Subject(
            query=name,
            kind="ecs-service",
            account="111122223333",
            region="us-east-1",
            cluster="prod",
            service=name,
            load_balancers=(BALANCER,),
        )

    def __call__(self, news: AlarmNews) -> KnownAlarm | NotOurs:
        name = news.alarm or "?"
        assert self.go.wait(20)
        if self.unread:
            self.unread -= 1
            return NotOurs("no answer", unread=True)
        if name in self.unknown:
            return NotOurs("no account that may be read has this alarm")
        if name in self.several and news.account is None:
            return NotOurs("2 places have this alarm", places=PLACES)
        if news.alarm is None:
            words = news.load_balancer or "prod/checkout"
            return KnownAlarm(name=f"{news.format}: {news.title or words}", account="111122223333", region="us-east-1",
                              state=news.state, changed_at=None, watches=BALANCER, words=words)  # fmt: skip
        return KnownAlarm(
            name=name,
            account="111122223333",
            region="us-east-1",
            state=self.state,
            changed_at=self.began,
            watches=self.balancers.get(name, BALANCER),
            words=f"arn:aws:cloudwatch:us-east-1:111122223333:alarm:{name}",
            subject=self.subject,
        )


def diagnosed(*timeline: TimelineEntry) -> Diagnosed:
    subject = Subject(query="checkout", kind="ecs-service", account="111122223333", region="us-east-1")
    snapshot = Snapshot.of(subject=subject, window=Window(start=START, end=END), taken_at=datetime.now(UTC))
    return Diagnosed(report=report(timeline=timeline), snapshot=snapshot)


def ts(number: int) -> str:
    """Of a message of the last minutes."""
    return f"{POSTED_S}.{number:06d}"


def words_of(message: dict[str, Any]) -> str:
    return f"{message['text']} {message['blocks']}"


@dataclass
class Scene:
    """A channel with its alarms, and the bot in it once it was begun."""

    start: Start
    slack: SlackFake
    redis: Redis
    aws: Aws = field(default_factory=Aws)
    diagnosis: Diagnosis = field(default_factory=lambda: Diagnosis(outcome=diagnosed()))

    def begin(self, role: Role = "all", **settings: Any) -> BotUnderTest:
        self.bot = self.start(self.diagnosis, role, alarm=self.aws, **settings)
        return self.bot

    def post(self, name: str, at: str, *, state: str = "ALARM", event_id: str = "", **more: Any) -> None:
        """Amazon Q posts about an alarm."""
        self.say(amazon_q(Alarm(name=name, state=state)), at, event_id=event_id or f"Ev-{at}-{state}", **more)

    def say(self, event: dict[str, Any], at: str, *, event_id: str = "", **more: Any) -> None:
        told = {**event, "channel": CHANNEL, "ts": at, **more}
        status, _ = self.bot.post(self.slack.posted(told, event_id=event_id or f"Ev-{at}"))
        assert status == 200

    def by_sns(self, *names: str) -> None:
        """Queues alarms as the process that took them in from SNS does."""
        shelf, send = AlarmShelf(self.redis), Lane(self.redis, "alarms", 60).job("alarm", lambda _: None)
        for name in names:
            news = AlarmNews(id=f"ask-sns-{name}", correlation_id="c-1", state="ALARM", at=self.aws.began, team="",
                             channel=CHANNEL, alarm=name, account="111122223333", region="us-east-1")  # fmt: skip
            shelf.put(news)
            send(news.id)

    def mention(self, thread_ts: str, words: str = "", **more: Any) -> None:
        body = self.slack.mention(
            f"<@{BOT_USER}>{words}", event_id=f"Ev{thread_ts}{words}", ts="1.9", thread_ts=thread_ts, **more
        )
        assert self.bot.post(body)[0] == 200

    def shortcut(self, message: dict[str, Any], user: str = ALICE) -> None:
        payload = {
            "type": "message_action",
            "callback_id": DIAGNOSE,
            "trigger_id": f"{next(self.slack._clock)}.2.3",
            "response_url": self.slack.response_url(),
            "team": {"id": TEAM},
            "user": {"id": user, "team_id": TEAM},
            "channel": {"id": CHANNEL},
            "message_ts": message["ts"],
            "message": message,
        }
        assert self.bot.post(urlencode({"payload": json.dumps(payload)}).encode())[0] == 200

    def standing(self, message: dict[str, Any], at: str) -> dict[str, Any]:
        """A message that was posted before the bot came."""
        self.slack.messages[CHANNEL][at] = {**message, "ts": at, "channel": CHANNEL}
        return self.slack.messages[CHANNEL][at]

    @property
    def ours(self) -> list[dict[str, Any]]:
        return [message for message in self.slack.said() if message.get("bot_id") == BOT_ID]

    def told(self, words: str) -> dict[str, Any]:
        """Our first message with these words, once there is one."""
        found: dict[str, Any] = self.slack.wait_for(
            lambda: next((one for one in self.ours if words in words_of(one)), None), 20
        )
        return found

    def whispered(self) -> str:
        """What one person alone was told first."""
        self.slack.wait_for(lambda: self.slack.whispers)
        return str(self.slack.whispers[0]["text"])

    def settled(self, *queues: Queue) -> None:
        """Every job is done."""
        lines = [f'alb502_jobs_waiting{{queue="{queue}"}} 0.0' for queue in queues or QUEUES]
        eventually(lambda: all(line in self.bot.ops("/metrics")[1] for line in lines))
