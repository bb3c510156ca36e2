"""The HTTP side of the page: its files, what there is to see as server-sent events, and what a person does."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, Final

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from demo.slack.acts import ActError
from demo.slack.feed import Feed

STATIC: Final = Path(__file__).parent / "static"
KINDS: Final = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
CONTENT_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
)
HEADERS: Final = {
    "Content-Security-Policy": CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
ALIVE_S: Final = 15.0
MAX_BODY_BYTES: Final = 200_000

Act = Callable[[dict[str, Any]], Any]


class Readers:
    """How many pages are open."""

    def __init__(self) -> None:
        self.count = 0


def page_routes(feed: Feed, acts: dict[str, Act], about: Callable[[], dict[str, Any]], readers: Readers) -> list[Route]:
    """`acts` by name; each gets what the page sends and may raise `ActError`."""

    async def index(_: Request) -> Response:
        return _file("index.html")

    async def static(request: Request) -> Response:
        return _file(request.path_params["name"])

    async def config(_: Request) -> Response:
        return JSONResponse(about(), headers=HEADERS)

    async def events(request: Request) -> Response:
        stream = _changes(feed, request.headers.get("last-event-id", ""), readers)
        return StreamingResponse(stream, media_type="text/event-stream", headers=HEADERS)

    async def act(request: Request) -> Response:
        wanted = acts.get(request.path_params["name"])
        given = await _given(request)
        if wanted is None or given is None:
            return Response(status_code=400, headers=HEADERS)
        try:
            made = await anyio.to_thread.run_sync(wanted, given)
        except ActError as refused:
            return JSONResponse({"ok": False, "error": str(refused)}, headers=HEADERS)
        except (KeyError, TypeError, ValueError):
            return JSONResponse({"ok": False, "error": "That was not understood."}, status_code=400, headers=HEADERS)
        return JSONResponse({"ok": True, "made": made}, headers=HEADERS)

    routes: list[tuple[str, Callable[[Request], Awaitable[Response]], str]] = [
        ("/", index, "GET"),
        ("/archives/{rest:path}", index, "GET"),
        ("/static/{name}", static, "GET"),
        ("/about", config, "GET"),
        ("/events", events, "GET"),
        ("/act/{name}", act, "POST"),
    ]
    return [Route(path, _from_here(endpoint), methods=[method]) for path, endpoint, method in routes]


def _from_here(endpoint: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    """Refuses what another site makes a browser ask: another name for this address, or another page that sends."""

    async def guarded(request: Request) -> Response:
        host = request.headers.get("host", "")
        origin = request.headers.get("origin")
        if host.partition(":")[0] not in {"127.0.0.1", "localhost"} or origin not in {None, f"http://{host}"}:
            return Response("Open this page by its own address.", status_code=403, headers=HEADERS)
        return await endpoint(request)

    return guarded


def _file(name: str) -> Response:
    path = STATIC / name
    if path.parent != STATIC or path.suffix not in KINDS or not path.is_file():
        return Response(status_code=404, headers=HEADERS)
    return Response(path.read_bytes(), media_type=KINDS[path.suffix], headers=HEADERS)


async def _given(request: Request) -> dict[str, Any] | None:
    if not request.headers.get("content-type", "").startswith("application/json"):
        return None  # a form of another site cannot say so
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > MAX_BODY_BYTES:
            return None
    try:
        found = json.loads(raw)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


async def _changes(feed: Feed, last: str, readers: Readers) -> AsyncIterator[str]:
    """https://html.spec.whatwg.org/multipage/server-sent-events.html

    `last` is the id of the last event that the page has seen; one of another run makes it begin anew.
    """
    run, _, number = last.partition(":")
    seq = int(number) if run == feed.run and number.isascii() and number.isdigit() else 0
    changed, loop, is_told = asyncio.Event(), asyncio.get_running_loop(), False
    readers.count += 1
    try:
        yield "retry: 1000\n\n"
        if last and not seq:
            yield "event: anew\ndata: {}\n\n"
            return
        with feed.listening(lambda: loop.call_soon_threadsafe(changed.set)):
            while not feed.is_closed:
                changed.clear()
                for item in feed.since(seq) if feed.seq != seq else []:
                    seq = item.seq
                    body = json.dumps({"kind": item.kind, "id": item.id, "body": item.body})
                    yield f"id: {feed.run}:{seq}\ndata: {body}\n\n"
                if not is_told:
                    is_told = True
                    yield "event: ready\ndata: {}\n\n"  # everything that was there before is told
                try:
                    await asyncio.wait_for(changed.wait(), ALIVE_S)
                except TimeoutError:
                    yield ": still here\n\n"
    finally:
        readers.count -= 1
