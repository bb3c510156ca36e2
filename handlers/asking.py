"""Words to a question: ``TARGET [since 2h] [in ACCOUNT] [region R] [seeing 502]``."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from diagnostics.bounds import MAX_WINDOW, MAX_WORDS
from diagnostics.question import Question

MAX_TEXT_CHARS: Final = 1_000
MAX_SHOWN_CHARS: Final = 40
MIN_WINDOW_S: Final = 60
MAX_WINDOW_S: Final = int(MAX_WINDOW.total_seconds())
MAX_DURATION_DIGITS: Final = 6
EXPECTED: Final = "`TARGET [since 2h] [in ACCOUNT] [region R] [seeing 502]`"

_UNIT_S: Final = {"m": 60, "min": 60, "h": 3_600, "d": 86_400}
_DURATION: Final = re.compile(rf"([0-9]{{1,{MAX_DURATION_DIGITS}}})(m|min|h|d)", re.ASCII | re.IGNORECASE)
_ACCOUNT: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)
_REGION: Final = re.compile(r"[a-z]{2,5}(?:-[a-z]{2,}){1,2}-[0-9]{1,2}", re.ASCII)
_STATUS: Final = re.compile(r"[45][0-9]{2}", re.ASCII)
_FLAG: Final = re.compile("(?:--|[\u2013\u2014])(?P<name>[a-z]+)(?:=(?P<value>.+))?", re.ASCII | re.IGNORECASE)
"""An option as the command line spells it; telephones make one dash of two."""
_LINK: Final = re.compile(r"<((?:https?|mailto):[^<>|]*)(?:\|[^<>]*)?>")
_LINKED_NAME: Final = re.compile(r"<https?://[^<>|]*\|([^<>]*)>")
_INVISIBLE: Final = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\u00ad]")
_QUOTES: Final = {'"': '"', "'": "'", "\u201c": "\u201d", "\u201d": "\u201d", "\u2018": "\u2019", "\u201e": "\u201c"}


@dataclass(frozen=True, slots=True)
class HelpWanted:
    """Nothing was asked, or help was."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """One line for the asker: what is wrong and what to type instead. Ready for mrkdwn."""

    message: str


class _MistakeError(Exception):
    """Carries the message of a `Mistake` out of the parser."""


def parse(text: str) -> Question | HelpWanted | Mistake:
    """The question in what a person typed after ``/alb502`` or ``@alb502``. Pure; any input gives an answer.

    Slack wraps links (``<https://x|x>``) and escapes ``& < >``; both are undone:
    https://docs.slack.dev/messaging/formatting-message-text
    """
    try:
        return _parsed(text)
    except _MistakeError as mistake:
        return Mistake(str(mistake))


def without_mention(text: str, bot_user_id: str) -> str:
    """What follows the first mention of the bot, else the text without it."""
    before, mention, after = text.partition(f"<@{bot_user_id}>")
    return (after if after.strip() else before) if mention else text


def shown(word: str) -> str:
    """A word of a person, bounded and as inline code in which nothing is a mention, a link or formatting."""
    printable = "".join(char for char in _INVISIBLE.sub("", word) if char.isprintable()).replace("`", "'")
    cut = printable if len(printable) <= MAX_SHOWN_CHARS else printable[:MAX_SHOWN_CHARS] + "…"
    return f"`{html.escape(cut, quote=False)}`" if cut else "(nothing)"


def _parsed(text: str) -> Question | HelpWanted:
    if len(text) > MAX_TEXT_CHARS:
        raise _MistakeError(f"That is {len(text):,} characters; ask in one line of at most {MAX_TEXT_CHARS:,}.")
    plain = _plain(text)
    if any(char in plain for char in "\n\r\v\f\u2028\u2029\x85"):
        raise _MistakeError(f"Ask in one line: {EXPECTED}.")
    if any(not char.isprintable() for char in plain):
        raise _MistakeError("That holds characters that cannot be shown; type the name again.")
    words = list(_words(plain))
    if not words or [word.lower() for word in words] == ["help"]:
        return HelpWanted()
    target, *rest = words
    if _FLAG.fullmatch(target):
        raise _MistakeError(f"The name comes first, then {shown(target)}: ask for {EXPECTED}.")
    if not target.strip():
        raise _MistakeError(f"The name is empty; ask for {EXPECTED}.")
    if len(target) > MAX_WORDS:
        raise _MistakeError(f"The name has {len(target)} characters; at most {MAX_WORDS} are read.")
    return Question(words=target, **_options(rest))


def _plain(text: str) -> str:
    unlinked = _LINK.sub(r"\1", _LINKED_NAME.sub(_name_or_address, text))
    return _INVISIBLE.sub("", html.unescape(unlinked)).replace("\u00a0", " ").replace("\t", " ").strip()


def _name_or_address(link: re.Match[str]) -> str:
    """A bare host name that Slack made a link of stays the name that was typed; a URL stays a URL."""
    label = link.group(1)
    return label if label and "://" not in label and " " not in label else link.group(0)


def _words(text: str) -> Iterator[str]:
    rest = text
    while rest := rest.lstrip():
        closing = _QUOTES.get(rest[0])
        if closing is None:
            word, _, rest = rest.partition(" ")
        else:
            word, found, rest = rest[1:].partition(closing)
            if not found:
                raise _MistakeError(f"A quote is not closed after {shown(word)}.")
            if rest and not rest.startswith(" "):
                raise _MistakeError(f"After {shown(word)} in quotes a space is expected.")
        yield word


@dataclass(frozen=True, slots=True)
class _Option:
    field: str
    read: Callable[[str], object]
    example: str


def _options(words: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    pending = iter(words)
    for word in pending:
        flag = _FLAG.fullmatch(word)
        option = _FLAGS.get(flag["name"].lower()) if flag else _OPTIONS.get(word.lower())
        if option is None:
            hint = "" if found or flag else " Put a name with spaces into quotes."
            raise _MistakeError(f"I do not understand {shown(word)}; ask for {EXPECTED}.{hint}")
        value = flag["value"] if flag and flag["value"] else next(pending, None)
        if value is None:
            raise _MistakeError(f"After {shown(word)} something is missing, such as `{option.example}`.")
        if option.field in found:
            raise _MistakeError(f"{shown(word)} is there twice.")
        found[option.field] = option.read(value)
    return found


def duration_s(text: str) -> int:
    """``2h`` in seconds. Raises ValueError for what is no duration."""
    match = _DURATION.fullmatch(text)
    if match is None:
        raise ValueError(text)
    return int(match.group(1)) * _UNIT_S[match.group(2).lower()]


def _since(value: str) -> int:
    try:
        seconds = duration_s(value)
    except ValueError:
        raise _MistakeError(f"{shown(value)} is no duration; write `since 30m`, `since 2h` or `since 1d`.") from None
    if not MIN_WINDOW_S <= seconds <= MAX_WINDOW_S:
        raise _MistakeError(f"{shown(value)} is out of range; from `1m` to `{MAX_WINDOW.days}d` can be read.")
    return seconds


def _matching(pattern: re.Pattern[str], expected: str) -> Callable[[str], str]:
    def read(value: str) -> str:
        if pattern.fullmatch(value) is None:
            raise _MistakeError(f"{shown(value)} is no {expected}.")
        return value

    return read


def _seen(value: str) -> int:
    if _STATUS.fullmatch(value) is None:
        raise _MistakeError(f"{shown(value)} is no error code; write `seeing 502`.")
    return int(value)


_OPTIONS: Final = {
    "since": _Option("since_s", _since, "since 2h"),
    "in": _Option("account", _matching(_ACCOUNT, "account; write `in prod` or its 12 digits"), "in prod"),
    "region": _Option("region", _matching(_REGION, "region; write `region us-east-1`"), "region us-east-1"),
    "seeing": _Option("seen", _seen, "seeing 502"),
}
_FLAGS: Final = {
    "since": _OPTIONS["since"],
    "account": _OPTIONS["in"],
    "region": _OPTIONS["region"],
    "seen": _OPTIONS["seeing"],
}
