"""Facts are known by their names wherever a snapshot is read, before any collector or cause is."""

from __future__ import annotations

import ast
import pkgutil
from pathlib import Path

from diagnostics import facts


def test_the_package_brings_every_file_of_its_own() -> None:
    files = {module.name for module in pkgutil.iter_modules(facts.__path__, prefix=f"{facts.__name__}.")}
    nodes = ast.walk(ast.parse(Path(facts.__path__[0], "__init__.py").read_text()))
    brought = {node.module for node in nodes if isinstance(node, ast.ImportFrom)}
    assert files - brought == set(), "import it in diagnostics/facts/__init__.py, or no saved snapshot with it is read"
