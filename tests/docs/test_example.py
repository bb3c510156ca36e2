"""The cause that a page adds as an example is found, and its look-alike is not blamed."""

from __future__ import annotations

from typing import Any

import pytest

from diagnostics import engine
from diagnostics.causes import catalogue, cause
from diagnostics.engine import diagnose
from tests.docs.reading import DOCS, page_at
from tests.incidents.cases import Case

PAGE = page_at(DOCS / "adding-a-cause.md")


def _run(text: str) -> dict[str, Any]:
    """What a block of the page defines."""
    names: dict[str, Any] = {"__name__": "diagnostics.causes.health_check.example"}
    exec(compile(text, PAGE.name, "exec"), names)  # noqa: S102 - the page's own words
    return names


@pytest.fixture
def cases(monkeypatch: pytest.MonkeyPatch) -> tuple[Case, ...]:
    """The example's incidents, with its cause in the catalogue."""
    known = dict(catalogue())
    monkeypatch.setattr(cause, "_REGISTRY", known)
    monkeypatch.setattr(engine, "catalogue", lambda: known)
    rule, incidents = (_run(block.text) for block in PAGE.blocks if block.language == "python")
    assert rule["fail_open_too_early"].__doc__
    found: tuple[Case, ...] = incidents["CASES"]
    return found


def test_the_example_does_what_the_page_says(cases: tuple[Case, ...]) -> None:
    told = {case.kind: {one.code: one for one in diagnose(case.build().snapshot()).causes} for case in cases}

    assert told.keys() == {"finds", "look-alike"}
    assert told["finds"][cases[0].code].band == "confirmed"
    assert cases[0].code not in told["look-alike"]
