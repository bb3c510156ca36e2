"""Logs are JSON, carry the correlation id, and hold no secret."""

from __future__ import annotations

import ast
import io
import json
import logging
import sys
import threading

import pytest
import structlog

from bot.store.budget import Budget
from bot.store.connection import open_client
from bot.store.facts import StoredFacts
from bot.store.turns import SharedRateGate
from bot.telemetry import logs
from bot.telemetry.seldom import MAX_REMEMBERED, Seldom, SeldomFilter
from diagnostics.aws_access import AccessLimits, Account, AwsAccess
from diagnostics.collect.runner import collect
from diagnostics.locate import locate
from diagnostics.question import Question
from diagnostics.snapshot import Subject, Window
from tests.reports import END, START


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


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch) -> AwsAccess:
    """AWS cannot be reached."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIADEMO")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    return AwsAccess((Account("111122223333", "prod", ("us-east-1",)),), AccessLimits(attempts=1))


def test_each_failed_call_to_aws_says_what_where_and_for_whom(lines: io.StringIO, nowhere: AwsAccess) -> None:
    subject = Subject(
        query="checkout", kind="ecs-service", account="111122223333", region="us-east-1", cluster="prod", service="x"
    )
    with logs.correlated("c-1"):
        locate(Question(words="checkout"), nowhere)
        searching = lines.getvalue().splitlines()
        collect(
            subject,
            Window(start=START, end=END),
            nowhere.reader("111122223333", "us-east-1"),
            clock=lambda: END,
            budget_s=20,
        )
    reading = lines.getvalue().splitlines()[len(searching) :]
    for written, action in ((searching, "ecs:ListClusters"), (reading, "ecs:DescribeServices")):
        failed = [json.loads(line) for line in written]
        assert {line["event"] for line in failed} == {"AWS call failed"}
        assert action in {line["action"] for line in failed}
        assert {(line["account"], line["region"]) for line in failed} == {("111122223333", "us-east-1")}
        assert {line["error"] for line in failed} == {"EndpointConnectionError"}
        assert {line["correlation_id"] for line in failed} == {"c-1"}


def test_a_thread_that_ends_itself_is_no_error(lines: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    logs.catch_threads()
    try:
        ended = threading.Thread(target=sys.exit)
        ended.start()
        ended.join()
    finally:
        logging.captureWarnings(capture=False)
    assert lines.getvalue() == ""


def test_what_stands_deeper_in_a_line_is_hidden_and_bounded_too(lines: io.StringIO) -> None:
    """The audit says of a fix what was found before it, whatever that is."""
    found = {"xoxb-12-abc": ["redis://user:pass@host", {"to": "x" * 9_000}], "ids": ("AKIAIOSFODNN7EXAMPLE",)}
    structlog.get_logger("alb502.audit").info("fix", details=found, number=3, none=None)
    written = lines.getvalue()
    for secret in ("xoxb-12", "user:pass", "AKIAIOSFODNN7EXAMPLE", "x" * 4_001):
        assert secret not in written
    assert json.loads(written)["number"] == 3


def test_a_store_that_is_away_is_told_once_and_not_by_each_thread(lines: io.StringIO) -> None:
    for queue in ("people", "people.DQ", "fixes") * 2:
        logging.getLogger(f"dramatiq.worker.ConsumerThread({queue})").critical(
            "Consumer encountered a connection error: %s", "refused"
        )
    logging.getLogger("dramatiq.worker.ConsumerThread(people)").critical("Consumer encountered an unexpected error.")
    assert [json.loads(line)["event"] for line in lines.getvalue().splitlines()] == [
        "Consumer encountered a connection error: refused",
        "Consumer encountered an unexpected error.",
    ]


def test_one_question_without_the_store_is_a_few_lines(lines: io.StringIO) -> None:
    """It looks for thirty facts, calls AWS and Slack thirty times, and asks the store before each."""
    away = open_client("redis://127.0.0.1:1")
    facts, gate, budget = StoredFacts(away), SharedRateGate(away), Budget(away)
    for number in range(30):
        facts.get(f"fact {number}")
        facts.put(f"fact {number}", "text", 60)
        gate.wait(f"service {number}", 0.0, 1.0)
        budget.take("chat.update", f"C{number}")
    said = [json.loads(line) for line in lines.getvalue().splitlines()]
    assert len(said) == len({line["event"] for line in said}) == 4
    assert all("seldom" not in line and line["error"] == "ConnectionError" for line in said)


def test_what_is_said_again_says_how_often_it_was_held_back() -> None:
    now_s = [0.0]
    filtered, stream = logging.getLogger("tests.seldom"), io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.addFilter(SeldomFilter(Seldom(every_s=60.0, clock=lambda: now_s[0])))
    filtered.handlers, filtered.propagate = [handler], False
    for now_s[0], event, error in (
        (1.0, "not read", "ConnectionError"),
        (2.0, "not read", "ConnectionError"),
        (3.0, "not read", "TimeoutError"),
        (60.0, "not read", "ConnectionError"),
        (61.0, "not read", "ConnectionError"),
        (62.0, "diagnosed", ""),
        (62.0, "diagnosed", ""),
    ):
        filtered.warning({"event": event, "error": error, **({"seldom": True} if error else {})})
    filtered.handlers = []
    assert [ast.literal_eval(line) for line in stream.getvalue().splitlines()] == [
        {"event": "not read", "error": "ConnectionError"},
        {"event": "not read", "error": "TimeoutError"},
        {"event": "not read", "error": "ConnectionError", "held_back": 2},
        {"event": "diagnosed", "error": ""},
        {"event": "diagnosed", "error": ""},
    ]


def test_what_is_remembered_of_lines_is_bounded() -> None:
    seldom = Seldom()
    for number in range(2 * MAX_REMEMBERED):
        assert seldom.held_back(str(number)) == 0
    assert seldom.held_back("0") == 0, "it was forgotten"
    assert seldom.held_back(str(2 * MAX_REMEMBERED - 1)) is None
