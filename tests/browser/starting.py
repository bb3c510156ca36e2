"""Starts what the browser tests and the pictures need: the demo as people start it, and a headless Chromium."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
START_S = 120.0
END_S = 15.0


@contextmanager
def demo(*arguments: str) -> Iterator[str]:
    """Runs ``alb502 demo``; yields the page's address. It has to end within `END_S` after Ctrl-C."""
    command = [sys.executable, "-m", "bot", "demo", "--port", "0", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            yield _address(process)
            process.send_signal(signal.SIGINT)
            assert process.wait(END_S) == 0, "the demo did not end well"
        finally:
            process.kill()


def _address(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    said: list[str] = []
    watchdog = threading.Timer(START_S, process.kill)
    watchdog.start()
    try:
        for line in process.stdout:
            said.append(line)
            if line.startswith("Ctrl-C"):
                break
    finally:
        watchdog.cancel()
    found = re.search(r"http://127\.0\.0\.1:\d+", "".join(said))
    assert found is not None, "".join(said) or "the demo said nothing"
    return found[0]


@contextmanager
def browser() -> Iterator[Browser]:
    """Raises RuntimeError where there is no Chromium."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        raise RuntimeError("Chromium is needed; on Debian: apt-get install chromium")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=found, headless=True, args=list(FLAGS))
        yield started
        started.close()
