"""What runs the image is left out where there is none: `./.ci/image` builds it and asks for these tests."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.image.containers import IMAGE

if TYPE_CHECKING:
    from tests.image.outside import Outside

NEED_THE_IMAGE = {"test_running.py", "test_rendered.py"}


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    return True if collection_path.name in NEED_THE_IMAGE and IMAGE not in os.environ else None


@pytest.fixture(scope="session")
def around(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outside]:
    """Slack, AWS with an incident in it, and a Redis, as containers reach them."""
    from tests.image.outside import outside

    with outside(tmp_path_factory.mktemp("outside")) as there:
        yield there
