"""Every fix of the catalogue is carried out against the simulated world at least once, and seen to work."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from remediations.catalogue import catalogue

WORLD = "tests.remediations.doing"


def test_every_fix_is_carried_out_over_http() -> None:
    run = {name for path in Path(__file__).parent.glob("test_*.py") for name in _named_in(path)}
    assert sorted(set(catalogue()) - run) == [], "no test carries it out in a scene of tests/remediations/doing.py"


def _named_in(path: Path) -> Iterator[str]:
    """The fixes that a module names which carries plans out; none where it does not."""
    nodes = tuple(ast.walk(ast.parse(path.read_text())))
    if any(isinstance(node, ast.ImportFrom) and node.module == WORLD for node in nodes):
        yield from (str(node.value) for node in nodes if isinstance(node, ast.Constant) and node.value in catalogue())
