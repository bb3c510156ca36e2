"""Each threat of the threat model names the tests that answer it, and they are there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent
PAGE: Final = (ROOT / "docs" / "threat-model.md").read_text(encoding="utf-8")
THREATS: Final = PAGE[PAGE.index("## Threats") : PAGE.index("## What is left")]
NAMED: Final = re.compile(r"`(tests/[\w/.]+\.py)::(test_\w+)`")
HEADING: Final = "| threat | what answers it | test |"


def rows() -> list[str]:
    return [line for line in THREATS.splitlines() if line.startswith("| ") and line != HEADING and "---" not in line]


def test_every_threat_names_a_test() -> None:
    assert len(rows()) > 30
    assert [row for row in rows() if not NAMED.search(row)] == []


def test_every_named_test_exists() -> None:
    named = set(NAMED.findall(THREATS))
    texts = {path: (ROOT / path).read_text(encoding="utf-8") for path, _ in named}
    assert {(path, name) for path, name in named if f"def {name}(" not in texts[path]} == set()
