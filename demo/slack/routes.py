"""The HTTP side of the Web API: ``/api/METHOD`` and ``/response/ID``."""

from __future__ import annotations

import json
from typing import Any, Final
from urllib.parse import parse_qsl

import anyio.to_thread
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from demo.slack.web_api import WebApi, decoded

MAX_BODY_BYTES: Final = 1_000_000


def slack_routes(api: WebApi) -> list[Route]:
    """What a client of Slack's calls."""

    async def method(request: Request) -> Response:
        body = await _body(request)
        if body is None:
            return Response(status_code=413)
        token = request.headers.get("authorization", "").removeprefix("Bearer ") or body.pop("token", None)
        name = request.path_params["method"]
        if (after_s := api.too_often_s(name, body)) is not None:
            refused = {"ok": False, "error": "ratelimited"}
            return JSONResponse(refused, status_code=429, headers={"Retry-After": str(after_s)})
        return JSONResponse(await anyio.to_thread.run_sync(api.call, name, token, decoded(body)))

    async def response(request: Request) -> Response:
        body = await _body(request)
        if body is None:
            return Response(status_code=413)
        told = await anyio.to_thread.run_sync(api.respond, request.path_params["name"], decoded(body))
        return Response("ok") if told["ok"] else JSONResponse(told, status_code=404)

    return [
        Route("/api/{method}", method, methods=["GET", "POST"]),
        Route("/response/{name}", response, methods=["POST"]),
    ]


async def _body(request: Request) -> dict[str, Any] | None:
    """The arguments of a call, from its query and its body; None when it is too large."""
    raw = bytearray()
    try:
        async for chunk in request.stream():
            raw += chunk
            if len(raw) > MAX_BODY_BYTES:
                return None
    except ClientDisconnect:
        return {}
    given: dict[str, Any] = dict(request.query_params)
    if request.headers.get("content-type", "").startswith("application/json"):
        try:
            found = json.loads(raw or b"{}")
        except ValueError:
            found = {}
        return given | (found if isinstance(found, dict) else {})
    return given | dict(parse_qsl(raw.decode("utf-8", "replace"), keep_blank_values=True))
