"""A process beside the benchmark: says in one line of JSON that it is ready, answers lines, ends with its parent."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

STOP_S = 20.0


class Child:
    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.ready: Any = self._answer()

    def ask(self, words: str = "") -> Any:
        """Sends a line and returns what the child answers."""
        if self._process.stdin is None:
            raise RuntimeError("the child has no standard input")
        self._process.stdin.write(f"{words}\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> Any:
        line = self._process.stdout.readline() if self._process.stdout else ""
        if not line:
            raise RuntimeError(f"{self._process.args!r} ended early, with status {self._process.wait(STOP_S)}")
        return json.loads(line)


@contextmanager
def child(
    module: str, *arguments: str, environment: Mapping[str, str] | None = None, niceness: int = 0
) -> Iterator[Child]:
    """Runs ``python -m module``; it is asked to end by closing its standard input."""
    process = subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
        text=True,
    )
    os.setpriority(os.PRIO_PROCESS, process.pid, niceness)
    try:
        yield Child(process)
    finally:
        end(process)


def end(process: subprocess.Popen[str]) -> None:
    """Asks it to end, and does not wait for ever."""
    if process.stdin is not None:
        process.stdin.close()
    else:
        process.terminate()
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()


def serve_parent(ready: Any, answer: Callable[[str], Any] = lambda _: None) -> None:
    """The child's side: ready, then an answer for each line, until the parent closes the pipe or dies."""
    _say(ready)
    for line in sys.stdin:
        _say(answer(line.strip()))


def _say(message: Any) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()
