"""Tests that need a browser. They run when they are asked for (``./run browser``), and not with the others."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).parent


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Left out unless this folder, or something in it, was named on the command line."""
    named = [Path(argument.partition("::")[0]).resolve() for argument in config.args]
    return None if any(one == HERE or HERE in one.parents for one in named) else True


@pytest.fixture(scope="module")
def demo_url() -> Iterator[str]:
    """A demo with an incident in it."""
    from tests.browser.starting import demo

    with demo() as url:
        yield url


@pytest.fixture(scope="session")
def chromium() -> Iterator[object]:
    """A headless browser."""
    from tests.browser.starting import browser

    with browser() as started:
        yield started
