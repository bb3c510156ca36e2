"""The load tells the truth about a server that is slow or refuses, and leaves on time all the same."""

from __future__ import annotations

import asyncio
import itertools

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from benchmarks.ack.__main__ import EMPTY, WEB, judged
from benchmarks.ack.load import PATH, Latencies, run
from bot.listener import Listener


def load_on(statuses: list[int], together: bool = False) -> Latencies:
    """Ten commands within a tenth of a second, answered with these statuses in turn, or only when all are there."""
    answers, waiting = itertools.cycle(statuses), asyncio.Barrier(10)

    async def answer(_: Request) -> Response:
        if together:
            await waiting.wait()
        return Response(status_code=next(answers))

    listener = Listener(Starlette(routes=[Route(PATH, answer, methods=["POST"])]), "127.0.0.1", 0, "the port")
    listener.start()
    try:
        return asyncio.run(run(listener.port, lambda number: b"text=%d" % number, per_second=100, seconds=0.1))
    finally:
        listener.stop()


def test_each_command_that_is_not_answered_with_200_has_failed() -> None:
    found = load_on([200, 503])
    assert (found.sent, found.failed) == (10, 5)


def test_commands_do_not_wait_for_the_answers_of_others() -> None:
    """The first one is answered only when the last one has come, nine hundredths of a second later."""
    found = load_on([200], together=True)
    assert found.failed == 0
    assert found.maximum >= 80
    assert found.p50 <= found.p99 <= found.maximum


def test_a_server_that_is_not_there_fails_every_command() -> None:
    listener = Listener(Starlette(), "127.0.0.1", 0, "the port")
    listener.stop()
    found = asyncio.run(run(listener.port, lambda _: b"", per_second=100, seconds=0.05))
    assert found.failed == 5


def test_slow_acknowledgements_and_lost_commands_are_misses() -> None:
    empty = Latencies(2_000, 0, p50=2.0, p99=100.0, maximum=200.0)
    assert all(target.met for target in judged({EMPTY: [empty], WEB: [empty]}, 100))
    bad = Latencies(2_000, 1, p50=2.0, p99=300.0, maximum=400.0)
    assert not any(target.met for target in judged({EMPTY: [empty], WEB: [bad]}, 100))
