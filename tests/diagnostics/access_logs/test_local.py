"""The engine says what a line-by-line reading in plain Python says, whatever is in the files."""

from __future__ import annotations

import gzip
import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.access_logs import traffic
from diagnostics.access_logs import inflating, local
from diagnostics.access_logs.inflating import PIECE_BYTES
from diagnostics.access_logs.local import LocalEngine
from diagnostics.access_logs.row import MAX_LINE_CHARS
from diagnostics.access_logs.scope import Scope, parse_where
from diagnostics.access_logs.scratch import Scratch
from diagnostics.facts.access_logs import AccessLogs
from tests.diagnostics.access_logs.lines import GROUP, OTHER_GROUP, SCOPE, hostile_lines, line, logs, rows
from tests.diagnostics.access_logs.reference import reference
from tests.fuzzing import examples


def answered(files: list[bytes], scope: Scope = SCOPE) -> AccessLogs:
    with LocalEngine(scope, workers=1) as engine:
        for file in files:
            engine.add(file)
        return engine.answer()


def same(found: AccessLogs, wanted: AccessLogs) -> None:
    """Equal but for how they were read."""
    differing = {
        name: (getattr(found, name), getattr(wanted, name))
        for name in AccessLogs.model_fields
        if name not in {"files", "bytes"} and getattr(found, name) != getattr(wanted, name)
    }
    assert differing == {}


@examples(10)
@given(logs(rows()))
def test_rows_of_every_kind(lines: list[bytes]) -> None:
    same(answered([b"\n".join(lines)]), reference(lines, SCOPE))


@examples(12)
@given(logs(st.one_of(rows(), hostile_lines())))
def test_hostile_lines_among_good_ones(lines: list[bytes]) -> None:
    same(answered([b"\n" + b"\n".join(lines) + b"\n"]), reference(lines, SCOPE))


@pytest.mark.parametrize("small_bytes", [0, 2**18], ids=["each by itself", "some together"])
def test_generated_files_in_several_blocks_and_threads(
    small_bytes: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local, "SMALL_BYTES", small_bytes)
    monkeypatch.setattr(local, "KEPT_BYTES", 90_000)
    monkeypatch.setattr(traffic, "ERROR_SHARE", 0.2)
    monkeypatch.setattr(inflating, "BLOCK_BYTES", 40_000)
    monkeypatch.setattr(inflating, "PIECE_BYTES", 9_000)
    monkeypatch.setattr(local, "LOUD_LINES_AT_ONCE", 50)
    scope = Scope(traffic.START, traffic.START + timedelta(minutes=9), (traffic.OWN_GROUP,), zones=traffic.ZONES)
    lines = [[one.encode() for one in traffic.generated_lines(number, 700)] for number in range(4)]
    files = [tmp_path / f"{number}.log.gz" for number in range(4)]
    for file, content in zip(files, lines, strict=True):
        file.write_bytes(gzip.compress(b"\n".join(content) + b"\n"))

    with LocalEngine(scope, workers=2) as engine, ThreadPoolExecutor(4) as pool:
        read = list(pool.map(engine.add, files))
        found = engine.answer()

    assert [(one.lines, one.broken) for one in read] == [(700, None)] * 4
    assert (engine.lines, engine.files) == (2800, 4)
    assert engine.bytes == sum(len(one) + 1 for content in lines for one in content)
    assert {error.row_family for error in found.errors} > {"response-timeout", "closed-before-response", "waf"}
    same(found, reference((one for content in lines for one in content), scope))


def test_small_files_are_read_together(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [line(elb_status_code="502", target_status_code="-").encode(), line().encode()] * 12
    blocks: list[int] = []
    read = local._Worker._read

    def counted(worker: local._Worker, block: inflating.Block) -> int:
        blocks.append(len(block.ends))
        return read(worker, block)

    monkeypatch.setattr(local._Worker, "_read", counted)
    with LocalEngine(SCOPE, workers=2) as engine:
        assert [engine.add(gzip.compress(one)).lines for one in lines] == [1] * 24
        found = engine.answer()

    assert blocks == [24]
    assert engine.lines == 24
    same(found, reference(lines, SCOPE))


def test_more_can_be_asked_after_an_answer() -> None:
    with LocalEngine(SCOPE, workers=1) as engine:
        engine.add(line(elb_status_code="502", target_status_code="-").encode())
        assert engine.answer().rows == 1
        engine.add(line().encode())
        assert engine.answer().rows == 2
        assert [error.count for error in engine.answer().errors] == [1]


def test_a_file_that_was_cut_short_counts_as_far_as_it_goes() -> None:
    rng = random.Random(1)  # noqa: S311 - made-up lines
    content = "\n".join(line(user_agent=f"{rng.getrandbits(256):x}") for _ in range(500)).encode()
    with LocalEngine(SCOPE, workers=1) as engine:
        read = engine.add(gzip.compress(content)[:-4000])
        found = engine.answer()
    assert read.broken
    assert 0 < found.rows < 500
    assert found.rows + found.rows_unparsed == read.lines


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\x1f\x8b", id="magic number only"),
        pytest.param(b"\x1f\x8bnothing of the kind", id="no gzip after the magic number"),
        pytest.param(gzip.compress(b""), id="gzip of nothing"),
        pytest.param(b"\n\n", id="empty lines"),
    ],
)
def test_a_file_that_holds_nothing(content: bytes) -> None:
    with LocalEngine(SCOPE, workers=1) as engine:
        assert engine.add(content).lines == 0
        found = engine.answer()
    assert (found.rows, found.rows_unparsed, found.latency.p50) == (0, 0, None)


def test_several_gzip_members_are_one_file() -> None:
    member = gzip.compress((line() + "\n").encode())
    assert answered([member + member]).rows == 2


@pytest.mark.parametrize(
    "end",
    [
        pytest.param(b"\x1f\x8bno member", id="the magic number only"),
        pytest.param(b"\0\0no member", id="no member"),
        pytest.param(gzip.compress(b"x" * 100)[:-3], id="half a member"),
    ],
)
def test_what_stands_before_a_broken_end_is_counted_once(end: bytes) -> None:
    lines = 2 * PIECE_BYTES // len(line())
    member = gzip.compress((line() + "\n").encode() * lines)
    with LocalEngine(SCOPE, workers=1) as engine:
        read = engine.add(member + end)
        assert read.broken
        assert engine.answer().rows == lines


def test_a_line_that_never_ends_is_damaged_and_takes_no_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inflating, "BLOCK_BYTES", 200_000)
    monkeypatch.setattr(inflating, "PIECE_BYTES", 50_000)
    endless = b"x" * 3_000_000 + b"\n" + line().encode()
    too_long = b"y" * (MAX_LINE_CHARS + 1) + b"\n" + line().encode()
    scratch = Scratch(tmp_path / "scratch")
    assert max(block.size for block in inflating.Inflated(endless).blocks(scratch)) <= 500_000
    scratch.close()
    found = answered([endless, too_long])
    assert found.rows == 2
    assert found.rows_unparsed >= 2


def test_a_quote_that_never_closes_swallows_no_other_line() -> None:
    broken = line().replace('curl/8.14.1"', "curl").encode()
    found = answered([b"\n".join([line().encode(), broken, *[line().encode()] * 3])])
    assert (found.rows, found.rows_unparsed) == (4, 1)


def test_fields_of_the_future_are_counted_and_harmless() -> None:
    found = answered([line(extra=('"-"', "-", '"a-fu ture"')).encode() + b"\n" + line().encode()])
    assert (found.rows, found.rows_unparsed, found.fields_unknown) == (2, 0, 3)


@pytest.mark.parametrize(
    "where",
    [
        "route~/ and minute=2026-03-14T03:12:00Z and status=502",
        'route!="GET x/"',
        "status=502",
        "user_agent~curl",
        "target!~10.0.1. and reason=-",
        'request~"\'; DROP"',
    ],
)
def test_conditions_of_a_person(where: str) -> None:
    scope = replace(SCOPE, where=parse_where(where))
    lines = [
        line(elb_status_code=status, target=target, user_agent=agent, request=request).encode()
        for status in ("200", "502")
        for target in ("10.0.1.11:8080", "10.0.2.11:8080")
        for agent in ("curl/8", "Mozilla")
        for request in ("GET https://x:443/ HTTP/1.1", "GET https://x:443/'; DROP HTTP/1.1")
    ]
    found = answered([b"\n".join(lines)], scope)
    assert 0 < found.rows < len(lines)
    same(found, reference(lines, scope))


def test_web_sockets_of_the_whole_load_balancer_are_counted() -> None:
    ended: dict[str, Any] = {"type": "ws", "elb_status_code": "101", "target_status_code": "101"}
    foreign = line(target_group_arn=OTHER_GROUP, **ended).encode()
    late = line(time="2031-01-01T00:00:00.000000Z", **ended).encode()
    assert answered([b"\n".join([line(**ended).encode(), foreign, line().encode()])]).web_sockets == 2
    assert answered([b"\n".join([line(**ended).encode(), foreign, late])]).web_sockets == 2
    assert answered([line().encode()]).web_sockets == 0


def test_rows_of_other_target_groups_count_as_errors_only() -> None:
    own, other = (
        line(elb_status_code="502", target_status_code="-", response_processing_time="-1", target_group_arn=group)
        for group in (GROUP, OTHER_GROUP)
    )
    found = answered([f"{own}\n{other}".encode()])
    assert {error.target_group for error in found.errors} == {GROUP, OTHER_GROUP}
    assert [row.target_group for row in found.sample] == [GROUP]
    assert [(key.key, key.rows, key.errors) for key in found.by_minute] == [("2026-03-14T03:12:00Z", 1, 1)]
    assert [(key.key, key.rows, key.errors) for key in found.by_zone] == [("us-east-1a", 1, 1)]
    assert [(key.key, key.errors) for key in found.by_route] == [("GET shop.example.com/cart/items/{id}", 1)]
    assert [(key.key, key.errors) for key in found.by_client] == [("203.0.113.24", 1)]


def test_a_rare_error_survives_in_the_sample_of_a_flood() -> None:
    flood = [line(elb_status_code="503", target_status_code="503", trace_id=f"Root=1-0-{n:024x}") for n in range(3000)]
    rare = line(elb_status_code="561", target_status_code="-", error_reason="AuthInvalidCookie")
    found = answered(["\n".join([*flood, rare]).encode()])
    assert [row.error_reason for row in found.sample if row.elb_status == 561] == ["AuthInvalidCookie"]
    assert 90 <= len(found.sample) <= 110


def test_good_rows_of_what_fails_are_counted() -> None:
    lines = [
        *(line(request="GET https://shop:443/export/17 HTTP/1.1", client=f"198.51.100.7:{n}") for n in range(4)),
        *(line(request=f"GET https://shop:443/cart/{n} HTTP/1.1", client=f"203.0.113.{n}:80") for n in range(5)),
        line(request="GET https://shop:443/export/9 HTTP/1.1", elb_status_code="502", target_status_code="-"),
    ]
    found = answered(["\n".join(lines).encode()])
    assert [(key.key, key.rows, key.errors) for key in found.by_route] == [("GET shop/export/{id}", 5, 1)]
    assert [(key.key, key.rows, key.errors) for key in found.by_rule] == [("10", 10, 1)]
    assert [(key.key, key.rows, key.errors) for key in found.by_client] == [("203.0.113.24", 1, 1)]


def test_of_many_good_rows_only_some_are_looked_at_and_never_too_few_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "WEIGHED_IN_FULL", 100)
    good, rare = "GET https://shop:443/good HTTP/1.1", "GET https://shop:443/rare HTTP/1.1"
    requests = [good] * 3_100 + [rare] * 3
    lines = [line(request=one) for one in requests]
    lines += [line(request=one, elb_status_code="502", target_status_code="-") for one in (good, rare)]
    random.Random(502).shuffle(lines)  # noqa: S311 - any order will do
    found = {key.key: key for key in answered(["\n".join(lines).encode()]).by_route}
    assert all(key.at_most for key in found.values())
    assert 3_101 <= (found["GET shop/good"].rows or 0) <= 4_200
    assert 4 <= (found["GET shop/rare"].rows or 0) <= 300


def test_percentiles_are_those_of_the_answered_requests() -> None:
    answers = [line(target_processing_time=f"0.{n:03d}") for n in range(1, 101)]
    failed = line(elb_status_code="504", target_status_code="-", target_processing_time="-1")
    latency = answered(["\n".join([*answers, failed]).encode()]).latency
    assert (latency.p50, latency.p95, latency.p99, latency.max) == (0.050, 0.095, 0.099, 0.100)


def test_what_is_shown_of_a_line_has_no_query_and_no_secret() -> None:
    request = "GET https://shop.example.com:443/cart?voucher=s3cret HTTP/1.1"
    failed = line(elb_status_code="502", target_status_code="-", request=request, user_agent="x Bearer abcdefghijkl")
    (row,) = answered([failed.encode()]).sample
    assert "s3cret" not in row.model_dump_json()
    assert "abcdefghijkl" not in row.line
    assert '"GET https://shop.example.com:443/cart?… HTTP/1.1"' in row.line


def test_nothing_stays_on_disk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with LocalEngine(SCOPE, workers=1) as engine:
        engine.add(line().encode())
        assert list(tmp_path.iterdir())
    assert not list(tmp_path.iterdir())
