"""The pages that people read, taken apart by a Markdown parser: links, headings, blocks of code, code in a line."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Final, NamedTuple

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT: Final = Path(__file__).parents[2]
DOCS: Final = ROOT / "docs"
CHANGELOG: Final = ROOT / "CHANGELOG.md"
_PARSER: Final = MarkdownIt("commonmark").enable("table")
_OWN_ANCHOR: Final = re.compile(r'<a (?:id|name)="([^"]+)"')


class Said(NamedTuple):
    """Something on a page, and the line of the block that it stands in."""

    line: int
    text: str


class Fence(NamedTuple):
    line: int
    language: str
    text: str


@dataclass(frozen=True)
class Page:
    path: Path

    @property
    def name(self) -> str:
        return str(self.path.relative_to(ROOT))

    @cached_property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def tokens(self) -> list[Token]:
        return _PARSER.parse(self.text)

    @cached_property
    def links(self) -> tuple[Said, ...]:
        """Addresses of links and pictures."""
        found = ((line, child.attrGet("href") or child.attrGet("src")) for line, child in self._inline())
        return tuple(Said(line, str(address)) for line, address in found if address is not None)

    @cached_property
    def words(self) -> tuple[Said, ...]:
        """Text that is not code."""
        return tuple(Said(line, child.content) for line, child in self._inline() if child.type == "text")

    @cached_property
    def code_spans(self) -> tuple[Said, ...]:
        return tuple(Said(line, child.content) for line, child in self._inline() if child.type == "code_inline")

    @cached_property
    def blocks(self) -> tuple[Fence, ...]:
        """Blocks of code, fenced or indented; the language is empty where none is said."""
        return tuple(
            Fence(token.map[0] + 1 if token.map else 0, token.info.strip(), token.content)
            for token in self.tokens
            if token.type in ("fence", "code_block")
        )

    @cached_property
    def anchors(self) -> frozenset[str]:
        """What both readers of the page, a code host and the site, call its headings; and anchors of its own."""
        headings = [
            "".join(child.content for child in inline.children or ())
            for opening, inline in zip(self.tokens, self.tokens[1:], strict=False)
            if opening.type == "heading_open"
        ]
        on_host = [_host_anchor(heading) for heading in headings]
        once = {anchor for anchor, times in Counter(on_host).items() if times == 1}
        return frozenset(once & {_site_anchor(heading) for heading in headings}) | set(_OWN_ANCHOR.findall(self.text))

    def _inline(self) -> Iterator[tuple[int, Token]]:
        for token in self.tokens:
            for child in token.children or ():
                yield (token.map[0] + 1 if token.map else 0), child


@cache
def pages() -> tuple[Page, ...]:
    """README and its like, and everything in docs/."""
    return tuple(Page(path) for path in sorted((*ROOT.glob("*.md"), *DOCS.rglob("*.md"))))


@cache
def page_at(path: Path) -> Page:
    return next(page for page in pages() if page.path == path)


def present_pages() -> tuple[Page, ...]:
    """Those that speak of what is now. The changelog speaks of what was."""
    return tuple(page for page in pages() if page.path != CHANGELOG)


def _host_anchor(heading: str) -> str:
    """As code hosts make it: lower case, no punctuation, a hyphen for each space."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def _site_anchor(heading: str) -> str:
    """As the site makes it: the same in ASCII, and one hyphen for several.

    https://python-markdown.github.io/extensions/toc/
    """
    plain = unicodedata.normalize("NFKD", heading).encode("ascii", "ignore").decode("ascii")
    return re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", plain).strip().lower())
