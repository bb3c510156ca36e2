"""All that one message of Slack says, collected before anybody looks for an alarm in it.

Where posters put their words: https://docs.slack.dev/reference/events/message and, for what Slack escapes in them,
https://docs.slack.dev/messaging/formatting-message-text#escaping
"""

from __future__ import annotations

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
MAX_DECORATIONS: Final = 4

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
_SPACE: Final = " \t\n\u200b"
_DECORATED: Final = re.compile(r"([*_`~])(.+)\1", re.DOTALL)
_ESCAPED: Final = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))
"""All that Slack escapes; other entities are a poster's own words, such as ``&region=`` in a link."""
_RICH: Final = ("rich_text_section", "rich_text_quote", "rich_text_preformatted")


@dataclass(frozen=True, slots=True)
class Sender:
    """Who posted, by the ids that Slack gives; a name proves nothing. The e-mail app has neither of the other two: it
    posts as `user` ``USLACKBOT``."""

    bot_id: str | None = None
    app_id: str | None = None
    name: str = ""
    user: str | None = None

    @property
    def ids(self) -> frozenset[str]:
        return frozenset(one for one in (self.bot_id, self.app_id, self.user) if one)


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
    return _is_by_email(event)


def said_in(event: Mapping[str, Any]) -> Said:
    """Collects what a message event says, whatever is missing or odd in it."""
    texts, links, pairs = list(islice(_texts(event), MAX_TEXTS)), list[str](), list[tuple[str, str]]()
    plain = [_plain(text, links) for text in texts]
    for title, value in islice(_pairs(event), MAX_TEXTS):
        pairs.append(
            (_undecorated(_undecorated(_plain(title, [])).rstrip(":")).lower(), _undecorated(_plain(value, [])))
        )
    profile = event.get("bot_profile")
    profile = profile if isinstance(profile, Mapping) else {}
    return Said(
        sender=Sender(
            bot_id=_text(event.get("bot_id")) or None,
            app_id=_text(event.get("app_id")) or _text(profile.get("app_id")) or None,
            name=_text(profile.get("name")) or _text(event.get("username")),
            user=_text(event.get("user")) or None if _is_by_email(event) else None,
        ),
        posted_at=time_of_ts(event.get("ts")),
        texts=tuple(dict.fromkeys(text for text in plain if text.strip())),
        links=tuple(dict.fromkeys(links))[:MAX_LINKS],
        pairs=tuple(pairs),
    )


def _texts(node: Any, depth: int = 0) -> Iterator[str]:
    if depth > MAX_DEPTH:
        return
    if isinstance(node, Mapping):
        if node.get("type") in _RICH:
            yield _joined(node.get("elements"))
        for key in sorted(node, key=lambda key: key in _CONTAINERS):
            value = node[key]
            if isinstance(value, str) and key in _WORDS:
                yield value[:MAX_TEXT_CHARS]
            elif key in _CONTAINERS:
                yield from _texts(value, depth + 1)
    elif isinstance(node, list):
        for item in node[:MAX_TEXTS]:
            yield from _texts(item, depth + 1)


def _joined(elements: Any) -> str:
    """A line of rich text as it is read: its words come in pieces, one for each change of style."""
    pieces = []
    for piece in elements[:MAX_TEXTS] if isinstance(elements, list) else ():
        if isinstance(piece, Mapping):
            emoji = f":{_text(piece.get('name'))}:" if piece.get("type") == "emoji" else ""
            pieces.append(emoji or _text(piece.get("text")) or _text(piece.get("url")))
    return "".join(pieces)[:MAX_TEXT_CHARS]


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
        links.append(_unescaped(found["url"]))
        label = found["label"]
        return found["url"] if label is None else label

    without_links = _MENTION.sub("", _LINK.sub(shown, text[:MAX_TEXT_CHARS]))
    words = _unescaped(without_links)
    links.extend(without_punctuation(found[0]) for found in _BARE_URL.finditer(words))
    return words


def _unescaped(text: str) -> str:
    for escaped, character in _ESCAPED:
        text = text.replace(escaped, character)
    return text


def without_punctuation(text: str) -> str:
    """Without what ends the sentence around an address. A bracket that was opened in the address belongs to it."""
    bare = text.rstrip(".,;'`*")
    while bare.endswith(")") and bare.count("(") < bare.count(")"):
        bare = bare[:-1].rstrip(".,;'`*")
    return bare


def _undecorated(text: str) -> str:
    """Without the marks for bold, italics and code around the whole of it; a name may begin with one of them."""
    bare = text.strip(_SPACE)
    for _ in range(MAX_DECORATIONS):
        found = _DECORATED.fullmatch(bare)
        if found is None:
            break
        bare = found[2].strip(_SPACE)
    return bare


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


def _is_by_email(event: Mapping[str, Any]) -> bool:
    files = event.get("files") if event.get("subtype") == "file_share" else None
    listed = files if isinstance(files, list) else ()
    return any(isinstance(file, Mapping) and file.get("mode") == "email" for file in listed)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def time_of_ts(ts: object) -> datetime:
    """The time in a message's ts; now, when there is none."""
    try:
        return datetime.fromtimestamp(float(str(ts)), UTC)
    except (ValueError, OverflowError, OSError):
        return datetime.now(UTC)
