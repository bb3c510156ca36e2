"""The pages about causes are what the causes say."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from bot.cli import causes_pages
from diagnostics.causes import catalogue
from diagnostics.causes.advice import advice_of

ROOT = Path(__file__).parents[3]


@cache
def _pages() -> dict[str, str]:
    return causes_pages.pages(catalogue())


def test_the_pages_in_docs_are_up_to_date() -> None:
    stale = causes_pages.stale(ROOT / causes_pages.PLACE, _pages())
    assert stale == (), "run: python -m bot.cli.causes_pages"


def test_pages_are_written_changed_and_removed(tmp_path: Path) -> None:
    (tmp_path / "cause-of-old.md").write_text("gone")
    assert len(causes_pages.renew(tmp_path)) == len(catalogue()) + 2
    assert not (tmp_path / "cause-of-old.md").exists()
    page = tmp_path / "weighted-target-group-empty.md"
    page.write_text("edited by hand")
    assert causes_pages.renew(tmp_path) == (page.name,)
    assert causes_pages.renew(tmp_path) == ()
    text = page.read_text()
    assert "Reported instead of: [`no-registered-targets`](no-registered-targets.md)" in text
    assert "weight 0" in text


@pytest.mark.parametrize("code", sorted(catalogue()))
def test_a_page_says_what_it_means_and_what_to_do(code: str) -> None:
    spec = catalogue()[code]
    text = _pages()[f"{code}.md"]
    assert spec.title in text
    assert "## What to do" in text
    assert not re.search(r"\{[a-z_.()]+\}", "".join(advice_of(spec)))  # what a case fills in stands as a gap


def test_advice_is_told_with_gaps_for_what_the_case_fills_in() -> None:
    (first, *_) = advice_of(catalogue()["target-group-not-in-rule"])
    assert "TargetGroupArn=…" in first
    assert advice_of(catalogue()["waf-error"])[0].startswith("Look at the AWS Health Dashboard")
