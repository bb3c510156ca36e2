"""A page looks the same on a code host and on the site, whose Markdown differ in what they forgive."""

from __future__ import annotations

from collections.abc import Iterator

from tests.docs.reading import DOCS, Page, pages

INDENT = 4
"""What is inside of an item of a list stands so deep on the site."""
LISTS = ("bullet_list_open", "ordered_list_open")


def _site_pages() -> Iterator[Page]:
    return (page for page in pages() if page.path.is_relative_to(DOCS))


def _touching(page: Page) -> Iterator[str]:
    """Lists and tables that stand directly below a line of text: on the site they would be more of that text."""
    lines = page.text.splitlines()
    for token in page.tokens:
        if token.type in (*LISTS, "table_open", "fence") and token.map:
            first = token.map[0]
            above = lines[first - 1].strip() if first else ""
            nested = token.level > 0 and token.type != "fence"
            if above and not nested and not above.startswith("<!--") and not above.startswith("#"):
                yield f"{page.name}:{first + 1}: an empty line is needed above"


def _shallow(page: Page) -> Iterator[str]:
    """Blocks inside of an item that are indented for a code host only."""
    lines = page.text.splitlines()
    for token in page.tokens:
        if token.level > 1 and token.type in (*LISTS, "fence", "code_block") and token.map:
            line = lines[token.map[0]]
            depth = len(line) - len(line.lstrip(" "))
            if depth % INDENT:
                yield f"{page.name}:{token.map[0] + 1}: indented by {depth}, not by {INDENT}"


def test_lists_tables_and_code_stand_apart() -> None:
    assert [found for page in _site_pages() for found in _touching(page)] == []


def test_what_is_inside_of_an_item_is_indented_by_four() -> None:
    assert [found for page in _site_pages() for found in _shallow(page)] == []


def test_every_page_has_one_title() -> None:
    odd = [
        page.name
        for page in _site_pages()
        if sum(token.type == "heading_open" and token.tag == "h1" for token in page.tokens) != 1
    ]

    assert odd == []
