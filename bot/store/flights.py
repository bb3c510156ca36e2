"""The same question asked by several people at once is worked on once.

The first ask leads a flight; the others board it and their jobs end. When the leader lands it is told who boarded and
hands the answer to each. The leader's job is delivered again when its worker dies, so the flight goes on elsewhere; a
landed flight remembers its answer, so a leader that dies while handing out continues there.
"""

from __future__ import annotations

from typing import Final, Literal

from redis import Redis

from bot.store.keys import HOUR_S, digest, key, text_or_none, texts_of
from diagnostics.question import Question

MAX_PASSENGERS: Final = 200
KEEP_S: Final = HOUR_S

_BOARD: Final = """
local leader = redis.call('GET', KEYS[1])
if not leader or leader == ARGV[1] then
  redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
  return 'lead'
end
local passengers = ARGV[4] .. leader
if redis.call('SCARD', passengers) >= tonumber(ARGV[3]) then return 'alone' end
redis.call('SADD', passengers, ARGV[1])
redis.call('EXPIRE', passengers, ARGV[5])
return 'board'
"""

_LAND: Final = """
if redis.call('HGET', KEYS[3], 'fence') ~= ARGV[3] then return 0 end
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
redis.call('SET', KEYS[2], ARGV[2], 'EX', ARGV[4])
return 1
"""


class Flights:
    def __init__(self, redis: Redis, longest_s: int) -> None:
        """`longest_s`: after this time a flight whose leader never landed takes no more passengers."""
        self._redis = redis
        self._longest_s = longest_s
        self._board = redis.register_script(_BOARD)
        self._land = redis.register_script(_LAND)

    def board(self, question: Question, ask_id: str) -> Literal["lead", "board", "alone"]:
        """Joins the flight of this question. ``alone``: it is full, so this ask is worked on by itself."""
        answer: bytes = self._board(
            keys=[_flight(question)],
            args=[ask_id, self._longest_s, MAX_PASSENGERS, key("passengers", ""), KEEP_S],
        )
        words: dict[bytes, Literal["lead", "board", "alone"]] = {b"lead": "lead", b"board": "board"}
        return words.get(answer, "alone")

    def land(self, question: Question, ask_id: str, answer_id: str, fence_key: str, fence: int) -> bool:
        """Closes the flight with its answer. False if a newer delivery leads it by now."""
        keys = [_flight(question), key("landed", ask_id), fence_key]
        return bool(self._land(keys=keys, args=[ask_id, answer_id, fence, KEEP_S]))

    def landed(self, ask_id: str) -> str | None:
        """The id of the answer, if this leader has landed already."""
        return text_or_none(self._redis.get(key("landed", ask_id)))

    def passengers(self, ask_id: str) -> tuple[str, ...]:
        """Who waits for this leader, besides itself."""
        return tuple(sorted(texts_of(self._redis.smembers(key("passengers", ask_id)))))

    def served(self, ask_id: str) -> None:
        """Every passenger has a job of its own now."""
        self._redis.delete(key("passengers", ask_id))


def _flight(question: Question) -> str:
    same = question.model_copy(update={"words": " ".join(question.words.split())})
    return key("flight", digest(same.model_dump_json()))
