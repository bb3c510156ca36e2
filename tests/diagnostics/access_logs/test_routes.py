"""Requests that differ in ids only are one route."""

from __future__ import annotations

import pytest

from diagnostics.access_logs.routes import MAX_ROUTE_CHARS, client_address, route


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://shop.example.com:443/", "shop.example.com/"),
        ("https://shop.example.com:443", "shop.example.com/"),
        ("https://shop.example.com:443/api/v2/orders/4711/lines?x=1", "shop.example.com/api/v2/orders/{id}/lines"),
        ("https://shop.example.com:443/a/7/42/b/", "shop.example.com/a/{id}/{id}/b/"),
        ("https://shop.example.com:443/u/0a1b2c3d-0000-4000-8000-123456789abc", "shop.example.com/u/{id}"),
        ("https://shop.example.com:443/reset/abcdefghijklmnopqrstuvwxyz", "shop.example.com/reset/{id}"),
        ("https://shop.example.com:443/mail/jane@example.com", "shop.example.com/mail/{id}"),
        ("https://shop.example.com:443/cart;jsessionid=A1B2C3?x", "shop.example.com/cart"),
    ],
)
def test_routes(url: str, expected: str) -> None:
    assert route(f"GET {url} HTTP/1.1") == f"GET {expected}"


def test_what_is_no_request() -> None:
    assert route("- http://10.0.0.30:80- -") == "- 10.0.0.30/"
    assert route("") == route(None) == " /"
    assert len(route("GET https://x:443/" + "ab/" * 500)) == MAX_ROUTE_CHARS


def test_addresses_of_clients() -> None:
    addresses = [client_address(client) for client in ("203.0.113.24:2817", "[2001:db8::1]:443", "-", None)]
    assert addresses == ["203.0.113.24", "[2001:db8::1]", "-", ""]
