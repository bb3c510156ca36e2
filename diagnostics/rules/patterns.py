"""The patterns of listener rules: wildcards decided exactly, regular expressions decided where that is safe.

Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-condition-types.html
"""

from __future__ import annotations

import re
from typing import Final, Literal

MAX_REGEX_CHARS: Final = 128
MAX_WIDE_REPEATS: Final = 3

Verdict = Literal["yes", "no", "unclear"]

_ESCAPED = re.compile(r"\\.")
_REPEATED_GROUP = re.compile(r"\)(?:[*+]|\{)")
_REPEAT_UP_TO_ITS_END = re.compile(r"\[\^(?P<end>[^\]\\])\][*+](?=(?P=end))")
_CHARACTER_CLASS = re.compile(r"\[\^?\]?[^\]]*\]")
_REPEAT = re.compile(r"[*+]|\{[0-9]+,")
_BACK_REFERENCE = re.compile(r"\\[1-9]|\(\?")


def wildcard_match(pattern: str, text: str, *, escapes: bool = False) -> bool:
    """Whether `text` fits `pattern`: ``*`` is 0 or more characters, ``?`` exactly one.

    With `escapes` a backslash takes the special meaning from the character behind it, as in query string conditions.
    The time is bounded by the product of the lengths, whatever the pattern.
    """
    tokens = _tokens(pattern, escapes)
    at = token = 0
    star: int | None = None
    star_at = 0
    while at < len(text):
        if token < len(tokens) and tokens[token] == "*":
            star, star_at = token, at
            token += 1
        elif token < len(tokens) and tokens[token] in ("?", f"={text[at]}"):
            token += 1
            at += 1
        elif star is not None:
            star_at += 1
            token, at = star + 1, star_at
        else:
            return False
    return all(rest == "*" for rest in tokens[token:])


def regex_match(pattern: str, text: str, *, ignore_case: bool) -> Verdict:
    """Whether `text` fits the regular expression of a rule.

    `unclear` when it fits a part of the text only (AWS does not say whether that is enough), when Python does not
    understand it, or when trying it could take too long: the expression is somebody else's.
    """
    if len(pattern) > MAX_REGEX_CHARS or _may_be_slow(pattern):
        return "unclear"
    try:
        compiled = re.compile(pattern, re.IGNORECASE if ignore_case else 0)
    except re.error:
        return "unclear"
    if compiled.fullmatch(text):
        return "yes"
    return "no" if compiled.search(text) is None else "unclear"


def _tokens(pattern: str, escapes: bool) -> list[str]:
    """``*`` and ``?`` stand for themselves, any other character is written ``=c``."""
    tokens: list[str] = []
    rest = iter(pattern)
    for character in rest:
        if escapes and character == "\\":
            tokens.append(f"={next(rest, character)}")
        elif character == "*" and tokens[-1:] == ["*"]:
            continue
        else:
            tokens.append(character if character in "*?" else f"={character}")
    return tokens


def _may_be_slow(pattern: str) -> bool:
    """A backtracking engine needs exponential time for repeated groups, and a power of the length for many repeats."""
    if _BACK_REFERENCE.search(pattern) or _REPEATED_GROUP.search(_ESCAPED.sub("x", pattern)):
        return True
    plain = _REPEAT_UP_TO_ITS_END.sub("x", _ESCAPED.sub("x", pattern))
    return len(_REPEAT.findall(_CHARACTER_CLASS.sub("x", plain))) > MAX_WIDE_REPEATS
