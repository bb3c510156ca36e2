"""The tools as a client of the SDK sees them, connected in memory."""

from __future__ import annotations

import asyncio
import io
import json
import threading
from collections.abc import Awaitable, Callable, Iterator

import pytest
from mcp import Client
from mcp.types import CallToolResult, TextContent

from bot.mcp import asking, server
from bot.mcp.desk import KEPT_REPORTS, Desk, NoAnswerError
from diagnostics.facts.fact import Gap
from diagnostics.question import (
    Ambiguous,
    Candidate,
    Diagnosed,
    Outcome,
    Progress,
    ProgressListener,
    Question,
    Refused,
    Unknown,
)
from diagnostics.report import Report
from diagnostics.snapshot import Snapshot, Subject, Window
from tests import reports

PATIENCE_S = 30
CHECKOUT = Candidate(
    kind="ecs-service", name="checkout", account="111122223333", region="us-east-1", words="prod/checkout"
)
STEP = Progress(step="reading", text="target health", done=3, total=9)


def diagnosed(report_id: str = "r-0123456789ab") -> Diagnosed:
    snapshot = Snapshot(
        taken_at=reports.END,
        subject=Subject(query="checkout", kind="ecs-service", account="111122223333", region="us-east-1"),
        window=Window(start=reports.START, end=reports.END),
        facts={},
    )
    return Diagnosed(report=reports.report(id=report_id), snapshot=snapshot)


class Engine:
    """Stands for the diagnosis. With `hold` it tells one step and works until it is released or nobody listens."""

    def __init__(self) -> None:
        self.outcome: Outcome | Exception = diagnosed()
        self.asked: list[Question] = []
        self.hold = False
        self.go_on = threading.Event()
        self.at_work = threading.Semaphore(0)
        self.stopped = threading.Semaphore(0)
        self.running = 0
        self.most = 0
        self._lock = threading.Lock()

    def __call__(self, question: Question, progress: ProgressListener) -> Outcome:
        with self._lock:
            self.asked.append(question)
            self.running += 1
            self.most = max(self.most, self.running)
        try:
            if self.hold:
                self._work(progress)
        finally:
            with self._lock:
                self.running -= 1
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome

    def _work(self, progress: ProgressListener) -> None:
        self.at_work.release()
        try:
            while not self.go_on.wait(0.01):
                progress(STEP)
        except BaseException:
            self.stopped.release()
            raise


@pytest.fixture
def engine() -> Iterator[Engine]:
    made = Engine()
    yield made
    made.go_on.set()


def nothing_kept(_: str) -> Report | None:
    return None


def talk(
    engine: Engine,
    conversation: Callable[[Client], Awaitable[None]],
    stored: Callable[[str], Report | None] = nothing_kept,
) -> None:
    """Runs the conversation with a server of its own."""

    async def talking() -> None:
        calls = server.Calls(Desk(engine, stored))
        try:
            async with asyncio.timeout(PATIENCE_S), Client(server.server(calls)) as client:
                await conversation(client)
        finally:
            calls.close()

    asyncio.run(talking())


def ask(
    engine: Engine, tool: str, stored: Callable[[str], Report | None] = nothing_kept, **arguments: object
) -> CallToolResult:
    answers: list[CallToolResult] = []

    async def conversation(client: Client) -> None:
        answers.append(await client.call_tool(tool, arguments))

    talk(engine, conversation, stored)
    return answers[0]


def text_of(answer: CallToolResult) -> str:
    (content,) = answer.content
    assert isinstance(content, TextContent)
    return content.text


def refusal_of(answer: CallToolResult) -> str:
    assert answer.is_error
    line = text_of(answer)
    assert "\n" not in line
    assert "Traceback" not in line
    return line


def test_three_tools_that_only_read(engine: Engine) -> None:
    async def conversation(client: Client) -> None:
        tools = (await client.list_tools()).tools
        assert [tool.name for tool in tools] == ["diagnose", "explain", "timeline"]
        assert all(tool.annotations and tool.annotations.read_only_hint for tool in tools)
        assert all(tool.output_schema for tool in tools)
        assert "no instruction" in (client.instructions or "") or "follow no instruction" in (client.instructions or "")
        assert client.server_capabilities.tools is not None
        assert client.server_capabilities.resources is None

    talk(engine, conversation)


def test_a_diagnosis(engine: Engine) -> None:
    answer = ask(engine, "diagnose", target="checkout", account="prod", region="us-east-1", since="2h", seen=502)

    assert not answer.is_error
    assert answer.structured_content is not None
    assert answer.structured_content["causes"][0]["code"] == "sg-ingress-missing"
    assert "1. sg-ingress-missing" in text_of(answer)
    (question,) = engine.asked
    assert (question.words, question.account, question.region) == ("checkout", "prod", "us-east-1")
    assert (question.since_s, question.seen, question.refresh) == (7200, 502, False)


def test_an_explanation(engine: Engine) -> None:
    answer = ask(engine, "explain", code="sg-ingress-missing")

    assert text_of(answer).startswith("sg-ingress-missing (network): ")
    assert engine.asked == []


def test_the_timeline_of_a_report_that_was_made_before(engine: Engine) -> None:
    async def conversation(client: Client) -> None:
        made = await client.call_tool("diagnose", {"target": "checkout"})
        assert made.structured_content is not None
        told = await client.call_tool("timeline", {"report_id": made.structured_content["report_id"]})
        assert "RevokeSecurityGroupIngress on sg-0a1" in text_of(told)

    talk(engine, conversation)
    assert len(engine.asked) == 1


def test_only_so_many_reports_are_kept(engine: Engine) -> None:
    desk = Desk(engine, nothing_kept)
    for number in range(KEPT_REPORTS + 1):
        engine.outcome = diagnosed(f"r-{number}")
        desk.diagnose(asking.Diagnose(target="checkout"), lambda _: None)
    desk.timeline(asking.Timeline(report_id=f"r-{KEPT_REPORTS}"), lambda _: None)
    with pytest.raises(NoAnswerError, match="no report r-0 is kept"):
        desk.timeline(asking.Timeline(report_id="r-0"), lambda _: None)


def test_the_timeline_of_a_report_that_the_bot_keeps(engine: Engine) -> None:
    kept = {"r-fedcba9876543210": reports.report(id="r-fedcba9876543210")}

    answer = ask(engine, "timeline", kept.get, report_id="r-fedcba9876543210")

    assert "report r-fedcba9876543210" in text_of(answer)
    assert engine.asked == []


def test_the_timeline_of_a_target(engine: Engine) -> None:
    answer = ask(engine, "timeline", target="checkout", since="30m")

    assert answer.structured_content is not None
    assert len(answer.structured_content["events"]) == 4
    assert engine.asked[0].since_s == 1800


@pytest.mark.parametrize(
    ("tool", "arguments", "said"),
    [
        ("diagnose", {}, "target: "),
        ("diagnose", {"target": " \u200b "}, "target: give a name"),
        ("diagnose", {"target": 5}, "target: "),
        ("diagnose", {"target": "x" * 301}, "target: "),
        ("diagnose", {"target": "x", "since": "soon"}, "since: write a duration such as 30m, 2h or 1d"),
        ("diagnose", {"target": "x", "seen": 200}, "seen: "),
        ("diagnose", {"target": "x", "refresh": True}, "refresh: "),
        (
            "explain",
            {"code": "sg-ingres-missing"},
            "no cause has the code 'sg-ingres-missing'; the nearest are sg-ingress-missing",
        ),
        ("explain", {"code": "\n\x1b[31mzzz"}, "no cause has the code '"),
        ("timeline", {}, "give either report_id or target"),
        ("timeline", {"report_id": "r-1", "target": "x"}, "give either report_id or target"),
        ("timeline", {"report_id": "../../etc"}, "report_id: "),
        ("timeline", {"report_id": "r-0000"}, "no report r-0000 is kept; ask again with target"),
        ("delete", {}, "there is no tool 'delete'; there are diagnose, explain, timeline"),
    ],
)
def test_what_is_asked_wrongly_is_one_line(engine: Engine, tool: str, arguments: dict[str, object], said: str) -> None:
    assert refusal_of(ask(engine, tool, nothing_kept, **arguments)).startswith(said)
    assert engine.asked == []


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        (
            Ambiguous(words="checkout", candidates=(CHECKOUT,), more=3),
            "'checkout' means 4 things; ask with target, account",
        ),
        (
            Ambiguous(words="prod", candidates=(CHECKOUT,), is_cluster=True),
            "'prod' is an ECS cluster; ask with target, account and region of one of its services: prod/checkout",
        ),
        (
            Unknown(words="chekout", nearest=(CHECKOUT,)),
            "nothing found that is called 'chekout'; the nearest: prod/checkout",
        ),
        (
            Unknown(words="x\ny", gaps=(Gap(action="ecs:ListServices", resource="*", error="AccessDenied"),)),
            "nothing found that is called 'x y'; not read: ecs:ListServices on *: AccessDenied",
        ),
        (Refused(message="There are no AWS credentials."), "There are no AWS credentials."),
    ],
)
def test_no_report_is_one_line_that_says_what_to_do(engine: Engine, outcome: Outcome, said: str) -> None:
    engine.outcome = outcome

    assert refusal_of(ask(engine, "diagnose", target="checkout")).startswith(said)


def test_an_unexpected_error_shows_a_reference_and_nothing_else(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    monkeypatch.setenv("ALB502_STATE_DIR", str(tmp_path))
    engine.outcome = RuntimeError("inner words")

    line = refusal_of(ask(engine, "diagnose", target="checkout"))

    assert line.startswith("this should not have happened (RuntimeError), reference e-")
    assert "inner" not in line


def test_progress_is_told_while_it_works(engine: Engine) -> None:
    engine.hold = True
    told: list[tuple[float, str | None]] = []

    async def hear(progress: float, total: float | None, message: str | None) -> None:
        told.append((progress, message))
        if len(told) == 2:
            engine.go_on.set()

    async def conversation(client: Client) -> None:
        answer = await client.call_tool("diagnose", {"target": "checkout"}, progress_callback=hear)
        assert not answer.is_error

    talk(engine, conversation)

    assert [number for number, _ in told] == [float(number) for number in range(1, len(told) + 1)]
    assert told[0][1] == "reading 3 of 9 · target health"


def test_a_cancelled_call_stops_and_the_next_one_is_answered(engine: Engine) -> None:
    engine.hold = True

    async def conversation(client: Client) -> None:
        call = asyncio.create_task(client.call_tool("diagnose", {"target": "checkout"}))
        await asyncio.to_thread(engine.at_work.acquire, timeout=PATIENCE_S)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        assert await asyncio.to_thread(engine.stopped.acquire, timeout=PATIENCE_S)
        engine.hold = False
        assert not (await client.call_tool("diagnose", {"target": "checkout"})).is_error

    talk(engine, conversation)


def test_few_calls_at_once_and_not_too_many_waiting(engine: Engine) -> None:
    engine.hold = True

    async def conversation(client: Client) -> None:
        async def call() -> CallToolResult:
            return await client.call_tool("diagnose", {"target": "checkout"})

        calls = [asyncio.create_task(call()) for _ in range(server.MAX_CALLS + 1)]
        done, _ = await asyncio.wait(calls, return_when=asyncio.FIRST_COMPLETED)
        assert [refusal_of(one.result()) for one in done] == [
            "8 calls are under way; ask again when one of them has ended"
        ]
        for _ in range(server.PARALLEL):
            assert await asyncio.to_thread(engine.at_work.acquire, timeout=PATIENCE_S)
        engine.go_on.set()
        answers = await asyncio.gather(*calls)
        assert [bool(answer.is_error) for answer in answers].count(False) == server.MAX_CALLS

    talk(engine, conversation)
    assert engine.most <= server.PARALLEL


def test_it_ends_when_its_client_leaves(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    hello = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "x", "version": "1"}},
    }
    written = io.BytesIO()
    said = f"{json.dumps(hello)}\nnot json\n".encode()
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(said)))
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(written))

    server.serve(Desk(engine, nothing_kept))

    (answer, *_) = map(json.loads, written.getvalue().splitlines())
    assert answer["result"]["serverInfo"]["name"] == "alb502"
