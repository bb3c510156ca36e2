"""Logs are JSON, carry the correlation id, and hold no secret."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from bot.telemetry import logs


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    stream = io.StringIO()
    logs.configure(stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def test_our_lines_and_those_of_libraries_have_one_form_and_one_correlation_id(lines: io.StringIO) -> None:
    with logs.correlated("c-1", ask_id="ask-1"):
        structlog.get_logger("ours").info("diagnosed", seconds=1.5)
        logging.getLogger("library").warning("odd %s", "thing")
    ours, theirs = (json.loads(line) for line in lines.getvalue().splitlines())
    assert (ours["event"], ours["correlation_id"], ours["seconds"]) == ("diagnosed", "c-1", 1.5)
    assert (theirs["event"], theirs["correlation_id"], theirs["ask_id"]) == ("odd thing", "c-1", "ask-1")


@pytest.mark.parametrize(
    "secret",
    [
        "xoxb-12-abc",
        "xapp-1-A0-9f",
        "AKIAIOSFODNN7EXAMPLE",
        "ASIAIOSFODNN7EXAMPLE",
        "https://hooks.slack.com/commands/T1/2/3",
        "redis://user:pass@host",
        "X-Amz-Security-Token=abc",
    ],
)
def test_what_looks_like_a_secret_is_hidden_even_in_a_traceback(lines: io.StringIO, secret: str) -> None:
    try:
        raise ValueError(f"failed with {secret} inside")
    except ValueError:
        logging.getLogger("library").exception("it said %s", secret)
    written = lines.getvalue()
    assert secret not in written
    assert "pass@" not in written
    assert logs.HIDDEN in written
