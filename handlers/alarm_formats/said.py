"""All that one message of Slack says, collected before anybody looks for an alarm in it.

Where posters put their words: https://docs.slack.dev/reference/events/message and, for what Slack escapes in them,
https://docs.slack.dev/messaging/formatting-message-text#escaping
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from itertools import islice
from typing import Any, Final

MAX_TEXTS: Final = 300
MAX_TEXT_CHARS: Final = 40_000
MAX_DEPTH: Final = 12
MAX_LINKS: Final = 60
MAX_JSON_STARTS: Final = 8

_WORDS: Final = frozenset(
    {
        *("text", "title", "pretext", "fallback", "value", "footer", "author_name", "title_link", "from_url", "url"),
        *("subject", "plain_text", "preview_plain_text", "name", "alt_text", "label", "description"),
    }
)
"""The keys of a message under which its words and links stand."""
_CONTAINERS: Final = ("blocks", "attachments", "fields", "files", "elements", "accessory", "text", "title", "message")
_LINK: Final = re.compile(r"<(?P<url>https?://[^|<>\s]{1,2000})(?:\|(?P<label>[^<>]{0,1000}))?>")
_MENTION: Final = re.compile(r"<(?:!|@|#)[^<>]{0,200}>")
_BARE_URL: Final = re.compile(r"https?://[^\s<>\"|]{1,2000}")
_DECORATION: Final = "*_`~ \t\u200b"


@dataclass(frozen=True, slots=True)
class Sender:
    """Who posted, by the ids that Slack gives; a name proves nothing."""

    bot_id: str | None = None
    app_id: str | None = None
    name: str = ""

    @property
    def ids(self) -> frozenset[str]:
        return frozenset(one for one in (self.bot_id, self.app_id) if one)


@dataclass(frozen=True)
class Said:
    """The words of one post: in `texts` as a person reads them, one for each place; `links` that were in them.

    `pairs`: titles and values of fields, the titles in lower case.
    """

    sender: Sender
    posted_at: datetime
    texts: tuple[str, ...]
    links: tuple[str, ...]
    pairs: tuple[tuple[str, str], ...]

    @cached_property
    def whole(self) -> str:
        return "\n".join(self.texts)

    @cached_property
    def objects(self) -> tuple[Mapping[str, Any], ...]:
        """JSON objects that stand in the words, such as a raw message of SNS."""
        return tuple(found for text in self.texts for found in _objects_in(text))

    def field(self, *titles: str) -> str | None:
        """The value of the first field with one of these titles."""
        return next((value for wanted in titles for title, value in self.pairs if title == wanted and value), None)


def is_by_a_program(event: Mapping[str, Any]) -> bool:
    """People talk about alarms too; only programs post them."""
    if event.get("bot_id") or event.get("subtype") == "bot_message":
        return True
    return event.get("subtype") == "file_share" and any(
        file.get("mode") == "email" for file in _mappings(event, "files")
    )


def said_in(event: Mapping[str, Any]) -> Said:
    """Collects what a message event says, whatever is missing or odd in it."""
    texts, links, pairs = list(islice(_texts(event), MAX_TEXTS)), list[str](), list[tuple[str, str]]()
    plain = [_plain(text, links) for text in texts]
    for title, value in islice(_pairs(event), MAX_TEXTS):
        pairs.append((_plain(title, []).strip(_DECORATION + ":").lower(), _plain(value, []).strip(_DECORATION)))
    profile = event.get("bot_profile")
    profile = profile if isinstance(profile, Mapping) else {}
    return Said(
        sender=Sender(
            bot_id=_text(event.get("bot_id")) or None,
            app_id=_text(event.get("app_id")) or _text(profile.get("app_id")) or None,
            name=_text(profile.get("name")) or _text(event.get("username")),
        ),
        posted_at=_time(event.get("ts")),
        texts=tuple(dict.fromkeys(text for text in plain if text.strip())),
        links=tuple(dict.fromkeys(links))[:MAX_LINKS],
        pairs=tuple(pairs),
    )


def _texts(node: Any, depth: int = 0) -> Iterator[str]:
    if depth > MAX_DEPTH:
        return
    if isinstance(node, Mapping):
        for key in sorted(node, key=lambda key: key in _CONTAINERS):
            value = node[key]
            if isinstance(value, str) and key in _WORDS:
                yield value[:MAX_TEXT_CHARS]
            elif key in _CONTAINERS:
                yield from _texts(value, depth + 1)
    elif isinstance(node, list):
        for item in node[:MAX_TEXTS]:
            yield from _texts(item, depth + 1)


def _pairs(node: Any, depth: int = 0) -> Iterator[tuple[str, str]]:
    """Fields of attachments, and those of section blocks that read ``*Title:* value``."""
    if depth > MAX_DEPTH:
        return
    if isinstance(node, list):
        for item in node[:MAX_TEXTS]:
            yield from _pairs(item, depth + 1)
    elif isinstance(node, Mapping):
        if isinstance(node.get("title"), str) and isinstance(node.get("value"), str):
            yield node["title"][:MAX_TEXT_CHARS], node["value"][:MAX_TEXT_CHARS]
        text = node.get("text")
        if isinstance(text, str) and (found := re.match(r"\s*\*([^*\n]{1,80})\*:?\s*\n?(.{1,2000})", text, re.DOTALL)):
            yield found[1], found[2]
        for key in ("attachments", "blocks", "fields"):
            yield from _pairs(node.get(key), depth + 1)


def _plain(text: str, links: list[str]) -> str:
    """The words as a person sees them; the links in them are collected. A mention of people is left out."""

    def shown(found: re.Match[str]) -> str:
        links.append(html.unescape(found["url"]))
        label = found["label"]
        return found["url"] if label is None else label

    without_links = _MENTION.sub("", _LINK.sub(shown, text[:MAX_TEXT_CHARS]))
    words = html.unescape(without_links)
    links.extend(found[0].rstrip(".,;)'`*") for found in _BARE_URL.finditer(words))
    return words


def _objects_in(text: str) -> Iterator[Mapping[str, Any]]:
    decoder, position = json.JSONDecoder(), 0
    for _ in range(MAX_JSON_STARTS):
        position = text.find("{", position)
        if position < 0:
            return
        try:
            found, position = decoder.raw_decode(text, position)
        except (ValueError, RecursionError):
            position += 1
            continue
        if isinstance(found, dict):
            yield found


def _mappings(event: Mapping[str, Any], key: str) -> Iterator[Mapping[str, Any]]:
    items = event.get(key)
    return (item for item in items if isinstance(item, Mapping)) if isinstance(items, list) else iter(())


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _time(ts: object) -> datetime:
    try:
        return datetime.fromtimestamp(float(str(ts)), UTC)
    except (ValueError, OverflowError, OSError):
        return datetime.now(UTC)
