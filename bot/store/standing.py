"""Which answer stands in which message, and which fix has ended the trouble that it tells of."""

from __future__ import annotations

from typing import Final

from redis import Redis

from bot.store.keys import DAY_S, key, text_or_none, texts_of
from bot.store.reading import read
from diagnostics.facts.fact import Frozen
from handlers.ask import Place

KEEP_S: Final = DAY_S
"""As long as the question of an answer is known; older messages are not edited."""
MAX_MESSAGES: Final = 20


class Stand(Frozen):
    """The answer to a question in a message."""

    ask: str
    report: str


class Standing:
    """Messages are named by their place. A report may stand in several, and a message shows one report at a time."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def put(self, place: Place, stand: Stand) -> None:
        name = _name(place)
        pipe = self._redis.pipeline(transaction=True)
        pipe.set(_stand(name), stand.model_dump_json(), ex=KEEP_S)
        pipe.sadd(_messages(stand.report), name)
        pipe.expire(_messages(stand.report), KEEP_S)
        pipe.execute()

    def messages(self, report_id: str) -> tuple[str, ...]:
        """The messages that show this report, or did before they were refreshed."""
        return tuple(sorted(texts_of(self._redis.smembers(_messages(report_id))))[:MAX_MESSAGES])

    def stand(self, message: str) -> Stand | None:
        return read(Stand, self._redis.get(_stand(message)))

    def mend(self, message: str, ticket_id: str) -> None:
        """Notes the fix that has ended what this message tells of."""
        self._redis.set(_mended(message), ticket_id, ex=KEEP_S)

    def mended_by(self, message: str) -> str | None:
        """The ticket of that fix."""
        return text_or_none(self._redis.get(_mended(message)))

    def mended_in(self, place: Place) -> str | None:
        return self.mended_by(_name(place))

    def tell(self, message: str, what: str) -> None:
        """Notes what the message says by now of the fix."""
        self._redis.set(_told(message), what, ex=KEEP_S)

    def told(self, message: str) -> str:
        return text_or_none(self._redis.get(_told(message))) or ""


def _name(place: Place) -> str:
    return f"{place.channel} {place.reply_ts or ''}"


def _stand(message: str) -> str:
    return key("stands", message)


def _messages(report_id: str) -> str:
    return key("shown-in", report_id)


def _mended(message: str) -> str:
    return key("mended", message)


def _told(message: str) -> str:
    return key("mended-told", message)
