"""Slack as far as the work on clicks needs it, without HTTP: for who may click, and what they are told."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from handlers.ask import Place
from handlers.slack_calls import SlackRefusedError
from handlers.views import Message

CLOSED = "V-closed"
"""A modal that somebody has closed by now."""


@dataclass
class Workspace:
    """`memory` is what was known some minutes ago. `fails`: what every question to Slack ends in. `told`: the text of
    the message of a fix each time it was drawn, `stories` its blocks; `posted`: further messages by their names."""

    users: dict[str, dict[str, Any]]
    channels: dict[str, dict[str, Any]]
    groups: dict[str, list[str]] = field(default_factory=dict)
    memory: dict[tuple[str, str], str] = field(default_factory=dict)
    views: list[str] = field(default_factory=list)
    whispers: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    stories: list[str] = field(default_factory=list)
    posted: dict[str, str] = field(default_factory=dict)
    fails: Exception | None = None

    def read(self, method: str, channel: str = "", **params: Any) -> Mapping[str, Any]:
        if self.fails is not None:
            raise self.fails
        if method == "users.info" and params["user"] in self.users:
            return {"user": {"id": params["user"], **self.users[params["user"]]}}
        if method == "conversations.info" and channel in self.channels:
            return {"channel": self.channels[channel]}
        if method == "usergroups.users.list" and self.groups:
            return {"users": self.groups.get(params["usergroup"], [])}
        raise SlackRefusedError(method, "not_found")

    def write(self, _method: str, _channel: str, body: Mapping[str, Any], **_more: bool) -> Mapping[str, Any]:
        if body["view_id"] == CLOSED:
            raise SlackRefusedError("views.update", "not_found")
        self.views.append(json.dumps(body["view"], ensure_ascii=False))
        return {}

    def get(self, kind: str, name: str) -> str | None:
        return self.memory.get((kind, name))

    def put(self, kind: str, name: str, text: str) -> None:
        self.memory[kind, name] = text

    def whisper(self, _origin: Any, draw: Callable[[Any], Message]) -> bool:
        self.whispers.append(draw(None).text)
        return True

    def publish(self, _ask: Any, _fence: int, place: Place, draw: Callable[[Any], Message], _none: None) -> Place:
        drawn = draw(None)
        self.told.append(drawn.text)
        self.stories.append(json.dumps(drawn.blocks, ensure_ascii=False))
        return place

    def post(self, _ask: Any, _fence: int, name: str, draw: Callable[[Any], Message], _thread_ts: str | None) -> str:
        self.posted.setdefault(name, draw(None).text)
        return "1.1"
