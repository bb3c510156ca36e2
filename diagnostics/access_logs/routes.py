"""The route of a request: method, host and path, with ids replaced and without query, so that requests can be counted.

The same patterns run in Python, DuckDB and Trino: no look-around, and every part of the path with slashes of its own.
"""

from __future__ import annotations

import re

URL_PATH = "^[a-z]+://[^/?#;]*(/[^?#;]*)"
ID_PART = "/([0-9]|[^/]*[0-9][^/]*[0-9][^/]*|[^/]{24,}|[^/]*@[^/]*)/"
"""A number, a part with two digits, a long part, or an address: what differs from request to request. `v2` stays."""
REPLACEMENT = "/{id}/"
PORT = ":[0-9]+$"
MAX_ROUTE_CHARS = 200

_URL_PATH, _ID_PART, _PORT = re.compile(URL_PATH), re.compile(ID_PART), re.compile(PORT, re.ASCII)


def route(request: str | None) -> str:
    """The route of a request line such as ``GET https://shop.example.com:443/orders/17?x=y HTTP/1.1``."""
    method, url = _part(request or "", " ", 0), _part(request or "", " ", 1)
    host = _part(_part(url, "/", 2), ":", 0)
    found = _URL_PATH.match(url)
    doubled = (found[1] if found else "/").replace("/", "//") + "//"
    path = _ID_PART.sub(REPLACEMENT, doubled).replace("//", "/")
    path = path.removesuffix("/") if path.strip("/") else "/"
    return f"{method} {host}{path}"[:MAX_ROUTE_CHARS]


def client_address(client: str | None) -> str:
    """`client:port` without the port."""
    return _PORT.sub("", client or "")


def _part(text: str, separator: str, position: int) -> str:
    parts = text.split(separator, position + 1)
    return parts[position] if position < len(parts) else ""
