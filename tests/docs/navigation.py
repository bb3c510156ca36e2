"""Which pages the navigation of the site lists, and which it should."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import yaml

from tests.docs.reading import DOCS, ROOT

SITE: Final = ROOT / "mkdocs.yml"
LISTED_BY_THEIR_README: Final = ("causes", "fixes")
"""Folders of pages that are written by the program. Their README, which is in the navigation, links to each."""


def complaints() -> Iterator[str]:
    listed = list(_files(yaml.safe_load(SITE.read_text(encoding="utf-8"))["nav"]))
    wanted = set(_wanted())
    yield from (f"docs/{name} is not in the navigation of mkdocs.yml" for name in sorted(wanted - set(listed)))
    yield from (f"mkdocs.yml lists {name}, which is not in docs/" for name in sorted(set(listed) - wanted))
    yield from (f"mkdocs.yml lists {name} twice" for name in sorted({one for one in listed if listed.count(one) > 1}))


def _wanted() -> Iterator[str]:
    for path in DOCS.rglob("*.md"):
        name = path.relative_to(DOCS)
        if name.parts[0] not in LISTED_BY_THEIR_README or name.name == "README.md":
            yield str(name)


def _files(entry: object) -> Iterator[str]:
    """Those of a part of the navigation, which is a file, a list, or a title with either."""
    if isinstance(entry, str):
        yield entry
    for part in entry.values() if isinstance(entry, dict) else entry if isinstance(entry, list) else ():
        yield from _files(part)
