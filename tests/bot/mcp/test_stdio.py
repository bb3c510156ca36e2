"""`alb502 mcp` as a client starts it: a process of its own, an incident behind it, only the protocol on stdout."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest
from mcp import Client, StdioServerParameters, stdio_client
from mcp.types import CallToolResult

from bot.cli.mcp import _kept
from bot.mcp.desk import NoAnswerError
from bot.settings import Settings
from demo import running
from tests.bot.cli.running import alb502

ROOT = Path(__file__).parents[3]
PATIENCE_S = 120


def test_a_client_finds_the_cause_of_an_incident(tmp_path: Path) -> None:
    log = tmp_path / "stderr.txt"

    async def conversation(environment: dict[str, str]) -> CallToolResult:
        parameters = StdioServerParameters(command=sys.executable, args=["-m", "bot", "mcp"], env=environment, cwd=ROOT)
        with log.open("w") as errors:
            async with asyncio.timeout(PATIENCE_S), Client(stdio_client(parameters, errlog=errors)) as client:
                explained = await client.call_tool("explain", {"code": "sg-ingress-missing"})
                assert not explained.is_error
                return await client.call_tool("diagnose", {"target": "checkout"})

    with running.run("security-group-revoked", live=False) as world:
        environment = world.environment() | {"ALB502_STATE_DIR": str(tmp_path)}
        answer = asyncio.run(conversation(environment))

    assert answer.structured_content is not None, answer.content
    assert answer.structured_content["causes"][0]["code"] == "sg-ingress-missing"
    assert log.read_text() == ""


def test_without_the_sdk_it_says_what_to_install(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.cli.mcp.importlib.util.find_spec", lambda _: None)

    ran = alb502(capsys, "mcp")

    assert (ran.status, ran.err) == (2, "alb502: this command needs its extra: pip install 'alb502[mcp]'\n")


def test_a_report_of_a_bot_that_is_not_there_is_to_be_asked_for_anew(tmp_path: Path) -> None:
    with pytest.raises(
        NoAnswerError, match=r"r-01 is none of the last 20 reports .*: ask again with target\. \(No bot"
    ):
        _kept(Settings(state_dir=tmp_path), "r-01")
