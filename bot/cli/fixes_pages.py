"""The fixes as pages: `python -m bot.cli.fixes_pages` writes docs/fixes/ anew from the fixes themselves."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from bot.cli.drawing.catalogue import named
from bot.cli.written import PAGES, renew
from diagnostics.causes import catalogue as causes
from remediations.catalogue import catalogue
from remediations.fix import FixSpec

PLACE: Final = Path("docs") / "fixes"
INDEX: Final = "README.md"
WRITTEN_BY: Final = "<!-- Written by `python -m bot.cli.fixes_pages`; change the fix itself. -->"
ABOUT: Final = """\
What alb502 can do about a cause. A fix is offered only where the facts show that it is sound, with what it changes
(before and after), its risk, who else notices it, the same as AWS CLI commands, and its undo. Everything that it rests
on is read again directly before the first write, and a value that has changed stops it.

These refusals stand above every setting and every policy: nothing is deleted but what the same plan made; IAM is not
touched, and a role is passed on only if the service's tasks have it already; no address range reaches beyond the
subnets on the way; nothing is written to, or named, that the report is not about. A fix that starts a deployment cannot
be approved while another one runs.

An undo is one of three. *Exact*: the recorded value is set again, or what was added is removed. *Compensating*: another
change leads back, such as a new deployment. *None*: nothing takes it back, which is said before anybody approves.
"""


def pages(specs: Mapping[str, FixSpec]) -> dict[str, str]:
    """File name to text: one page for each fix, and the index."""
    return {INDEX: _index(specs)} | {f"{spec.id}.md": _page(spec) for spec in specs.values()}


def _index(specs: Mapping[str, FixSpec]) -> str:
    rows = (f"| [`{spec.id}`]({spec.id}.md) | {spec.title} | {spec.risk_in_words} |" for spec in specs.values())
    return "\n".join(
        [WRITTEN_BY, "# Fixes", "", ABOUT, "| Fix | What it does | Risk |", "| --- | --- | --- |", *rows, ""]
    )


def _page(spec: FixSpec) -> str:
    parts = [WRITTEN_BY, f"# {spec.title}", "", f"`{spec.id}` · {spec.risk_in_words} risk · [all fixes]({INDEX})", ""]
    parts += [inspect.cleandoc(spec.description), *_when(spec)]
    if spec.docs:
        parts += ["", "## AWS documentation", "", *(f"- <{url}>" for url in spec.docs)]
    return "\n".join(parts) + "\n"


def _when(spec: FixSpec) -> Iterator[str]:
    yield from ("", "## When it can be offered", "")
    known = causes()
    for code in spec.causes:
        yield f"- {known[code].title} ([`{code}`](../causes/{code}.md))"
    if spec.for_risks:
        yield "- Also where one of these is a risk without an effect so far."
    yield f"- Only where these were read: {named(spec.needs)}."
    if spec.uses:
        yield f"- Made of, where it was read: {named(spec.uses)}."


if __name__ == "__main__":
    renew(PLACE, pages(catalogue()), PAGES)
