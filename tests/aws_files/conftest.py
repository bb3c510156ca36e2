"""Tests that need cfn-lint and a parser of Terraform. They run when they are asked for (``./run aws``), and not with
the others."""

from __future__ import annotations

from pathlib import Path

import pytest

HERE = Path(__file__).parent


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Left out unless this folder, or something in it, was named on the command line."""
    named = [Path(argument.partition("::")[0]).resolve() for argument in config.args]
    return None if any(one == HERE or HERE in one.parents for one in named) else True
