"""Lines that real load balancers, clients and broken deliveries write, and those that random ones seldom are."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import timedelta

from diagnostics.access_logs.row import FIELDS, MAX_LINE_CHARS
from diagnostics.access_logs.scope import Scope
from tests.diagnostics.access_logs.lines import GOOD, QUOTED, SCOPE, line
from tests.diagnostics.access_logs.reference import reference
from tests.diagnostics.access_logs.test_local import answered, same

LINES_A_FILE = 25
FAILED = {"elb_status_code": "502", "target_status_code": "-", "response_processing_time": "-1"}
TIMES = ("request_processing_time", "target_processing_time", "response_processing_time")
IN_QUOTES = (
    r"\x22", r"\x5C", r"\x5c\x22", r"\xc3\xa9", r"\xC3", r"\x0a", r"\x00", r"\x1b[31m", r"\x", r"\xZ1", r"\\x22",
    r"\"", r"\\", r"\\\"", r"a\"b c\"", r"\n", r"\'", "'", "a  b", " ", "  ", "\t", "é", "\u2028", "\x85", "\x0b",
    "\ufeff", "\N{PILE OF POO}", "a=b;c,d|e", "%22%0A%00", "NULL", "null", "\x01absent\x01", "#", "--", "a" * 10_000,
)  # fmt: skip
CLIENTS = (
    "[fe80::1%eth0]:443", "[2001:db8::1%25en0]:5", "2001:db8::1:443", "[::ffff:10.0.0.1]:80", "[::]:0", "10.0.0.1",
    "10.0.0.1:", ":443", "10.0.0.1:99999999", "host.name:1", "10.0.0.1:443:80", "unknown", "::",
)  # fmt: skip
REQUESTS = (
    "- http://shop:80- -", "-", "GET", "GET ", " ", "GET  HTTP/1.1", "GET https://shop:443/a b/c HTTP/1.1",
    "GET / HTTP/1.1", "OPTIONS * HTTP/1.1", "CONNECT shop:443 HTTP/1.1", "POST grpcs://shop:443/pkg.Svc/Do HTTP/2.0",
    "GET wss://shop:443/ws/12 HTTP/1.1", "GET https://[2001:db8::1]:443/x/77 HTTP/1.1", "GET HTTPS://SHOP:443/A/1 H",
    "GET https://u:p@shop:443/me@x.org/ HTTP/1.1", "GET https://shop:443//// HTTP/1.1", "GET https://shop:443 H",
    "GET https://shop:443/?a=/b/1 HTTP/1.1", "GET https://shop:443/%2e%2e/%00/1a2b HTTP/1.1",
    "GET https://shop:443/" + "long/" * 2_000 + " HTTP/1.1", "GET https://shop:443/" + "9" * 10_000 + " HTTP/1.1",
    "GET https://shop:443/a/" + "é" * 300 + "/b HTTP/1.1",
)  # fmt: skip
STAMPS = (
    "2026-03-14T03:12:04Z", "2026-03-14T03:12:04.1Z", "2026-03-14T03:12", "2026-03-14T03:1", "2026-03-14 03:12:04.0Z",
    "2026-03-14T03:12:04.186641+01:00", "2026-03-14T03:60:00.0Z", "+026-03-14T03:12:04.186641Z", "2026-03-14T03:12:0é",
    "2026-03-14T03:00:00.000000Z", "2026-03-14T04:00:00.000000Z", "2026-03-14T03:59:59.999999Z",
    "\u0662026-03-14T03:12",
)  # fmt: skip
STATUSES = (
    "101",
    "000",
    "0",
    "-1",
    "2000",
    "20",
    "502 ",
    "+502",
    "5e2",
    "502.0",
    "499",
    "600",
    "999",
    "\u0665\u0660\u0662",
)


def _with_both_statuses() -> Iterator[bytes]:
    for changes in _changes():
        for status in ({}, FAILED):
            yield line(changes={**status, **changes}).encode()


def _changes() -> Iterator[dict[str, str]]:
    for name in FIELDS:
        for text in ("-", "", "x y" if name in QUOTED else "x"):
            yield {name: text}
    for name in TIMES:
        for time in ("-1", "-1.000", "-0.001", "-2", "+1", "1", "00.5", ".5", "1.", "1,5", "1e-3", "NaN", "99999999"):
            yield {name: time}
    yield dict.fromkeys(TIMES, "-1")
    yield dict.fromkeys(TIMES, "-")
    yield from ({"client": text} for text in CLIENTS)
    yield from ({"target": text} for text in CLIENTS)
    yield from ({"request": text} for text in REQUESTS)
    yield from ({"time": text} for text in STAMPS)
    yield from ({"request_creation_time": text} for text in STAMPS)
    yield from ({"target_status_code": text} for text in STATUSES)
    yield {"type": "ws", "target_status_code": "101", "elb_status_code": "101", "request": REQUESTS[11]}
    yield {"type": "wss", "time": "2026-03-14T03:50:00.000000Z", "target_processing_time": "0.001"}
    yield {"type": "grpcs", "target_status_code": "200", "request": REQUESTS[10]}
    yield {"target": "-", "error_reason": "LambdaInvalidResponse", "target_port_list": "-"}
    yield {"target": "-", "target_port_list": "-", "target_processing_time": "0.101"}


def _of_other_forms() -> Iterator[bytes]:
    for name, text in GOOD.items():
        shown = f'"{text}"'
        yield (line().replace(shown, text, 1) if name in QUOTED else line().replace(text, shown, 1)).encode()
        yield line().replace(text, f'{text}"', 1).encode()
        yield line().replace(text, f'"{text}', 1).encode()
    for status in STATUSES:
        yield line(elb_status_code=status).encode()
    for fields in range(len(FIELDS)):
        yield line(fields).encode()
        yield line(fields).encode() + b" "
    for count in (1, 4, 5, 25, 26, 27, 40):
        for text in ("-", '"-"', '"a b"', r'"\x22"', ""):
            yield line(extra=(text,) * count).encode()
    for name in sorted(QUOTED - {"trace_id"}):
        for text in IN_QUOTES:
            logged = line(changes={name: "@@", **FAILED}).replace("@@", text)
            yield logged.encode()
    for text in IN_QUOTES:
        yield line(request="GET https://shop:443/@@/x HTTP/1.1").replace("@@", text).encode()
    yield from (
        b" ",
        b'"',
        b'""',
        b'" "',
        b"-",
        b"#Version: 1.0",
        b"{}",
        b'\xef\xbb\xbf"type"',
        line().encode() + b"\r",
    )


def _no_text() -> Iterator[bytes]:
    for broken in (b"\xff", b"\xc3", b"\xed\xa0\x80", b"\0", b"\r", b"\xf4\x90\x80\x80"):
        for name in ("request", "client", "elb", "time", "target_group_arn", "error_reason"):
            for status in ({}, FAILED):
                yield line(changes={**status, name: "@@"}).encode().replace(b"@@", broken)


def _long() -> Iterator[bytes]:
    for size in (MAX_LINE_CHARS - 1, MAX_LINE_CHARS, MAX_LINE_CHARS + 1):
        for letter in ("x", "é", '"'):
            padded = line(user_agent="@@")
            filler = letter if letter != '"' else '\\"'
            room = (size - len(padded) + 2) // len(filler)
            yield padded.replace("@@", filler * room).encode()


UNUSUAL = tuple(
    one.replace(b"5444d43dd64addea8af9501a", f"{number:024x}".encode())
    for number, one in enumerate((*_with_both_statuses(), *_of_other_forms(), *_no_text(), *_long()))
)
"""Each with a trace id of its own, by which rows are chosen for the sample."""


def _mixed(lines: tuple[bytes, ...]) -> list[bytes]:
    mixed = list(lines)
    random.Random(502).shuffle(mixed)  # noqa: S311 - any order will do
    return mixed


def test_many_files_of_a_few_unusual_lines() -> None:
    lines = _mixed(UNUSUAL)
    files = [b"\n".join(lines[at : at + LINES_A_FILE]) for at in range(0, len(lines), LINES_A_FILE)]
    same(answered(files), reference(lines, SCOPE))


def test_all_of_them_in_one_file() -> None:
    lines = _mixed(UNUSUAL)
    assert len(lines) > 500
    same(answered([b"\n".join(lines)]), reference(lines, SCOPE))


def test_all_of_them_for_every_target_group_and_time() -> None:
    scope = Scope(SCOPE.since - timedelta(days=800), SCOPE.until + timedelta(days=800))
    same(answered([b"\n".join(UNUSUAL)], scope), reference(UNUSUAL, scope))
