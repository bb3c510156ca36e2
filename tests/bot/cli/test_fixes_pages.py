"""The pages about fixes are what the fixes say."""

from __future__ import annotations

from pathlib import Path

from bot.cli import causes_pages, fixes_pages
from bot.cli.written import PAGES, stale
from diagnostics.causes import catalogue as causes
from remediations.catalogue import catalogue

ROOT = Path(__file__).parents[3]


def test_the_pages_in_docs_are_up_to_date() -> None:
    assert stale(ROOT / fixes_pages.PLACE, fixes_pages.pages(catalogue()), PAGES) == (), (
        "run: python -m bot.cli.fixes_pages"
    )


def test_every_fix_has_a_page_that_leads_to_its_causes() -> None:
    pages = fixes_pages.pages(catalogue())
    assert set(pages) == {"README.md", *(f"{fix}.md" for fix in catalogue())}
    for spec in catalogue().values():
        assert spec.causes
        assert set(spec.causes) <= causes().keys(), spec.id
        assert spec.title in pages[f"{spec.id}.md"]
        assert all(f"(../causes/{code}.md)" in pages[f"{spec.id}.md"] for code in spec.causes)


def test_the_page_of_a_cause_leads_to_its_fixes() -> None:
    assert (
        "[`sg-allow-lb-ingress`](../fixes/sg-allow-lb-ingress.md)"
        in causes_pages.pages(causes())["sg-ingress-missing.md"]
    )
