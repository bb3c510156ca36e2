"""The secrets that this process was given, so that none is ever written, whatever shape it has.

What looks like a secret is hidden by its look; a password or an external id looks like any word.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote, unquote, urlsplit

from pydantic import BaseModel, SecretStr

SHORTEST: Final = 8
"""Hiding a shorter one would hide parts of other words, and tell by where."""
ENVIRONMENT: Final = re.compile(
    r"AWS_(?:SECRET_ACCESS_KEY|SESSION_TOKEN|CONTAINER_AUTHORIZATION_TOKEN)|SLACK_\w*(?:TOKEN|SECRET)|REDIS_URL|OTEL_\w*HEADERS"
)
_USERINFO: Final = re.compile(r"://(?P<userinfo>[^/\s]*)@")

_known: set[str] = set()
_patterns: list[re.Pattern[str]] = []


def learn(secrets: Iterable[str]) -> None:
    """From now on `without` hides these, too, as they are and as they stand in a URL."""
    spellings = {spelling for secret in secrets for spelling in (secret, quote(secret, safe=""), unquote(secret))}
    _known.update(spelling for spelling in spellings if len(spelling) >= SHORTEST)
    longest_first = sorted(_known, key=len, reverse=True)
    _patterns[:] = [re.compile("|".join(map(re.escape, longest_first)))] if longest_first else []


def without(text: str, mark: str) -> str:
    """The text with a mark in place of each secret that was learnt."""
    for pattern in _patterns:
        text = pattern.sub(mark, text)
    return text


def secrets_of(settings: BaseModel) -> Iterator[str]:
    """Every secret of the settings, and the passwords that stand in their URLs."""
    for value in _leaves(settings):
        if isinstance(value, SecretStr):
            yield from _parts(value.get_secret_value())


def secrets_in(environ: Mapping[str, str]) -> Iterator[str]:
    """Those that libraries read from the environment by themselves."""
    for name, value in environ.items():
        if ENVIRONMENT.fullmatch(name) and value:
            yield from _parts(value)
            if name.endswith("HEADERS"):  # name=value,name=value
                yield from (pair.partition("=")[2].strip() for pair in value.split(","))


def _parts(secret: str) -> Iterator[str]:
    yield secret
    found = _USERINFO.search(secret)
    if found is not None:
        yield found["userinfo"].partition(":")[2]
    yield from _passwords_of_options(secret)


def _passwords_of_options(secret: str) -> Iterator[str]:
    try:
        query = urlsplit(secret).query
    except ValueError:
        return
    for option in query.split("&"):
        name, _, value = option.partition("=")
        if name.endswith("password"):
            yield value


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _leaves(getattr(value, name))
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _leaves(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _leaves(one)
    else:
        yield value
