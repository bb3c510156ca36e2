"""No page leads to nowhere, and every page can be found."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote, urlsplit

import pytest

from tests.docs import navigation
from tests.docs.navigation import LISTED_BY_THEIR_README
from tests.docs.reading import DOCS, Page, page_at, pages

_ADDRESS: Final = re.compile(r"\bhttps?://[^\s<>()`'\"]+")
_HOST: Final = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")


def _dead(page: Page) -> Iterator[str]:
    for line, address in page.links:
        if urlsplit(address).scheme:
            continue
        file, _, anchor = unquote(address).partition("#")
        target = (page.path.parent / file).resolve() if file else page.path
        if not target.exists():
            yield f"{page.name}:{line}: {address}"
        elif anchor and (target.suffix != ".md" or anchor not in page_at(target).anchors):
            yield f"{page.name}:{line}: {address} (no such heading, or one that two readers spell differently)"


def test_no_link_between_pages_is_dead() -> None:
    assert [dead for page in pages() for dead in _dead(page)] == []


def test_links_of_the_site_stay_in_the_site() -> None:
    """What is not in docs/ is not on the site: name such a file as code."""
    outside = [
        f"{page.name}:{line}: {address}"
        for page in pages()
        if page.path.is_relative_to(DOCS)
        for line, address in page.links
        if not urlsplit(address).scheme
        and not (page.path.parent / unquote(address).partition("#")[0]).resolve().is_relative_to(DOCS)
    ]

    assert outside == []


def _is_example(host: str) -> bool:
    """A host in capitals stands for the reader's own, and so does this machine."""
    return host.isupper() or host.partition(":")[0] == "localhost"


def test_addresses_elsewhere_are_well_formed_and_encrypted() -> None:
    wrong = [
        f"{page.name}:{line}: {address}"
        for page in pages()
        for line, said in (*page.links, *page.words)
        for address in _ADDRESS.findall(said)
        if not _is_example(urlsplit(address).netloc)
        and (urlsplit(address).scheme != "https" or not _HOST.fullmatch(urlsplit(address).netloc))
    ]

    assert wrong == []


def test_every_page_is_in_the_navigation_of_the_site() -> None:
    assert list(navigation.complaints()) == []


@pytest.mark.parametrize("folder", LISTED_BY_THEIR_README)
def test_a_folder_without_navigation_is_listed_by_its_readme(folder: str) -> None:
    readme = page_at(DOCS / folder / "README.md")
    there = {path.name for path in (DOCS / folder).glob("*.md")} - {"README.md"}

    assert {address for _, address in readme.links} >= there
