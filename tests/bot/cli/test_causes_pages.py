"""The pages about causes are what the causes say."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from bot.cli import causes_pages
from bot.cli.written import PAGES, renew, stale
from diagnostics.causes import catalogue
from diagnostics.causes.advice import advice_of

ROOT = Path(__file__).parents[3]


@cache
def _pages() -> dict[str, str]:
    return causes_pages.pages(catalogue())


def test_the_pages_in_docs_are_up_to_date() -> None:
    assert stale(ROOT / causes_pages.PLACE, _pages(), PAGES) == (), "run: python -m bot.cli.causes_pages"


def test_pages_are_written_changed_and_removed(tmp_path: Path) -> None:
    (tmp_path / "cause-of-old.md").write_text("gone")
    assert len(renew(tmp_path, _pages(), PAGES)) == len(catalogue()) + 2
    assert not (tmp_path / "cause-of-old.md").exists()
    page = tmp_path / "weighted-target-group-empty.md"
    page.write_text("edited by hand")
    assert renew(tmp_path, _pages(), PAGES) == (page.name,)
    assert renew(tmp_path, _pages(), PAGES) == ()
    text = page.read_text()
    assert "Reported instead of: [`no-registered-targets`](no-registered-targets.md)" in text
    assert "weight 0" in text


@pytest.mark.parametrize("code", sorted(catalogue()))
def test_a_page_says_what_it_means_and_what_to_do(code: str) -> None:
    spec = catalogue()[code]
    text = _pages()[f"{code}.md"]
    assert spec.title in text
    assert "## What to do" in text
    unfilled = re.findall(r"(?<!#)\{[a-z_.()]+\}", "".join(advice_of(spec)))  # `#{host}` is a word of AWS
    assert unfilled == [], "what a case fills in has to stand as a gap"


def test_advice_is_told_with_gaps_for_what_the_case_fills_in() -> None:
    (first, *_) = advice_of(catalogue()["target-group-not-in-rule"])
    assert "TargetGroupArn=…" in first
    assert advice_of(catalogue()["waf-error"])[0].startswith("Look at the AWS Health Dashboard")
