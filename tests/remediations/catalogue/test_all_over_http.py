"""Every fix of the catalogue is carried out against the simulated world at least once, and seen to work."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from remediations.catalogue import catalogue

CARRIES_OUT = "carry_out"


def test_every_fix_is_carried_out_over_http() -> None:
    run = {name for path in Path(__file__).parent.glob("test_*_over_http.py") for name in _named_in(path)}
    assert sorted(set(catalogue()) - run) == []


def _named_in(path: Path) -> Iterator[str]:
    """The fixes that a module names which carries plans out; none where it does not."""
    tree = ast.parse(path.read_text())
    if not any(isinstance(node, ast.Attribute) and node.attr == CARRIES_OUT for node in ast.walk(tree)):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and node.value in catalogue():
            yield str(node.value)
