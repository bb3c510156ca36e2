"""What the page's port answers, to whom, and with which headers."""

from __future__ import annotations

import http.client
import json
import re
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from demo.page.routes import STATIC, Readers, page_routes
from demo.page.serving import Serving
from demo.slack.acts import ActError
from demo.slack.feed import Feed
from demo.slack.routes import slack_routes
from demo.slack.web_api import WebApi
from demo.slack.workspace import Workspace

JSON = {"Content-Type": "application/json"}


class Port:
    """A page without a world behind it."""

    def __init__(self) -> None:
        self.feed, self.done = Feed(), list[dict[str, Any]]()
        self.serving = Serving(0)
        api = WebApi(Workspace(self.feed), token="xoxb-test", url=self.serving.url)
        acts = {"note": self.done.append, "refuse": self._refuse}
        routes = page_routes(self.feed, acts, lambda: {"bot": "U0"}, Readers())
        self.serving.start([*slack_routes(api), *routes])

    def _refuse(self, _: dict[str, Any]) -> None:
        raise ActError("not now")

    def ask(
        self, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.serving.port, timeout=5)
        connection.request("GET" if body is None else "POST", path, body, headers or {})
        response = connection.getresponse()
        found = response.status, response.headers, response.read()
        connection.close()
        return found


@pytest.fixture(scope="module")
def port() -> Iterator[Port]:
    made = Port()
    yield made
    made.feed.close()
    made.serving.close()
    assert not any(thread.name == "demo-page" for thread in threading.enumerate())


def test_every_file_is_served_under_a_strict_policy(port: Port) -> None:
    def is_served(path: str) -> bool:
        status, headers, body = port.ask(path)
        policy = headers["Content-Security-Policy"] or ""
        is_strict = "default-src 'none'; script-src 'self'" in policy and "unsafe" not in policy
        return (status, headers["X-Content-Type-Options"]) == (200, "nosniff") and bool(body) and is_strict

    paths = ["/", "/archives/C0/p1", *(f"/static/{one.name}" for one in STATIC.iterdir())]
    assert [path for path in paths if not is_served(path)] == []


@pytest.mark.parametrize(
    "path", ["/static/../routes.py", "/static/%2e%2e%2froutes.py", "/static/none.js", "/static/", "/none"]
)
def test_nothing_else_is(port: Port, path: str) -> None:
    assert port.ask(path)[0] == 404


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (JSON, 200),
        ({**JSON, "Origin": "https://example.com"}, 403),
        ({**JSON, "Host": "example.com"}, 403),
        ({"Content-Type": "text/plain"}, 400),
        ({}, 400),
    ],
)
def test_only_the_page_itself_can_act(port: Port, headers: dict[str, str], status: int) -> None:
    before = len(port.done)
    assert port.ask("/act/note", b'{"user": "U0"}', headers)[0] == status
    assert len(port.done) - before == (status == 200)


def test_a_refusal_is_told_in_words(port: Port) -> None:
    assert json.loads(port.ask("/act/refuse", b"{}", JSON)[2]) == {"ok": False, "error": "not now"}
    assert port.ask("/act/none", b"{}", JSON)[0] == 400
    assert port.ask("/act/note", b"[]", JSON)[0] == 400
    assert port.ask("/act/note", b"x" * 300_000, JSON)[0] == 400


def test_what_changes_is_told_and_what_was_seen_is_not_told_again(port: Port) -> None:
    port.feed.put("note", "first", {"text": "1"})
    seen = port.feed.seq
    port.feed.put("note", "second", {"text": "2"})
    lines = told_after(port, f"{port.feed.run}:{seen}", "ready")
    told = [json.loads(line.removeprefix("data: "))["id"] for line in lines if line.startswith('data: {"kind')]
    assert told == ["second"]


def test_a_page_of_an_earlier_run_begins_anew(port: Port) -> None:
    assert not [line for line in told_after(port, "another-run:5", "anew") if line.startswith("id:")]


def told_after(port: Port, last: str, until: str) -> list[str]:
    """The lines of the stream, up to that event."""
    connection = http.client.HTTPConnection("127.0.0.1", port.serving.port, timeout=5)
    connection.request("GET", "/events", headers={"Last-Event-ID": last})
    response = connection.getresponse()
    lines: list[str] = []
    while not lines or not lines[-1].startswith(f"event: {until}"):
        lines.append(response.readline().decode())
    connection.close()
    return lines


def test_the_web_api_takes_json_forms_and_queries(port: Port) -> None:
    key = {"Authorization": "Bearer xoxb-test"}
    form = {**key, "Content-Type": "application/x-www-form-urlencoded"}
    for path, body, headers in (
        ("/api/users.info", b'{"user": "U0ONCALL"}', {**key, **JSON}),
        ("/api/users.info", b"user=U0ONCALL", form),
        ("/api/users.info?user=U0ONCALL", b"", key),
        ("/api/users.info", b"user=U0ONCALL&token=xoxb-test", {"Content-Type": form["Content-Type"]}),
    ):
        assert json.loads(port.ask(path, body, headers)[2])["user"]["real_name"] == "on-call"
    assert json.loads(port.ask("/api/auth.test", b"", {})[2])["error"] == "not_authed"
    assert port.ask("/response/R0NONE", b'{"text": "x"}', JSON)[0] == 404


def test_the_page_is_made_of_nodes_and_asks_nobody_else() -> None:
    """No markup out of words, no handler in an attribute, no address but this machine's."""
    for path in STATIC.iterdir():
        text = path.read_text(encoding="utf-8")
        assert not re.search(
            r"innerHTML|outerHTML\s*=|insertAdjacentHTML|document\.write|\beval\(|new Function", text
        ), path
        addresses = set(re.findall(r"https?://[^\s\"'`)]+", text))
        assert all(one.startswith(("https://docs.slack.dev/", "http://www.w3.org/")) for one in addresses), path
        assert not re.search(r"<[^>]+\son\w+=", text), path
