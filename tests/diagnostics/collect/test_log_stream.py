"""Many files in parallel: in their order, within the budget, and never held up by one that hangs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from diagnostics.access_logs.places import LogFile
from diagnostics.aws_access import Reader
from diagnostics.collect.errand import Leash
from diagnostics.collect.log_options import LogBudget
from diagnostics.collect.log_stream import MAX_LOADING_BYTES, Wanted, stream
from diagnostics.facts import Gap
from tests.diagnostics.collect.scripted import NOW, ScriptedReader, answered

PLENTY = LogBudget(lines=10**9, bytes=10**12, seconds=30)


@dataclass(frozen=True)
class Took:
    lines: int
    bytes: int


class Bucket(ScriptedReader):
    """A reader whose objects are what `body` gives."""

    def __init__(self, body: Callable[[str], bytes | Gap], parallel: int = 8) -> None:
        super().__init__(lambda *_: answered(), parallel)
        self.body = body
        self.downloaded: list[str] = []
        self.loading = 0
        self.most_loading = 0
        self.lock = threading.Lock()

    def download(self, bucket: str, key: str, *, max_bytes: int, timeout_s: float) -> bytes | Gap:
        with self.lock:
            self.downloaded.append(key)
            self.loading += 1
            self.most_loading = max(self.most_loading, self.loading)
        try:
            return self.body(key)
        finally:
            with self.lock:
                self.loading -= 1


def files(count: int, size: int = 1000) -> list[Wanted]:
    ends = [NOW - timedelta(minutes=5 * number) for number in range(count)]
    return [
        Wanted("logs", LogFile(f"k{number}", "access", "app/a/1", end, "n", size)) for number, end in enumerate(ends)
    ]


def leash(seconds: float = 20.0) -> Leash:
    return Leash(time.monotonic() + seconds, lambda _words: None)


def count_lines(body: bytes) -> Took:
    return Took(body.count(b"\n"), len(body))


def test_everything_is_read_within_the_budget() -> None:
    bucket = Bucket(lambda key: f"{key}\n".encode() * 10)
    read = stream(files(40), count_lines, bucket, leash(), PLENTY)
    assert (len(read.read), read.lines, read.share_read, read.gaps) == (40, 400, 1.0, ())
    assert bucket.most_loading <= 8


def test_the_line_budget_stops_the_reading_and_the_share_is_told() -> None:
    bucket = Bucket(lambda _key: b"row\n" * 100, parallel=2)
    read = stream(files(50), count_lines, bucket, leash(), LogBudget(lines=1000, bytes=10**12, seconds=30))
    assert 1000 <= read.lines <= 1300
    assert read.share_read == len(read.read) / 50
    assert {one.file.key for one in read.read} | {one.file.key for one in read.unread} == {f"k{n}" for n in range(50)}
    newest_first = [f"k{number}" for number in range(len(bucket.downloaded))]
    assert sorted(bucket.downloaded, key=lambda key: int(key[1:])) == newest_first


def test_the_byte_budget_counts_what_was_inflated() -> None:
    bucket = Bucket(lambda _key: b"x", parallel=1)
    read = stream(files(9), lambda _: Took(1, 5000), bucket, leash(), LogBudget(lines=10**9, bytes=10_000, seconds=9))
    assert read.plain_bytes == 10_000


def test_a_file_that_hangs_costs_itself_and_no_more_than_the_time() -> None:
    released, took = threading.Event(), list[bytes]()

    def body(key: str) -> bytes:
        if key == "k0":
            released.wait(20)
        return b"row\n"

    def tell(_words: str) -> None:
        """The time is up when the other three are read."""
        if len(took) == 3:
            tether.called_back.set()

    def take(text: bytes) -> Took:
        took.append(text)
        return count_lines(text)

    tether = Leash(time.monotonic() + 60, tell)
    started = time.monotonic()
    read = stream(files(4), take, Bucket(body), tether, PLENTY)
    released.set()
    assert time.monotonic() - started < 20
    assert [one.file.key for one in read.unread] == ["k0"]
    assert read.share_read == 0.75


def test_a_file_that_cannot_be_read_or_parsed_is_a_gap_and_the_others_count() -> None:
    def body(key: str) -> bytes | Gap:
        return (
            Gap(action="s3:GetObject", resource="s3://logs/k1", error="AccessDenied") if key == "k1" else key.encode()
        )

    def take(text: bytes) -> Took:
        if text == b"k2":
            raise ValueError("a file from another planet")
        return count_lines(text)

    read = stream(files(4), take, Bucket(body), leash(), PLENTY)
    assert sorted(one.file.key for one in read.read) == ["k0", "k3"]
    assert sorted(gap.error for gap in read.gaps) == ["AccessDenied", "UnexpectedError"]


def test_huge_files_come_one_at_a_time() -> None:
    bucket = Bucket(lambda _key: b"row\n")
    stream(files(6, size=MAX_LOADING_BYTES), count_lines, bucket, leash(), PLENTY)
    assert bucket.most_loading == 1


def test_nothing_is_parsed_after_the_answer_was_given() -> None:
    """The engine behind `take` is closed then."""
    begun, released, late = threading.Event(), threading.Event(), []

    def take(body: bytes) -> Took:
        begun.set()
        released.wait(10)
        late.append(body)
        return Took(1, 1)

    def call_back() -> None:
        begun.wait(10)
        tether.called_back.set()
        threading.Timer(0.2, released.set).start()

    tether = leash()
    threading.Thread(target=call_back, daemon=True).start()
    read = stream(files(30), take, Bucket(lambda _key: b"row"), tether, PLENTY)
    assert len(read.read) == len(late) <= 8


def test_the_reader_is_one_that_counts_apart() -> None:
    reader: Reader = Bucket(lambda _key: b"")
    other = reader.metered(type(reader.meter)())
    other.meter.record("s3:GetObject", 0.1)
    assert (reader.meter.usage().calls, other.meter.usage().calls) == (0, 1)
