"""What people, alarms and SNS do during the chaos run, and what must have become of each of it in the end.

Slack and SNS deliver again what nobody took. Whoever presses a button that was not taken presses it again; one that was
taken is never pressed twice.
"""

from __future__ import annotations

import http.client
import itertools
import json
import random
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from handlers.views import fixes as drawn
from tests import slack_fake
from tests.bot.chaos_aws import TITLE, ChaosAws
from tests.bot.chaos_process import SNS_CHANNEL
from tests.bot.sns.sender import Sender
from tests.handlers.alarm_formats.posters import Alarm, amazon_q
from tests.slack_fake import BOT_ID, Channel, SlackFake

PATIENCE_S: Final = 600.0
NOT_TAKEN: Final = re.compile("again in a minute|press again", re.IGNORECASE)
EFFECTS: Final[Mapping[str, tuple[int, ...]]] = {
    "worked": (1,),
    "expired": (0,),
    "was not sent again": (0, 1),
    "press again": (0,),
}
"""How often a fix can have been done, by what people are told: it worked; its time was over before an executor came to
it; nobody knows whether the call left; Slack did not say in time who approved it."""
ENDS: Final = re.compile("|".join(EFFECTS))
BUSY: Final = re.compile("Looking at|looking…|hourglass")

Message = dict[str, Any]


@dataclass
class Traffic:
    slack: SlackFake
    aws: ChaosAws
    port: int
    dice: random.Random
    sns: Sender = field(default_factory=lambda: Sender(valid_for=timedelta(days=36_500)))
    questions: list[str] = field(default_factory=list)
    refreshed: dict[str, int] = field(default_factory=dict)
    """Which look stood there when it was to be read anew."""
    incidents: list[str] = field(default_factory=list)
    announced: list[str] = field(default_factory=list)
    fixes: list[str] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._numbers = itertools.count()
        self._at_work: list[threading.Thread] = []
        self.slack.channels[SNS_CHANNEL] = Channel(SNS_CHANNEL)

    # What happens.

    def question(self) -> None:
        channel = self._channel("Q")
        self.questions.append(channel)
        body = self.slack.mention(f"<@U0BOT> service-{channel}", event_id=f"Ev-{channel}", channel=channel, ts="1700.1")
        self._event(body)

    def refresh(self) -> None:
        """Somebody asks, and has the answer read anew."""
        channel = self._channel("R")
        self.refreshed[channel] = 0
        self._event(self.slack.mention(f"<@U0BOT> {channel}", event_id=f"Ev-{channel}", channel=channel, ts="1700.1"))
        answer = self._soon(lambda: self._with_button(channel, "refresh"))
        self.refreshed[channel] = _look(answer)
        self._press(answer, "refresh")

    def incident(self) -> None:
        """Two alarms of one load balancer that begin and end; of the second its post is edited when it does."""
        channel = self._channel("A")
        self.incidents.append(channel)
        posts: dict[str, str] = {}
        for name in (f"{channel}.first", f"{channel}.second"):
            self.aws.set_alarm(name, "ALARM")
            posts[name] = self._ts()
            self._event(self._posted(channel, name, "ALARM", posts[name]))
        first, second = posts
        for name in posts:
            self.aws.set_alarm(name, "OK")
        self._event(self._posted(channel, first, "OK", self._ts()))
        edited = {**amazon_q(Alarm(name=second, state="OK")), "channel": channel, "ts": posts[second]}
        event = {"type": "message", "subtype": "message_changed", "channel": channel, "ts": self._ts()}
        self._event(self.slack.posted({**event, "message": edited}, event_id=f"Ev-{channel}-edited"))

    def by_sns(self) -> None:
        name = f"sns-{next(self._numbers)}"
        self.aws.set_alarm(name, "ALARM")
        self.announced.append(name)
        now = datetime.now(UTC)
        alarm = Alarm(name=name)
        told = {
            "AlarmName": name,
            "AWSAccountId": alarm.account,
            "NewStateValue": "ALARM",
            "OldStateValue": "OK",
            "StateChangeTime": now.strftime("%Y-%m-%dT%H:%M:%S.000+0000"),
            "Region": alarm.region,
            "AlarmArn": alarm.arn,
        }
        at = now.strftime("%Y-%m-%dT%H:%M:%S.000Z")
        body = self.sns.message(Message=json.dumps(told), MessageId=name, Timestamp=at)
        self._soon(lambda: self._once("/alarms/sns", body, {}) is not None)

    def fix(self) -> None:
        """Somebody asks, opens the plan, and approves it."""
        name = self._channel("fix")
        self.fixes.append(name)
        self._event(self.slack.mention(f"<@U0BOT> {name}", event_id=f"Ev-{name}", channel=name, ts="1700.1"))
        answer = self._soon(lambda: self._with_button(name, drawn.OPEN))
        view = None
        while view is None:
            self._press(answer, drawn.OPEN)
            view = self._soon(lambda: self._plan_of(name), 10.0, or_none=True)
        self._soon(lambda: self._is_taken(self._sent(self.slack.submit(view, {}))))

    def later(self, work: Callable[[], None]) -> None:
        """Beside everything else."""
        self.done[work.__name__] += 1
        thread = threading.Thread(target=work, name=work.__name__, daemon=True)
        self._at_work.append(thread)
        thread.start()

    # What has become of it.

    def left(self) -> list[str]:
        """What is lost, doubled, or still in progress."""
        found = [f"{thread.name} is not done" for thread in self._at_work if thread.is_alive()]
        return [*found, *self._unanswered(), *self._untold_incidents(), *self._unannounced(), *self._unmended()]

    def _unanswered(self) -> Iterator[str]:
        for channel in self.questions:
            replies = self.slack.replies(channel)
            if len(replies) != 1 or "nothing called" not in replies[0]["text"]:
                yield f"question in {channel}: {_told(replies)}"
        for channel, look in self.refreshed.items():
            replies = self.slack.replies(channel)
            if len(replies) != 1 or BUSY.search(_told(replies)) or _look(replies[0]) <= look:
                yield f"refresh in {channel}: {_told(replies)}"

    def _untold_incidents(self) -> Iterator[str]:
        for channel in self.incidents:
            ours = self._ours(channel)
            answers = [one for one in ours if "is broken" in one["text"]]
            pointers = [one for one in ours if "Same load balancer" in one["text"]]
            one_each = (len(ours), len(answers)) == (1 + len(pointers), 1) and len(pointers) <= 1
            if not one_each or "Recovered" not in _told(answers) or BUSY.search(_told(ours)):
                yield f"incident in {channel}: {_told(ours)}"

    def _unannounced(self) -> Iterator[str]:
        ours = self._ours(SNS_CHANNEL)
        for name in self.announced:
            heads = [one for one in ours if not one.get("thread_ts") and f"{name}`" in one["text"]]
            below = [one for one in ours if heads and one.get("thread_ts") == heads[0]["ts"]]
            if (len(heads), len(below)) != (1, 1) or "is broken" not in _told(below):
                yield f"{name} by SNS: {_told([*heads, *below])}"

    def _unmended(self) -> Iterator[str]:
        for name in self.fixes:
            stories, effects = self._stories(name), self.aws.clouds[name].deployments
            end = ENDS.search(_told(stories))
            if len(stories) != 1 or end is None or effects not in EFFECTS[end[0]]:
                yield f"{name}: {effects} effects, {_told(stories)}"

    def ends(self) -> Counter[str]:
        """What people are told has become of their fixes."""
        found = (ENDS.search(_told(self._stories(name))) for name in self.fixes)
        return Counter(end[0] for end in found if end)

    # How it is done.

    def _channel(self, kind: str) -> str:
        name = f"{kind}-{next(self._numbers)}"
        self.slack.channels[name] = Channel(name)
        return name

    def _posted(self, channel: str, name: str, state: str, ts: str) -> bytes:
        event = {**amazon_q(Alarm(name=name, state=state)), "channel": channel, "ts": ts}
        return self.slack.posted(event, event_id=f"Ev-{name}-{state}")

    def _ts(self) -> str:
        return f"{int(time.time())}.{next(self._numbers):06d}"

    def _ours(self, channel: str) -> list[Message]:
        return [one for one in self.slack.said(channel) if one.get("bot_id") == BOT_ID]

    def _stories(self, name: str) -> list[Message]:
        return [one for one in self.slack.replies(name) if TITLE in _told([one]) and not _button(one, "refresh")]

    def _with_button(self, channel: str, action: str) -> Message | None:
        return next((one for one in self.slack.replies(channel) if _button(one, action)), None)

    def _plan_of(self, name: str) -> Message | None:
        return next((one for one in list(self.slack.views.values()) if name in str(one) and "submit" in one), None)

    def _press(self, message: Message, action: str) -> None:
        """Until it was taken."""
        while True:
            action_id, value = _button(message, action) or ("", "")
            body = self.slack.press(message, value, action_id=action_id)
            url = json.loads(parse_qs(body.decode())["payload"][0])["response_url"]
            if self._sent(body) is not None and not self._was_refused(url):
                return
            time.sleep(0.5)

    def _was_refused(self, response_url: str) -> bool:
        """Whether the person was told that the click was not taken."""

        def told() -> bool:
            path = urlsplit(response_url).path
            return any(one.get("_url") == path and NOT_TAKEN.search(one["text"]) for one in list(self.slack.whispers))

        return bool(self._soon(told, 0.5, or_none=True))

    def _soon(self, what: Callable[[], Any], for_s: float = PATIENCE_S, *, or_none: bool = False) -> Any:
        until = time.monotonic() + for_s
        while not (found := what()):
            if time.monotonic() > until:
                if or_none:
                    return None
                raise AssertionError("it did not happen")
            time.sleep(0.1)
        return found

    def _event(self, body: bytes) -> None:
        """Some come twice."""
        for _ in range(self.dice.choice((1, 1, 1, 2))):
            self._soon(lambda: self._sent(body) is not None)

    def _sent(self, body: bytes) -> str | None:
        """As Slack sends it, which signs anew each time."""
        return self._once("/slack/events", body, slack_fake.sign(body))

    def _is_taken(self, answer: str | None) -> bool:
        return answer is not None and not NOT_TAKEN.search(answer)

    def _once(self, path: str, body: bytes, headers: Mapping[str, str]) -> str | None:
        """The answer of one that was taken."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=3)
        try:
            connection.request("POST", path, body, dict(headers))
            answer = connection.getresponse()
            text = answer.read().decode()
            return text if answer.status == http.HTTPStatus.OK else None
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()


def _button(message: Mapping[str, Any], action: str) -> tuple[str, str] | None:
    """Action and value of a button whose action begins so."""
    elements = (one for block in message.get("blocks", ()) for one in block.get("elements", ()))
    buttons = (one for one in elements if isinstance(one, dict) and one.get("type") == "button")
    return next(((one["action_id"], one["value"]) for one in buttons if one["action_id"].startswith(action)), None)


def _look(message: Mapping[str, Any]) -> int:
    found = re.search(r"look (\d+)", message["text"])
    return int(found[1]) if found else 0


def _told(messages: list[Message]) -> str:
    return " | ".join(f"{one['text']} {json.dumps(one.get('blocks', []), ensure_ascii=False)}" for one in messages)
