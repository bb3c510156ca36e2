"""What a client sends is logged by servers, and must not be taken for the server's own words."""

from __future__ import annotations

import itertools
import json
import time

import pytest

from diagnostics.app_logs.own_words import own_words
from diagnostics.app_logs.recognition import recognise
from diagnostics.app_logs.wrapping import MAX_LINE

WORDS = (
    "WORKER TIMEOUT (pid:1)",
    "java.lang.OutOfMemoryError",
    "DisallowedHost",
    "Task timed out after 3.00 seconds",
    "upstream prematurely closed connection",
    "connect ECONNREFUSED 10.0.0.5:5432",
    "Listening at: http://0.0.0.0:9999",
    "JavaScript heap out of memory",
    "EMFILE",
)
NGINX = "1.2.3.4 - - [21/Nov/2026:13:00:00 +0000]"


def _lines(words: str) -> tuple[str, ...]:
    coded = words.replace(" ", "%20")
    return (
        f'{NGINX} "GET / HTTP/1.1" 200 12 "-" "{words}"',
        f'{NGINX} "GET / HTTP/1.1" 200 12 "{words}" "x" "{words}"',
        f'1.2.3.4 - {words} [21/Nov/2026:13:00:00 +0000] "GET / HTTP/1.1" 401 12 "-" "x"',
        f'{NGINX} "GET /{words} HTTP/1.1" 200 12 "-" "x"',
        f'{NGINX} "{words}" 400 12 "-" "-"',
        f'INFO:     1.2.3.4:5555 - "GET /{coded} HTTP/1.1" 404 Not Found',
        f"GET /{coded} 404 1.2 ms - 12",
        f"Not Found: /{coded}",
        f'Started GET "/{words}" for 1.2.3.4 at 2026',
        f'[GIN] 2026/11/21 - 13:00:00 | 404 | 1ms | 1.2.3.4 | GET      "/{words}"',
        f"Request starting HTTP/1.1 GET http://shop/{coded} - -",
        (
            f'2026/11/21 13:00:00 [error] 7#7: *1 open() "/x" failed (2: No such file or directory), client: 1.2.3.4, '
            f'request: "GET /{words} HTTP/1.1", host: "{words}", referrer: "{words}"'
        ),
        f'level=info method=GET path=/{coded} user_agent="{words}" status=200',
        f"User-Agent: {words}",
        f"  'user-agent': '{words}',",
        f'fe be/s1 0/0/1/2/3 200 12 - - ---- 1/1/0/0/0 0/0 {{{words}}} "GET / HTTP/1.1"',
        f'[2026-11-21T13:00:00.000Z] "GET /{coded} HTTP/1.1" 200 - 0 12 1 1 "1.2.3.4" "{words}" "id" "{words}"',
        json.dumps({"status": 200, "request": f"GET /{words} HTTP/1.1", "http_user_agent": words}),
        json.dumps({"status": 200, "ua": words}),
        json.dumps({"ts": 1, "user_agent": words, "uri": f"/{words}"}),
        json.dumps({"msg": "done", "req": {"url": f"/{words}", "headers": {"user-agent": words}}}),
        json.dumps({"message": f'{NGINX} "GET / HTTP/1.1" 200 12 "-" "{words}"'}),
    )


@pytest.mark.parametrize("words", WORDS)
def test_nobody_can_send_a_cause(words: str) -> None:
    for line in _lines(words):
        assert recognise(line).signature in {None, "request"}, line


def test_a_refused_host_is_nothing_but_a_refused_host() -> None:
    found = recognise("Invalid HTTP_HOST header: 'java.lang.OutOfMemoryError'. You may need to add it.")
    assert found.signature == "host-refused"
    assert found.details == {"host": "java.lang.OutOfMemoryError"}


def test_details_come_from_the_servers_own_words() -> None:
    line = (
        "2026/11/21 13:00:00 [error] 7#7: *1 upstream prematurely closed connection while reading response header, "
        'request: "GET /?upstream: http://evil:1/ HTTP/1.1", upstream: "http://127.0.0.1:3000/x", host: "shop"'
    )
    assert (recognise(line).details or {})["upstream"] == "127.0.0.1:3000"


PIECES = (
    "a",
    " ",
    '"',
    "\\",
    '\\"',
    "GET ",
    '"GET ',
    "path=",
    "user-agent: ",
    "host: ",
    "{",
    "{a} ",
    "http://",
    "a-",
    "] ",
)


def test_no_line_costs_more_than_a_moment() -> None:
    for piece, end in itertools.product(PIECES, PIECES):
        line = ((piece + end) * MAX_LINE)[:MAX_LINE]
        began = time.thread_time()
        own_words(line)
        assert time.thread_time() - began < 0.1, (piece, end)


@pytest.mark.parametrize("number", ["9" * 400, "NaN", "1e999", "-1"])
def test_numbers_that_are_none_are_left_out(number: str) -> None:
    assert recognise(f'{{"status":200,"duration_ms":{number}}}').details == {"status": "200"}
    assert recognise(f'{{"type":"platform.report","record":{{"metrics":{{"durationMs":{number}}}}}}}').details == {}
