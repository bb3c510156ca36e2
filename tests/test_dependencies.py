"""What is installed beside the bot is what it imports: nothing that only others need, and nothing by accident.

That every pin has its hash is in `tests/test_house.py`.
"""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parent.parent
SHIPPED: Final = ("bot", "handlers", "remediations", "diagnostics")
CARRIED: Final = {
    "anyio": "starlette",
    "pydantic-core": "pydantic",
    "pyyaml": "pydantic-settings",
}
"""Imported, and pinned by what is built upon it: versions of their own would contradict."""
PROJECT: Final[dict[str, Any]] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def normal(name: str) -> str:
    """https://packaging.python.org/en/latest/specifications/name-normalization/"""
    return re.sub(r"[-_.]+", "-", name).lower()


def named(requirements: list[str]) -> set[str]:
    return {normal(re.split(r"[^\w.-]", requirement, maxsplit=1)[0]) for requirement in requirements}


def imported(packages: tuple[str, ...]) -> Iterator[tuple[str, Path]]:
    """Top-level modules of others, wherever in a file they are imported."""
    for path in (path for package in packages for path in (ROOT / package).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module]
            for module in {name.partition(".")[0] for name in names}:
                if module not in {*sys.stdlib_module_names, *SHIPPED, "demo"}:
                    yield module, path


def test_what_is_imported_is_listed_and_what_is_listed_is_imported() -> None:
    listed = named(PROJECT["dependencies"])
    optional = {name for names in PROJECT["optional-dependencies"].values() for name in named(names)}
    owners = metadata.packages_distributions()
    used: set[str] = set()
    for module, path in imported(SHIPPED):
        found = {normal(owner) for owner in owners.get(module, [module])}
        found = {CARRIED.get(name, name) for name in found}
        assert found & (listed | optional), (
            f"{path.relative_to(ROOT)} imports {module}, which pyproject.toml lists nowhere"
        )
        used |= found
    assert listed - used == set(), "listed and not imported"


def test_what_is_carried_is_required_by_its_carrier() -> None:
    for carried, carrier in CARRIED.items():
        assert carried in named(metadata.requires(carrier) or []), f"{carrier} does not bring {carried}"


def test_what_is_listed_is_locked() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    locked = {normal(name) for name in re.findall(r"^([\w.-]+)==", lock, re.MULTILINE)}
    assert named(PROJECT["dependencies"]) <= locked
    assert set(CARRIED) <= locked
