"""What the site's builder does not complain about: ``python -m tests.docs.built_site PLACE`` looks at what it built.

A page asks nobody but its own host for anything, no Markdown is left in a paragraph, every page of docs/ is there and
in the navigation, and no link leads to a file or a heading that is not.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from tests.docs import navigation
from tests.docs.reading import DOCS

_FETCHED: Final = {"script": "src", "img": "src", "link": "href", "iframe": "src", "source": "src"}
_TELLS_ONLY: Final = frozenset({"canonical", "next", "prev", "alternate"})
"""Kinds of <link> that a browser does not load."""
NOT_FOUND: Final = "404.html"
_LEFT_OVER: Final = re.compile(r"^\s*(?:[-*] |\d+\. |\||```|#{1,4} )", re.MULTILINE)


@dataclass
class Seen(HTMLParser):
    """The addresses, anchors and paragraphs of one page."""

    fetched: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    anchors: set[str] = field(default_factory=set)
    paragraphs: list[str] = field(default_factory=list)
    _open: list[str] | None = None
    _code: int = 0

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag in _FETCHED and not _TELLS_ONLY & set(said.get("rel", "").split()):
            self.fetched.append(said.get(_FETCHED[tag], ""))
        if tag == "a" and "href" in said:
            self.links.append(said["href"])
        self.anchors |= {said[name] for name in ("id", "name") if name in said}
        self._code += tag in ("code", "pre")
        if tag == "p":
            self._open = []

    def handle_endtag(self, tag: str) -> None:
        self._code -= tag in ("code", "pre")
        if tag == "p" and self._open is not None:
            self.paragraphs.append("".join(self._open))
            self._open = None

    def handle_data(self, data: str) -> None:
        if self._open is not None and not self._code:
            self._open.append(data)


def complaints(site: Path) -> Iterator[str]:
    yield from navigation.complaints()
    seen = {path: _seen(path) for path in sorted(site.rglob("*.html"))}
    for written in DOCS.rglob("*.md"):
        built = site / written.relative_to(DOCS).with_suffix(".html")
        if built not in seen and built.with_name("index.html") not in seen:
            yield f"{written.relative_to(DOCS)} was not built"
    for path, page in seen.items():
        if path.name == NOT_FOUND:
            continue  # its links are those of a site at the top of its host
        yield from (f"{path.relative_to(site)}: {complaint}" for complaint in _of_page(path, page, seen))


def _seen(path: Path) -> Seen:
    page = Seen()
    page.feed(path.read_text(encoding="utf-8"))
    return page


def _of_page(path: Path, page: Seen, seen: dict[Path, Seen]) -> Iterator[str]:
    yield from (f"fetches {address}" for address in page.fetched if urlsplit(address).netloc)
    yield from (f"Markdown is left in: {text[:80]!r}" for text in page.paragraphs if _LEFT_OVER.search(text))
    for address in page.links:
        if urlsplit(address).scheme or urlsplit(address).netloc:
            continue
        file, _, anchor = unquote(address).partition("#")
        target = (path.parent / file).resolve() if file else path
        target = target / "index.html" if target.is_dir() else target
        if not target.exists() or (anchor and target in seen and anchor not in seen[target].anchors):
            yield f"leads to {address}, which is not there"


if __name__ == "__main__":
    found = list(complaints(Path(sys.argv[1]).resolve()))
    sys.stderr.writelines(f"docs: {complaint}\n" for complaint in found)
    sys.exit(bool(found))
