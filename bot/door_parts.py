"""What takes requests, put together: the web server or Socket Mode, and the desk behind both."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass

from pydantic import SecretStr
from redis import Redis
from slack_bolt import App
from slack_sdk import WebClient
from slack_sdk.signature import SignatureVerifier
from starlette.applications import Starlette

from bot.accepted import Accepted
from bot.alarm_parts import listened
from bot.answering import Diagnose
from bot.clock import utc_now
from bot.desk import FrontDesk
from bot.direct import DirectAnswers
from bot.ending import Ending
from bot.help_here import HelpHere
from bot.intake import intake
from bot.listener import Listener
from bot.ops import Check
from bot.remediating import policy_of
from bot.sealing import ClickSealer, approver_groups, key_of
from bot.server import Slack, make_web
from bot.settings import Settings
from bot.slack_app import connect_socket, make_app
from bot.slack_side import SlackSide
from bot.sns.inbox import SnsInbox
from bot.sns.receiving import Receiver
from bot.store.connection import ACKNOWLEDGING, Wait, open_client
from bot.store.replays import AT_ONCE, Replays
from bot.store.task_memory import StoredTasks
from handlers.alarms import AlarmDesk


@dataclass(frozen=True, slots=True)
class Door:
    """What takes requests; it is opened once all the rest is up."""

    port: int | None
    open: Callable[[ExitStack], None]


class DoorParts:
    def __init__(self, settings: Settings, redis: Redis, client: WebClient, slack: SlackSide) -> None:
        self._settings = settings
        self._redis = redis
        self._client = client
        self._slack = slack

    def door(
        self,
        store_url: str,
        accepted: Accepted,
        directly: DirectAnswers | None,
        stack: ExitStack,
        checks: dict[str, Check],
        ending: Ending,
    ) -> Door:
        """`directly` answers where the store cannot be reached, in a process that can diagnose."""
        settings = self._settings
        quick = open_client(store_url, ACKNOWLEDGING)
        stack.callback(quick.close)
        desk = FrontDesk(
            intake=intake(quick, settings),
            accepted=accepted,
            thread=self._slack.thread,
            answer_directly=directly,
            seal=self._sealer(stack),
            here=HelpHere(self._slack, settings),
        )
        stack.callback(lambda: desk.close(ending.left_s()))
        secret = plain(settings.slack_signing_secret)
        app = make_app(self._client, secret, desk, listened(settings))
        sns = self._sns(desk)
        if settings.slack_app_token is None:
            at_once = open_client(store_url, AT_ONCE)
            stack.callback(at_once.close)
            web = make_web(Slack(app, SignatureVerifier(secret), Replays(at_once)), sns)
            return self._listening(web, ending, checks, lambda _: None)
        token = plain(settings.slack_app_token)
        if sns is not None:
            web = make_web(None, sns)
            return self._listening(web, ending, checks, lambda opened: _open_socket(app, token, opened, checks))
        return Door(None, lambda opened: _open_socket(app, token, opened, checks))

    def directly(self, diagnose: Diagnose, wait: Wait) -> DirectAnswers:
        api_url = self._settings.slack_api_url
        return DirectAnswers(self._client, self._slack.rules, diagnose, slack_api_url=api_url, wait=wait)

    def _sealer(self, stack: ExitStack) -> ClickSealer:
        groups = approver_groups(policy_of(self._settings))
        sealer = ClickSealer(key_of(self._settings), self._slack.people, self._slack.rules, groups)
        stack.callback(sealer.close)
        return sealer

    def _listening(
        self, web: Starlette, ending: Ending, checks: dict[str, Check], also: Callable[[ExitStack], None]
    ) -> Door:
        listener = Listener(web, self._settings.http_host, self._settings.http_port, "ALB502_HTTP_PORT")

        def opened(stack: ExitStack) -> None:
            open_listener(listener, stack, ending)
            checks["http"] = listener.complaint
            also(stack)

        return Door(listener.port, opened)

    def _sns(self, desk: AlarmDesk) -> Receiver | None:
        """Takes alarms and ECS events of the configured topics."""
        channels = self._settings.alarms.sns_topics
        if not channels:
            return None
        return Receiver(channels, SnsInbox(channels, desk, StoredTasks(self._redis), utc_now))


def open_listener(listener: Listener, stack: ExitStack, ending: Ending) -> None:
    listener.start()
    stack.callback(lambda: listener.stop(ending.left_s()))


def plain(secret: SecretStr | None) -> str:
    return "" if secret is None else secret.get_secret_value()


def _open_socket(app: App, token: str, stack: ExitStack, checks: dict[str, Check]) -> None:
    handler = connect_socket(app, token)
    stack.callback(handler.close)
    checks["socket"] = lambda: None if handler.client.is_connected() else "Socket Mode is not connected"
