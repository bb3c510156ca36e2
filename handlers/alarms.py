"""Posts about alarms: read, check who may post them, queue. People's words and our own posts are left alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal, Protocol

import structlog
from slack_bolt import App, BoltContext, BoltRequest

from diagnostics.facts.fact import Frozen
from handlers.alarm_formats import AlarmPost, prepare, read, sender_of
from handlers.ask import NotQueuedError, id_of_event, new_id
from handlers.retries import LAST_RETRY, retry_of

OLDEST_S: Final = 24 * 3600
"""An alarm that is older when its post arrives is no news."""

_log: Final = structlog.get_logger(__name__)


class AlarmNews(Frozen):
    """What a post, or a message of SNS, says of one alarm, and where it is to be answered.

    `thread_ts`: the post in whose thread the answer belongs; None when nobody has posted it yet. `alarm` None: a
    monitor that CloudWatch knows nothing of, called `title`, about the load balancer or target group that it names, or
    about a service whose name is among `words`.
    """

    id: str
    correlation_id: str
    state: Literal["ALARM", "OK"]
    at: datetime
    team: str
    channel: str
    thread_ts: str | None = None
    format: str = ""
    alarm: str | None = None
    account: str | None = None
    region: str | None = None
    load_balancer: str | None = None
    target_group: str | None = None
    title: str | None = None
    words: tuple[str, ...] = ()


class AlarmDesk(Protocol):
    """Takes alarms in, as `handlers.ask.Desk` takes questions."""

    def take_alarm(self, news: AlarmNews) -> bool:
        """Queues it; False if it was taken in before. A second time does no harm.

        Raises `NotQueuedError`, so that whoever delivered it delivers it again.
        """


@dataclass(frozen=True, slots=True)
class Listened:
    """The channels, senders (app or bot ids) and workspaces (or whole Enterprises) that are listened to; empty: all."""

    channels: frozenset[str] = field(default_factory=frozenset)
    senders: frozenset[str] = field(default_factory=frozenset)
    teams: frozenset[str] = field(default_factory=frozenset)

    def refuses(self, body: Mapping[str, Any]) -> str | None:
        """Why the message of this event is not listened to, if it is not."""
        event = body.get("event", {})
        if self.teams and not {body.get("team_id"), body.get("enterprise_id")} & self.teams:
            return "its workspace is not among slack.teams"
        if self.channels and event.get("channel") not in self.channels:
            return "its channel is not among alarms.channels"
        if self.senders and not sender_of(event).ids & self.senders:
            return "its sender is not among alarms.senders"
        return None


def register(app: App, desk: AlarmDesk, listened: Listened) -> None:
    """Listens to messages. An alarm that cannot be queued fails the request, and Slack delivers it again."""
    prepare()

    @app.event("message")
    def message(body: Mapping[str, Any], context: BoltContext, request: BoltRequest) -> None:
        own = frozenset(filter(None, (context.bot_id, context.bot_user_id)))
        take(desk, listened, body, own=own, retry=retry_of(request))


def take(desk: AlarmDesk, listened: Listened, body: Mapping[str, Any], *, own: frozenset[str], retry: int = 0) -> None:
    """Takes the alarm of one message event in, if there is one in it.

    `own`: the bot's own ids, whose messages never trigger anything. Raises `NotQueuedError`.
    """
    event = body.get("event", {})
    if _is_own(event, own, str(body.get("api_app_id") or "")):
        return
    understood = read(event)
    post = understood.maybe if understood.action == "ignore" else understood.post
    if post is None:
        return
    if (why := listened.refuses(body)) is not None:
        _log.info("alarm left alone", reason=why, channel=event.get("channel"))
        return
    news = news_of(post, body, event)
    if news is None:
        return
    try:
        desk.take_alarm(news)
    except NotQueuedError:
        if retry < LAST_RETRY:
            raise
        _log.error("alarm lost: it could not be queued", alarm=post.alarm)


def news_of(post: AlarmPost, body: Mapping[str, Any], event: Mapping[str, Any]) -> AlarmNews | None:
    """The alarm with its place in Slack; None for one that does not say its state or has no place."""
    message = event.get("message") if event.get("subtype") == "message_changed" else event
    message = message if isinstance(message, Mapping) else {}
    ts = str(message.get("thread_ts") or message.get("ts") or "")
    channel = str(event.get("channel") or "")
    if post.state not in {"ALARM", "OK"} or not ts or not channel:
        return None
    event_id = str(body.get("event_id") or f"{channel}:{event.get('ts')}:{post.state}")
    team = str(body.get("team_id") or event.get("team") or "")
    return told_in(channel, post, id_of_event(event_id), team=team, thread_ts=ts)


def news_by_sns(post: AlarmPost, message_id: str, channel: str) -> AlarmNews | None:
    """The alarm of a message of SNS, to be told in this channel; nobody has posted it there."""
    if post.state not in {"ALARM", "OK"} or not post.alarm:
        return None
    return told_in(channel, post, id_of_event(f"sns:{message_id}"))


def told_in(channel: str, post: AlarmPost, news_id: str, *, team: str = "", thread_ts: str | None = None) -> AlarmNews:
    """What a post says as news for this channel."""
    return AlarmNews(
        id=news_id,
        correlation_id=new_id("c"),
        state="OK" if post.state == "OK" else "ALARM",
        at=post.at,
        team=team,
        channel=channel,
        thread_ts=thread_ts,
        format=post.format,
        alarm=post.alarm,
        account=post.account,
        region=post.region,
        load_balancer=post.load_balancer,
        target_group=post.target_group,
        title=post.title,
        words=post.words,
    )


def _is_own(event: Mapping[str, Any], own: frozenset[str], app_id: str) -> bool:
    inner = event.get("message")
    for message in (event, inner if isinstance(inner, Mapping) else {}):
        ids = {message.get("bot_id"), message.get("user")}
        if ids & own or (app_id and message.get("app_id") == app_id):
            return True
    return False
