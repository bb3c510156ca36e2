"""Runs the command line in this process, as a shell would."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import pytest
import typer.main

from bot.cli.top import run

typer.main.get_command = cache(typer.main.get_command)  # as in a process of its own, where it is built once


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
