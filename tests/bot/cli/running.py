"""Runs the command line in this process, as a shell would."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from bot.cli.top import run


@dataclass(frozen=True)
class Ran:
    status: int
    out: str
    err: str


def alb502(capsys: pytest.CaptureFixture[str], *arguments: str) -> Ran:
    capsys.readouterr()
    status = run(arguments)
    captured = capsys.readouterr()
    assert "Traceback" not in captured.out + captured.err
    return Ran(status, captured.out, captured.err)
