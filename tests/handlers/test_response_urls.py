"""Answers go to Slack and nowhere else, whatever a response URL says."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from handlers.response_urls import ResponseUrls
from handlers.slack_calls import SlackLaterError, SlackRefusedError

SLACK = "https://slack.com/api/"
SOFT_HYPHEN, KELVIN = "\u00ad", "\u212a"


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.slack.com/commands/T1/2/3",
        "https://hooks.slack-gov.com/actions/T1/2/3",
        "https://slack.com/x",
    ],
)
def test_slacks_own(url: str) -> None:
    assert ResponseUrls(SLACK).are_slacks(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://hooks.slack.com/commands/T1",
        "https://hooks.slack.com.evil.example/commands",
        "https://hooks.slack.com@evil.example/commands",
        "https://user:pass@hooks.slack.com/commands",
        "https://hooks.slack.com:8443/commands",
        "https://evil.example/hooks.slack.com",
        "https://evil.example#@hooks.slack.com/",
        "https://evil.example\\@hooks.slack.com/",
        "https://hooks.slack.com\\.evil.example/",
        "https://hooks.slack.com\t.evil.example/",
        "https://hooks.slack.com\n/commands",
        " https://hooks.slack.com/commands",
        f"https://hooks.slac{KELVIN}.com/commands",
        f"https://hooks.slack{SOFT_HYPHEN}.com/commands",
        "https://hooks.slack.com./commands",
        "https://169.254.169.254/latest/meta-data/",
        "https://[::ffff:169.254.169.254]/",
        "https://2852039166/",
        "https://127.0.0.1:6379/",
        "file:///etc/passwd",
        "gopher://hooks.slack.com/",
        "//hooks.slack.com/commands",
        "https://[",
    ],
)
def test_anybody_elses(url: str) -> None:
    urls = ResponseUrls(SLACK)
    assert not urls.are_slacks(url)
    assert not urls.send(url, {"text": "for one person"})


@dataclass
class Web:
    """Answers with a status, and keeps what it was sent."""

    status: int = 200
    location: str = ""
    answer: bytes = b"ok"
    retry_after: str = ""
    heard: list[bytes] = field(default_factory=list)


@contextmanager
def on(web: Web) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            web.heard.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(web.status)
            for name, value in (("Location", web.location), ("Retry-After", web.retry_after)):
                if value:
                    self.send_header(name, value)
            self.end_headers()
            self.wfile.write(web.answer)

        def do_GET(self) -> None:
            self.do_POST()

        def log_message(self, *_: object) -> None:
            return None

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(status: int) -> None:
    elsewhere = Web()
    with on(elsewhere) as target, on(Web(status, f"{target}/taken")) as base:
        assert not ResponseUrls(f"{base}/api/").send(f"{base}/response/1", {"text": "for one person"})
    assert elsewhere.heard == []


def test_what_slack_answers() -> None:
    web, seen = Web(), []
    with on(web) as base:
        urls = ResponseUrls(f"{base}/api/", lambda *request: seen.append(request))
        url = f"{base}/response/1"
        assert urls.send(url, {"text": "é", "blocks": []})
        assert json.loads(web.heard[0]) == {"text": "é", "blocks": []}
        web.status, web.answer = 404, b"expired_url"
        assert not urls.send(url, {})
        web.status, web.answer = 400, b"invalid_blocks"
        with pytest.raises(SlackRefusedError):
            urls.send(url, {})
        web.status, web.retry_after = 429, "7"
        with pytest.raises(SlackLaterError) as later:
            urls.send(url, {})
        assert later.value.after_s == 7
    with pytest.raises(SlackLaterError):
        urls.send(url, {})  # nobody listens there any more
    words = ["ok", "not_taken", "invalid_blocks", "ratelimited", "unreachable"]
    assert [(method, word) for method, word, _ in seen] == [("response_url", word) for word in words]
    assert all(seconds > 0 for *_, seconds in seen)
