"""`alb502 alarm-post`, as somebody tries out what the bot would make of a message."""

from __future__ import annotations

import io
import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from bot.cli.alarm_post import MAX_BYTES
from tests.bot.cli.running import alb502
from tests.handlers.alarm_formats.posters import Alarm, amazon_q

Capsys = pytest.CaptureFixture[str]


def test_a_file_with_a_post(capsys: Capsys, tmp_path: Path) -> None:
    file = tmp_path / "event.json"
    file.write_text(json.dumps(amazon_q(Alarm())))
    ran = alb502(capsys, "alarm-post", str(file))
    assert ran.status == 0
    assert json.loads(ran.out) == {
        "action": "diagnose",
        "why": "Amazon Q Developer: an alarm began",
        "alarm": "checkout-elb-502",
        "region": "us-east-1",
        "account": "111122223333",
        "state": "ALARM",
        "load_balancer": None,
        "target_group": None,
        "at": "2026-11-21T03:12:00.000100+00:00",
    }


def test_the_whole_envelope_on_standard_input(capsys: Capsys, monkeypatch: pytest.MonkeyPatch) -> None:
    envelope = {"type": "event_callback", "event": {"type": "message", "user": "U0PERSON", "text": "ALARM!"}}
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(json.dumps(envelope).encode())))
    ran = alb502(capsys, "alarm-post")
    assert (ran.status, json.loads(ran.out)["action"]) == (0, "ignore")


@pytest.mark.parametrize("content", [b"", b"not json", b"[]", b"3", b"\xff\xfe", b'"text"', b"[" * 100_000])
def test_what_is_no_message_gets_one_line(capsys: Capsys, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "event.json"
    file.write_bytes(content)
    ran = alb502(capsys, "alarm-post", str(file))
    assert ran.status == 2
    assert len(ran.err.splitlines()) == 1


def test_a_file_that_is_too_large(capsys: Capsys, tmp_path: Path) -> None:
    file = tmp_path / "event.json"
    file.write_bytes(json.dumps(amazon_q(Alarm())).encode().ljust(MAX_BYTES + 1))
    ran = alb502(capsys, "alarm-post", str(file))
    assert (ran.status, "is larger than 1,048,576 bytes" in ran.err) == (2, True)


def test_a_file_that_is_not_there(capsys: Capsys, tmp_path: Path) -> None:
    ran = alb502(capsys, "alarm-post", str(tmp_path / "none.json"))
    assert (ran.status, "no such file" in ran.err) == (2, True)
