"""Words -> what they can mean. Pure; every input gives an answer of one line at most."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from diagnostics.bounds import MAX_WORDS
from diagnostics.locate.arns import (
    load_balancer_of_dimension,
    read_arn,
    target_group_of_dimension,
)
from diagnostics.locate.wanted import AlarmWanted, FunctionWanted, Pair, PlainName, ServiceWanted, Unusable, Wanted
from diagnostics.locate.web_address import has_scheme, read_host, read_url

MAX_ALARM_NAME_CHARS: Final = 255

_INVISIBLE_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_WRAPPERS: Final = ("`", '"', "'")
_ECS_NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")
_ELB_NAME = re.compile(r"(?!-)[A-Za-z0-9-]{1,32}(?<!-)")
_FUNCTION_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_QUALIFIED_FUNCTION = re.compile(r"(?P<name>[A-Za-z0-9_-]{1,64}):(?P<qualifier>[A-Za-z0-9_$-]{1,128})")
_DIMENSION_LABEL = re.compile(r"(?:LoadBalancer|TargetGroup)=")


def parse(words: str) -> Wanted | Unusable:
    """What TARGET names: the narrowest reading of the words. A word that fits nothing else is an alarm's name.

    Limits of names: ECS 255 letters, digits, ``-`` and ``_``; load balancers and target groups 32 letters, digits and
    ``-``; functions 64; alarms 255 of any printable character.
    """
    bare = _unwrapped(_with_plain_spaces(words).strip())
    if reason := _unprintable(bare):
        return Unusable(reason)
    if bare.lower().startswith("arn:"):
        return read_arn(bare)
    if has_scheme(bare):
        return read_url(bare)
    return _dimension(bare) or _host_or_name(bare)


def may_be_ecs_name(name: str) -> bool:
    return _ECS_NAME.fullmatch(name) is not None


def may_be_elb_name(name: str) -> bool:
    return _ELB_NAME.fullmatch(name) is not None


def may_be_function_name(name: str) -> bool:
    return _FUNCTION_NAME.fullmatch(name) is not None


def _with_plain_spaces(words: str) -> str:
    """Names that were copied from a web page or a chat bring no-break and other spaces along."""
    return "".join(" " if unicodedata.category(character) == "Zs" else character for character in words)


def _unwrapped(words: str) -> str:
    """People copy names together with the quotes or backticks around them."""
    for mark in _WRAPPERS:
        if len(words) > 2 and words[0] == words[-1] == mark and mark not in words[1:-1]:
            return words[1:-1].strip()
    return words


def _unprintable(words: str) -> str | None:
    if not words:
        return "Name a TARGET: a service, load balancer, target group, function, URL or alarm, such as prod/checkout."
    if len(words) > MAX_WORDS:
        return f"TARGET is longer than {MAX_WORDS} characters: type a name, an ARN, or a URL without its query."
    for position, character in enumerate(words, start=1):
        if unicodedata.category(character) in _INVISIBLE_CATEGORIES:
            return (
                f"TARGET holds a control or invisible character (U+{ord(character):04X}, position {position}): "
                "type the name by hand."
            )
    return None


def _dimension(words: str) -> Wanted | Unusable | None:
    text = _DIMENSION_LABEL.sub("", words, count=1) if _DIMENSION_LABEL.match(words) else words
    if text.startswith("service/"):
        _, _, rest = text.partition("/")
        cluster, slash, name = rest.partition("/")
        if slash and may_be_ecs_name(cluster) and may_be_ecs_name(name):
            return ServiceWanted(name, cluster)
    return load_balancer_of_dimension(text.removeprefix("loadbalancer/")) or target_group_of_dimension(text)


def _host_or_name(words: str) -> Wanted | Unusable:
    if not re.search(r"\s", words) and (address := read_host(words)):
        return address
    if may_be_ecs_name(words):
        return PlainName(words)
    first, slash, second = words.partition("/")
    if slash and may_be_ecs_name(first) and may_be_ecs_name(second):
        return Pair(first, second)
    if function := _QUALIFIED_FUNCTION.fullmatch(words):
        return FunctionWanted(function["name"], function["qualifier"])
    if len(words) > MAX_ALARM_NAME_CHARS:
        return Unusable(f"TARGET is longer than any name in AWS ({MAX_ALARM_NAME_CHARS} characters).")
    return AlarmWanted(words)
