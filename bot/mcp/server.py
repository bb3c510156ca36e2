"""The tools over stdin and stdout, by the official SDK. Everything slow runs in a few threads of its own.

Protocol: https://modelcontextprotocol.io/specification. stdout belongs to it alone: the SDK points the process's own
stdout at stderr while it serves.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from mcp.server import Server, ServerRequestContext
from mcp.server.stdio import stdio_server
from mcp.types import (
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
    Tool,
    ToolAnnotations,
)

from bot import __version__
from bot.cli import crash
from bot.cli.exits import CommandError
from bot.cli.progress import in_words
from bot.mcp import asking, shapes
from bot.mcp.asking import Arguments, BadArgumentsError
from bot.mcp.desk import Desk, NoAnswerError
from bot.mcp.telling import INSTRUCTIONS, Told, plain
from diagnostics.facts.fact import Frozen
from diagnostics.question import Progress, ProgressListener

PARALLEL: Final = 2
"""So many calls are worked on at once: each reads AWS with threads of its own."""
MAX_CALLS: Final = 8
"""Of those that are worked on and wait; further ones are told to come again."""
PROGRESS_EVERY_S: Final = 0.25
CLOSING_S: Final = 1.5
"""Clients end a server by force two seconds after they have closed its stdin."""
READ_ONLY: Final = ToolAnnotations(read_only_hint=True, destructive_hint=False, open_world_hint=True)

Work = Callable[[ProgressListener], Told]

_log: Final = logging.getLogger(__name__)


class NobodyWaits(BaseException):
    """Ends a diagnosis that was cancelled, at its next step; what survives errors is not to survive this."""


@dataclass(frozen=True, slots=True)
class _Offer:
    title: str
    description: str
    arguments: type[Arguments]
    answer: type[Frozen]
    call: Callable[[Desk, Any, ProgressListener], Told]


OFFERS: Final = {
    "diagnose": _Offer(
        "Diagnose a service",
        "Says why an AWS load balancer answers 502, 503 or 504: reads health, metrics, settings, logs and recent "
        "changes of the target, and names causes with evidence, what speaks against them, and fixes a person can make. "
        "Takes up to a minute. Changes nothing.",
        asking.Diagnose,
        shapes.Diagnosis,
        Desk.diagnose,
    ),
    "explain": _Offer(
        "Explain a cause",
        "What a cause's code means, how it is recognised and what to do about it. Reads no AWS.",
        asking.Explain,
        shapes.Explained,
        Desk.explain,
    ),
    "timeline": _Offer(
        "Show what happened",
        "Errors, deployments, changes by people, stopped tasks and alarms in one order: of a report by its id, or of a "
        "target, which is diagnosed for it. Changes nothing.",
        asking.Timeline,
        shapes.Events,
        Desk.timeline,
    ),
}


class Calls:
    """Runs the tools' calls for one client."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._pool = ThreadPoolExecutor(PARALLEL, thread_name_prefix="mcp")
        self._jobs: dict[_News, Future[CallToolResult]] = {}

    async def listed(self, _: ServerRequestContext, __: PaginatedRequestParams | None) -> ListToolsResult:
        return ListToolsResult(tools=[_tool(name, offer) for name, offer in OFFERS.items()])

    async def called(self, context: ServerRequestContext, params: CallToolRequestParams) -> CallToolResult:
        """What went wrong is an answer, too: one line that the assistant can act on."""
        offer = OFFERS.get(params.name)
        if offer is None:
            return _refused(f"there is no tool {plain(params.name, asking.MAX_CODE)!r}; there are {', '.join(OFFERS)}")
        if len(self._jobs) >= MAX_CALLS:
            return _refused(f"{MAX_CALLS} calls are under way; ask again when one of them has ended")
        try:
            asked = asking.read(offer.arguments, params.arguments)
        except BadArgumentsError as wrong:
            return _refused(str(wrong))
        return await self._worked_on(partial(offer.call, self._desk, asked), context)

    def close(self) -> None:
        """Nobody waits for anything any more; what runs has a moment to end what it began at AWS, such as queries."""
        jobs = dict(self._jobs)
        for news in jobs:
            news.nobody_listens.set()
        self._pool.shutdown(wait=False, cancel_futures=True)
        wait(jobs.values(), timeout=CLOSING_S)

    async def _worked_on(
        self, work: Callable[[ProgressListener], Told], context: ServerRequestContext
    ) -> CallToolResult:
        news = _News()
        job = self._jobs[news] = self._pool.submit(_answered, work, news.hear)
        job.add_done_callback(lambda _: self._jobs.pop(news, None))
        answer = asyncio.wrap_future(job)
        try:
            told = 0
            while not (await asyncio.wait({answer}, timeout=PROGRESS_EVERY_S))[0]:
                if (step := news.newest()) is not None:
                    told += 1
                    await context.session.report_progress(told, message=in_words(step))
            return answer.result()
        finally:
            news.nobody_listens.set()
            answer.cancel()


class _News:
    """The newest step of a diagnosis, from its thread to the loop; what lies between two looks is not told."""

    def __init__(self) -> None:
        self.nobody_listens = threading.Event()
        self._step: Progress | None = None
        self._lock = threading.Lock()

    def hear(self, step: Progress) -> None:
        """Raises `NobodyWaits`."""
        if self.nobody_listens.is_set():
            raise NobodyWaits
        with self._lock:
            self._step = step

    def newest(self) -> Progress | None:
        """None where nothing is new."""
        with self._lock:
            step, self._step = self._step, None
        return step


def serve(desk: Desk) -> None:
    """Answers the client on stdin and stdout until it closes stdin."""
    asyncio.run(_served(desk))


def server(calls: Calls) -> Server[Any]:
    """The server of one client, for whatever connects it."""
    return Server(
        "alb502",
        title="alb502",
        version=__version__,
        instructions=INSTRUCTIONS,
        on_list_tools=calls.listed,
        on_call_tool=calls.called,
    )


async def _served(desk: Desk) -> None:
    calls = Calls(desk)
    made = server(calls)
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, _end_now, calls, 128 + number)
    try:
        async with stdio_server() as (incoming, outgoing):
            await made.run(incoming, outgoing, made.create_initialization_options())
    finally:
        calls.close()


def _end_now(calls: Calls, status: int) -> None:
    """The thread that reads stdin cannot be woken, and the interpreter would wait for it."""
    calls.close()
    os._exit(status)


def _tool(name: str, offer: _Offer) -> Tool:
    return Tool(
        name=name,
        title=offer.title,
        description=offer.description,
        input_schema=offer.arguments.model_json_schema(),
        output_schema=shapes.schema(offer.answer),
        annotations=READ_ONLY,
    )


def _answered(work: Work, listener: ProgressListener) -> CallToolResult:
    """The top of a call's thread: whatever happens, the assistant gets one line."""
    try:
        told = work(listener)
    except NobodyWaits:
        return _refused("cancelled")
    except (NoAnswerError, BadArgumentsError, CommandError) as refusal:
        return _refused(str(refusal))
    except Exception as error:  # noqa: BLE001 - the top of this piece of work
        reference, _ = crash.keep(error)
        _log.error("a call failed: %s, reference %s", type(error).__name__, reference)
        return _refused(f"this should not have happened ({type(error).__name__}), reference {reference}")
    content = json.loads(told.content.model_dump_json())
    return CallToolResult(content=[TextContent(type="text", text=told.text)], structured_content=content)


def _refused(line: str) -> CallToolResult:
    return CallToolResult(content=[TextContent(type="text", text=" ".join(line.split()))], is_error=True)
