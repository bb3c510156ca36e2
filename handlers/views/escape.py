"""Foreign text in Slack's mrkdwn: nothing in it is a mention, a link, an emoji or formatting.

Slack asks for ``& < >`` to be escaped, which disarms mentions, channel links and hidden links:
https://docs.slack.dev/messaging/formatting-message-text
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from diagnostics import printable
from diagnostics.commands import split_command
from diagnostics.printable import ELLIPSIS

MAX_WORD: Final = 120
"""A longer word is no word of a language; it is cut so that it cannot push the rest away."""
MAX_NAME: Final = 80
MAX_LINK: Final = 1_000
SAME_DAY: Final = timedelta(hours=20)

_FORMATTING: Final = re.compile(r"[*_~]|:(?!\d\d:\d)[\w+-]+:")
_AROUND: Final = re.compile(r"(?P<open>[(\[\"']*)(?P<core>.*?)(?P<close>[)\]\"',.;!?]*)\Z", re.DOTALL)
_USER_ID: Final = re.compile(r"[UW][A-Z0-9]{2,20}\Z", re.ASCII)


def words(text: str, limit: int) -> str:
    """`text` as one line of mrkdwn of at most `limit` characters.

    A word that Slack would format (``task_x_``, ``*.example.com``, ``:fire:``) becomes inline code, where nothing is.
    """
    line = printable.line(text, limit)
    return _joined([_word(word) for word in line.split(" ")], limit)


def headline_words(text: str, limit: int) -> str:
    """`text` as `words`; a bracket that is cut off in its middle is closed behind the ellipsis."""
    if len(text) > limit:
        text = printable.without_ids(text)
    cut = words(text, limit - 1)
    is_open = cut.endswith(ELLIPSIS) and cut.count("(") > cut.count(")")
    return f"{cut})" if is_open else words(text, limit)


def instruction(text: str, limit: int) -> str:
    """Words with the command at their end, if there is one, as code that can be copied."""
    said, command = split_command(text)
    if command is None or len(html(command)) + 2 > limit // 2:
        return words(text, limit)
    typed = code(command, limit // 2)
    return f"{words(said, limit - len(typed) - 2)}: {typed}"


def code(name: str, limit: int = MAX_NAME) -> str:
    """A name as inline code of at most `limit` characters; a name of nothing visible says so."""
    shown = printable.line(name, limit).replace("`", "'")
    if not shown:
        return "(no name)"
    return f"`{_html_within(shown, limit - 2)}`"


def block(text: str, limit: int) -> str | None:
    """`text` as a code block that can be copied, or None when it does not fit: half a statement helps nobody."""
    shown = html(printable.lines(text, limit).replace("`", "'"))
    fits = len(shown) + 6 <= limit and len(text) <= limit
    return f"```{shown}```" if shown and fits else None


def html(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def person(user_id: str) -> str:
    """A mention of a user, or the words themselves when they are no user id."""
    return f"<@{user_id}>" if _USER_ID.match(user_id) else code(user_id)


def link(url: str, label: str) -> str | None:
    """A link with our own label, or None for anything but a web address."""
    if len(url) > MAX_LINK or printable.line(url, MAX_LINK) != url or not set(url).isdisjoint('<>|` "\\'):
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        return None
    return f"<{html(url)}|{html(label)}>"


def moment(at: datetime, now: datetime, *, seconds: bool = False) -> str:
    """A time in the reader's zone with UTC beside it; the day is told unless it is near `now`.

    https://docs.slack.dev/messaging/formatting-message-text#date-formatting
    """
    near = abs(now - at) < SAME_DAY
    clock = "{time_secs}" if seconds else "{time}"
    local = clock if near else f"{{date_short}} {clock}"
    utc = utc_time(at, near=near, seconds=seconds)
    return f"<!date^{int(at.timestamp())}^{local}|{utc}> ({utc})"


def utc_time(at: datetime, *, near: bool = True, seconds: bool = False) -> str:
    form = f"{'' if near else '%d %b '}{'%H:%M:%S' if seconds else '%H:%M'} UTC"
    return at.astimezone(UTC).strftime(form)


def _html_within(text: str, limit: int) -> str:
    escaped = html(text)
    if len(escaped) <= limit:
        return escaped
    kept, used = [], len(ELLIPSIS)
    for char in map(html, text):
        used += len(char)
        if used > limit:
            break
        kept.append(char)
    return "".join(kept) + ELLIPSIS


def _word(word: str) -> str:
    word = printable.shortened(word, MAX_WORD).replace("`", "'")
    return _in_code(word) if _FORMATTING.search(word) else html(word)


def _in_code(word: str) -> str:
    """In code but for what stands around it; a colon at the end belongs to the sentence unless one begins the word."""
    colons = "" if word.lstrip("([\"'").startswith(":") else ":" * (len(word) - len(word.rstrip(":")))
    word = word.removesuffix(colons)
    parts = _AROUND.match(word)
    if parts is None or not parts["core"]:
        return f"`{html(word)}`{colons}"
    return f"{html(parts['open'])}`{html(parts['core'])}`{html(parts['close'])}{colons}"


def _joined(pieces: list[str], limit: int) -> str:
    kept: list[str] = []
    used = 0
    for piece in pieces:
        used += len(piece) + bool(kept)
        if used > limit:
            return _with_ellipsis(kept, limit)
        kept.append(piece)
    return " ".join(kept)


def _with_ellipsis(kept: list[str], limit: int) -> str:
    while kept and len(" ".join(kept)) + len(ELLIPSIS) > limit:
        kept.pop()
    return " ".join(kept) + ELLIPSIS
