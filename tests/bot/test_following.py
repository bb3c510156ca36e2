"""From the reference that a person was told to every line of the log and to AWS; and one trace for all of it."""

from __future__ import annotations

import io
import json
import os
import queue
import re
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import REGISTRY
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.slack_app import _kind_of, make_client
from bot.telemetry import logs, traces
from bot.telemetry.aws import CountedCalls
from bot.telemetry.diagnoses import CountedFacts, counted
from bot.telemetry.spans import Spans
from diagnostics.aws_access import AccessLimits, Account, AwsAccess
from diagnostics.collect import graph
from diagnostics.collect.runner import collect
from diagnostics.facts import LoadBalancers
from diagnostics.question import Diagnosed, Outcome, ProgressListener, Question, Refused
from diagnostics.snapshot import Subject, Window
from handlers import views
from handlers.slack_calls import SlackCalls
from tests.bot.aws_that_refuses import REQUEST_ID, Refusing, refusing
from tests.bot.conftest import Diagnosis, Start, eventually
from tests.bot.test_refresh import button_of, diagnosed, press, reply_saying
from tests.reports import END, START
from tests.slack_fake import TOKEN, Failure, SlackFake

ACCOUNT = "111122223333"
ARN = f"arn:aws:elasticloadbalancing:us-east-1:{ACCOUNT}:loadbalancer/app/public/1111111111111111"


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Refusing]:
    with refusing() as found:
        monkeypatch.setenv("AWS_ENDPOINT_URL", found.url)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIADEMO")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        yield found


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    kept, provider = InMemorySpanExporter(), TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(kept))
    traces.use(Spans(provider))
    yield kept
    traces.stop()


@dataclass
class ReadsAws(Diagnosis):
    """Reads one fact of AWS for every question, and answers or fails as it was told."""

    access: AwsAccess = field(
        default_factory=lambda: AwsAccess(
            (Account(ACCOUNT, "prod", ("us-east-1",)),), AccessLimits(attempts=1), observer=CountedCalls()
        )
    )

    def __call__(self, question: Question, progress: ProgressListener) -> Outcome:
        collect(
            Subject(
                query=question.words,
                kind="load-balancer",
                account=ACCOUNT,
                region="us-east-1",
                load_balancers=(ARN,),
            ),
            Window(start=START, end=END),
            self.access.reader(ACCOUNT, "us-east-1"),
            clock=lambda: datetime.now(UTC),
            specs=[spec for spec in graph.all_collectors() if spec.yields is LoadBalancers],
        )
        return super().__call__(question, progress)


def test_the_reference_that_a_person_is_told_leads_to_every_line_and_to_aws(
    start: Start, slack: SlackFake, aws: Refusing, lines: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.queue.MAX_RETRIES", 0)
    diagnosis = ReadsAws(outcome=diagnosed("502 since 03:12"))
    bot = start(diagnosis)
    bot.ask("checkout")
    reply = reply_saying(slack, "502 since 03:12")
    slack.wait_for(lambda: "502 since 03:12" in slack.parents()[0]["text"])
    aws.user_agents.clear()
    diagnosis.error = RuntimeError("what nobody has thought of")
    assert press(bot, reply, button_of(reply)) == 200
    told = str(reply_saying(slack, "went wrong"))
    reference = re.findall(r"\bc-[a-z0-9]+", told)[0]
    assert views.failed(reference).text in told

    about = eventually(lambda: _about(lines, reference, until="job set aside"))
    assert {line["event"] for line in about} >= {"queued", "AWS call failed", "job set aside"}
    assert sum(line["event"] == "job set aside" for line in about) == 1
    (failed, *_) = [line for line in about if line["event"] == "AWS call failed"]
    assert failed["action"] == "elasticloadbalancing:DescribeLoadBalancers"
    assert (failed["error"], failed["request_id"], failed["job"]) == ("AccessDenied", REQUEST_ID, "answer")
    assert aws.user_agents
    assert all(agent.endswith(f" ref/{reference}") for agent in aws.user_agents)


def test_one_trace_leads_from_the_request_to_its_job_and_every_call(
    start: Start, slack: SlackFake, aws: Refusing, spans: InMemorySpanExporter
) -> None:
    reads = ReadsAws(outcome=diagnosed("502 since 03:12"))
    bot = start(_Counted(reads))
    bot.ask("checkout")
    reply_saying(slack, "502 since 03:12")
    found: dict[str, ReadableSpan] = eventually(lambda: _with(spans, "job deliver", "Slack chat.update"))
    request = found["Slack command"]
    assert request.context is not None
    chain = ["AWS elasticloadbalancing:DescribeLoadBalancers", "collect load_balancers", "diagnosis", "job answer"]
    for below, above in zip(chain, [*chain[1:], "Slack command"], strict=True):
        parent, expected = found[below].parent, found[above].context
        assert parent is not None
        assert expected is not None
        assert (parent.span_id, parent.trace_id) == (expected.span_id, request.context.trace_id)
    deliver = found["job deliver"].context
    assert deliver is not None
    assert deliver.trace_id == request.context.trace_id
    call = dict(found[chain[0]].attributes or {})
    assert (call["aws.request_id"], call["alb502.result"], call["cloud.region"]) == (REQUEST_ID, "denied", "us-east-1")
    assert not found[chain[0]].status.is_ok
    assert dict(found["diagnosis"].attributes or {})["alb502.verdict"] == "causes_found"
    reference = dict(request.attributes or {})["alb502.reference"]
    assert dict(found["job answer"].attributes or {})["alb502.reference"] == reference
    everything = " ".join(span.to_json() for span in spans.get_finished_spans())
    assert "checkout" not in everything
    assert "xoxb" not in everything


def test_the_log_leads_from_a_report_and_from_none_to_the_reference(aws: Refusing, lines: io.StringIO) -> None:
    found = diagnosed("502 since 03:12")
    assert isinstance(found, Diagnosed)
    with logs.correlated("c-1"):
        counted(ReadsAws(outcome=found))(Question(words="checkout"), lambda _: None)
        counted(ReadsAws(outcome=Refused(message="Expired.")))(Question(words="checkout"), lambda _: None)
    told = [json.loads(line) for line in lines.getvalue().splitlines()]
    (made,) = [line for line in told if line["event"] == "report made"]
    assert (made["report"], made["correlation_id"]) == (found.report.id, "c-1")
    (none,) = [line for line in told if line["event"] == "no report"]
    assert (none["why"], none["correlation_id"]) == ("Expired.", "c-1")


def test_what_is_found_is_counted(aws: Refusing) -> None:
    found = diagnosed("502 since 03:12")
    assert isinstance(found, Diagnosed)
    (cause, *_) = found.report.causes
    calls = {"aws_service": "elasticloadbalancing", "result": "denied"}
    before = [_value("alb502_reports_total", verdict=found.report.verdict), _value("alb502_aws_calls_total", **calls)]
    causes = _value("alb502_causes_total", code=cause.code, band=cause.band)
    counted(ReadsAws(outcome=found))(Question(words="checkout"), lambda _: None)
    after = [_value("alb502_reports_total", verdict=found.report.verdict), _value("alb502_aws_calls_total", **calls)]
    assert after == [number + 1 for number in before]
    assert _value("alb502_causes_total", code=cause.code, band=cause.band) == causes + 1
    assert _value("alb502_aws_call_seconds_count", aws_service="elasticloadbalancing") > 0


def test_what_the_cache_has_is_counted() -> None:
    class Cache:
        def get(self, key: str) -> tuple[str, float] | None:
            return ("{}", 1.0) if key == "there" else None

        def put(self, key: str, value: str, ttl_s: int) -> None:
            return None

    before = [_value("alb502_cache_reads_total", result=result) for result in ("hit", "miss")]
    cache = CountedFacts(Cache())
    for key in ("there", "not there", "nor this"):
        cache.get(key)
    after = [_value("alb502_cache_reads_total", result=result) for result in ("hit", "miss")]
    assert [now - then for now, then in zip(after, before, strict=True)] == [1, 2]


def test_attributes_are_bounded_and_hold_no_secret(spans: InMemorySpanExporter) -> None:
    with traces.span("job answer", "job", "no traceparent at all"):
        traces.mark("alb502.report", "x" * 5_000)
        traces.ended("Slack x", 0.1, "redis://user:pass@host", {"hidden": "AKIAIOSFODNN7EXAMPLE", "empty": ""})
    call, job = spans.get_finished_spans()
    assert len(str(dict(job.attributes or {})["alb502.report"])) < 200
    assert dict(call.attributes or {}) == {"hidden": logs.HIDDEN}
    assert "pass" not in str(call.status.description)
    with pytest.raises(LookupError), traces.span("diagnosis"):
        raise LookupError("a secret xoxb-12-abc")
    failed = spans.get_finished_spans()[-1]
    assert (failed.status.description, failed.events) == ("LookupError", ())


def test_without_the_setting_nothing_is_imported_or_done(lines: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    traces.start({}, "all")()
    traces.start({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://x", "OTEL_SDK_DISABLED": "true"}, "all")()
    with traces.span("diagnosis"):
        traces.begun("collect x")("read")
        traces.ended("AWS x", 0.1)
        assert traces.carrier() is None
    assert not lines.getvalue()
    monkeypatch.setitem(__import__("sys").modules, "bot.telemetry.spans", None)
    traces.start({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"}, "all")()
    assert "alb502[traces]" in lines.getvalue()


def test_an_answer_of_somebody_elses_diagnosis_names_its_reference(
    start: Start, slack: SlackFake, lines: io.StringIO
) -> None:
    diagnosis = Diagnosis()
    diagnosis.go.clear()
    bot = start(diagnosis)
    bot.ask("checkout")
    assert diagnosis.started.wait(20)
    bot.ask("checkout")
    waiting = "waiting for the same question of somebody else"
    eventually(lambda: any(line["event"] == waiting for line in _lines(lines)))
    diagnosis.go.set()
    said = eventually(lambda: _two(line for line in _lines(lines) if line["event"] == "answer delivered"))
    (leader,) = {line["correlation_id"] for line in _lines(lines) if line["event"] == "diagnosed"}
    assert {line["queued_by"] for line in said} == {leader}
    assert len({line["correlation_id"] for line in said}) == 2


@pytest.mark.parametrize("body", [{"type": ["x"]}, {"type": {}}, {"type": "of tomorrow"}, {}, [], None])
def test_a_request_of_an_unknown_kind_is_called_a_request(body: object) -> None:
    assert _kind_of(body) == "request"


def test_spans_go_where_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: queue.Queue[tuple[str, bytes]] = queue.Queue()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.put((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            return None

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{server.server_address[1]}")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "none")
    monkeypatch.setattr("bot.telemetry.spans.CLOSE_WITHIN_S", 20)
    stop = traces.start(os.environ, "worker")
    with traces.span("diagnosis"):
        assert traces.carrier() is not None
    stop()
    path, body = heard.get(timeout=20)
    server.shutdown()
    server.server_close()
    thread.join(20)
    assert path == "/v1/traces"
    for word in (b"service.name", b"alb502", b"worker", b"diagnosis"):
        assert word in body
    assert traces.carrier() is None


class _Counted(Diagnosis):
    def __init__(self, reads: ReadsAws) -> None:
        super().__init__()
        self._counted = counted(reads)

    def __call__(self, question: Question, progress: ProgressListener) -> Outcome:
        return self._counted(question, progress)


def _about(lines: io.StringIO, reference: str, until: str) -> list[dict[str, Any]]:
    """The lines with this id, once the last one that is awaited is among them."""
    about = [line for line in _lines(lines) if line.get("correlation_id") == reference]
    return about if any(line["event"] == until for line in about) else []


def _two(found: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    both = list(found)
    return both if len(both) == 2 else []


def _lines(lines: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines.getvalue().splitlines()]


def _with(spans: InMemorySpanExporter, *wanted: str) -> dict[str, ReadableSpan]:
    found = {span.name: span for span in spans.get_finished_spans()}
    return found if found.keys() >= set(wanted) else {}


def _value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def test_a_call_to_slack_that_is_made_once_more_is_told() -> None:
    class Once(WebClient):
        failures = 1

        def api_call(self, api_method: str, **_: Any) -> Any:
            if self.failures:
                self.failures -= 1
                raise TimeoutError
            return SimpleNamespace(data={"ok": True})

    class Plenty:
        def take(self, method: str, channel: str, *, spare: bool = False, message: str = "") -> float:
            return 0.0

        def pause(self, method: str, seconds: float) -> None:
            return None

    again: list[str] = []
    calls = SlackCalls(Once(token="xoxb-none"), Plenty(), wait=lambda _: None, again=again.append)
    assert calls.read("users.info") == {"ok": True}
    assert again == ["users.info"]


def test_failed_and_slow_calls_to_slack_are_in_the_log(
    slack: SlackFake, lines: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = make_client(TOKEN, f"{slack.url}/api/")
    slack.fail("auth.test", Failure(200, "token_revoked"), Failure(500, "<!channel> not a word"))
    with logs.correlated("c-1"):
        for _ in range(2):
            with pytest.raises(SlackApiError):
                client.auth_test()
        assert not any(line["event"] == "Slack call was slow" for line in _lines(lines))
        monkeypatch.setattr("bot.telemetry.slack.SLOW_CALL_S", 0.0)
        client.auth_test()
    told = [line for line in _lines(lines) if line["event"].startswith("Slack call")]
    assert [(line["method"], line["result"]) for line in told] == [
        ("auth.test", "token_revoked"),
        ("auth.test", "http_500"),
        ("auth.test", "ok"),
    ]
    assert {line["correlation_id"] for line in told} == {"c-1"}
