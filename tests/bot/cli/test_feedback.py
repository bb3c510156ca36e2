"""`alb502 feedback`, as somebody types it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from redis import Redis

from bot.store.feedback import MAX_FEEDBACK, StoredFeedback
from bot.store.keys import key, text_of
from handlers.feedback import Feedback
from tests.bot.cli.running import alb502

Capsys = pytest.CaptureFixture[str]
NOW = datetime.now(UTC)


def said(report: str, verdict: str, **changes: Any) -> Feedback:
    values: dict[str, Any] = {
        "report": report, "at": NOW - timedelta(hours=1) + timedelta(seconds=int(report[2:])), "verdict": verdict,
        "user": "U1", "team": "T1", "channel": "C1",
        "target": "prod/checkout", "account": "111122223333", "region": "us-east-1", "named": "sg-ingress-missing",
    }  # fmt: skip
    return Feedback(**(values | changes))


@pytest.fixture
def kept(redis: Redis, store_url: str, monkeypatch: pytest.MonkeyPatch) -> StoredFeedback:
    monkeypatch.setenv("REDIS_URL", store_url)
    return StoredFeedback(redis, 30)


def test_what_was_said_is_counted_by_the_cause_that_was_named(capsys: Capsys, kept: StoredFeedback) -> None:
    kept.keep(said("r-1", "right"))
    kept.keep(said("r-2", "wrong", real="nacl-blocked", words="the ACL\x1b[31m of subnet-1"))
    kept.keep(said("r-3", "partly", named=None))
    ran = alb502(capsys, "feedback")
    assert ran.status == 0
    assert "3 answers judged, 1 right (33 %)" in ran.out
    assert "sg-ingress-missing" in ran.out
    assert "it was: nacl-blocked 1" in ran.out
    assert "r-2  prod/checkout" in ran.out
    assert "it was nacl-blocked: the ACL" in ran.out
    assert "\x1b" not in ran.out


def test_json_lines_hold_everything_and_since_narrows(capsys: Capsys, kept: StoredFeedback) -> None:
    kept.keep(said("r-1", "right", at=NOW - timedelta(days=3)))
    kept.keep(said("r-2", "wrong", real="nacl-blocked"))
    lines = alb502(capsys, "feedback", "--json").out.splitlines()
    assert [json.loads(line)["report"] for line in lines] == ["r-1", "r-2"]
    assert Feedback.model_validate_json(lines[1]) == said("r-2", "wrong", real="nacl-blocked")
    assert len(alb502(capsys, "feedback", "--json", "--since", "1d").out.splitlines()) == 1


def test_nothing_said_and_nothing_understood(capsys: Capsys, kept: StoredFeedback) -> None:
    assert "Nobody said anything" in alb502(capsys, "feedback", "--since", "2h").out
    wrong = alb502(capsys, "feedback", "--since", "soon")
    assert (wrong.status, "--since" in wrong.err) == (2, True)


def test_one_person_has_one_word_for_a_report(kept: StoredFeedback) -> None:
    assert kept.keep(said("r-1", "right"))
    assert not kept.keep(said("r-1", "wrong"))
    assert kept.keep(said("r-1", "right", user="U2", at=NOW))
    assert [one.verdict for one in kept.read(NOW - timedelta(days=1))] == ["wrong", "right"]


def test_it_is_bounded_in_number_and_time(kept: StoredFeedback, redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.store.feedback.MAX_FEEDBACK", 3)
    for number in range(5):
        kept.keep(said(f"r-{number}", "right", at=NOW - timedelta(hours=5 - number)))
    assert [one.report for one in kept.read(NOW - timedelta(days=40))] == ["r-2", "r-3", "r-4"]
    assert len(list(redis.scan_iter("alb502:feedback:*"))) == 3
    kept.keep(said("r-9", "right", at=NOW + timedelta(days=31)))
    assert [one.report for one in kept.read(NOW - timedelta(days=40))] == ["r-9"]
    assert MAX_FEEDBACK > 1_000


def test_what_another_version_wrote_is_left_out(kept: StoredFeedback, redis: Redis) -> None:
    kept.keep(said("r-1", "right"))
    redis.set(next(iter(redis.scan_iter("alb502:feedback:*"))), b"\x00 no feedback")
    assert list(kept.read(NOW - timedelta(days=1))) == []


def test_a_record_of_another_version_is_told_beside_the_answer_and_not_in_it(
    kept: StoredFeedback, redis: Redis, store_url: str
) -> None:
    kept.keep(said("r-1", "right"))
    kept.keep(said("r-2", "wrong"))
    newest: Any = redis.zrange(key("feedback-index"), -1, -1)
    redis.set(text_of(newest[0]), zlib.compress(b'{"report": "r-2"}'))
    ran = subprocess.run(  # its own process, which has not been told where logs go
        [sys.executable, "-m", "bot", "feedback", "--json"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        env=os.environ | {"REDIS_URL": store_url},
    )
    assert [json.loads(line)["report"] for line in ran.stdout.splitlines()] == ["r-1"]
    assert ran.stderr.startswith("alb502: a record of the store is taken for gone")
