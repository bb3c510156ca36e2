"""The catalogue as pages: `python -m bot.cli.causes_pages` writes docs/causes/ anew from the causes themselves."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import Final

from bot.cli.drawing.catalogue import named
from bot.cli.written import PAGES, renew
from diagnostics.causes import catalogue
from diagnostics.causes.advice import GAP, advice_of
from diagnostics.causes.cause import CauseSpec
from diagnostics.printable import counted
from remediations.catalogue import fixes_for

PLACE: Final = Path("docs") / "causes"
INDEX: Final = "README.md"
WRITTEN_BY: Final = "<!-- Written by `python -m bot.cli.causes_pages`; change the cause itself. -->"
FAMILIES: Final[Mapping[str, str]] = {
    "error-source": "Who made the error",
    "registration": "Registration and routing",
    "health-check": "Health checks",
    "network": "The network path",
    "connection": "Connection and HTTP conversation",
    "time": "Time",
    "lifecycle": "ECS and host life cycle",
    "lambda": "Lambda targets",
    "load-balancer": "The load balancer itself",
    "residual": "When it cannot be told",
}


def pages(specs: Mapping[str, CauseSpec]) -> dict[str, str]:
    """File name to text: one page for each cause, and the index."""
    return {INDEX: _index(specs)} | {f"{code}.md": _page(spec, specs) for code, spec in specs.items()}


def _index(specs: Mapping[str, CauseSpec]) -> str:
    ordered = sorted(specs.values(), key=lambda spec: (list(FAMILIES).index(spec.family), spec.code))
    body: list[str] = []
    for family, members in groupby(ordered, key=lambda spec: spec.family):
        body += ["", f"## {FAMILIES[family]}", "", "| Code | What it means |", "| --- | --- |"]
        body += [f"| {_link(spec.code, specs)} | {spec.title} |" for spec in members]
    head = [
        WRITTEN_BY,
        "# Causes",
        "",
        f"What alb502 can name: {counted(len(specs), 'cause')}. `alb502 causes` lists them",
    ]
    return "\n".join([*head, "in a terminal, `alb502 causes CODE` tells about one.", *body]) + "\n"


def _page(spec: CauseSpec, specs: Mapping[str, CauseSpec]) -> str:
    parts = [WRITTEN_BY, f"# {spec.title}", "", f"`{spec.code}` · [{FAMILIES[spec.family]}]({INDEX})", ""]
    parts += [inspect.cleandoc(spec.description), *_what_to_do(spec), *_facts(spec), *_others(spec, specs)]
    if spec.docs:
        parts += ["", "## AWS documentation", "", *(f"- <{url}>" for url in spec.docs)]
    return "\n".join(parts) + "\n"


def _what_to_do(spec: CauseSpec) -> Iterator[str]:
    advice = advice_of(spec)
    yield from ("", "## What to do", "")
    if advice:
        gaps = any(GAP in text for text in advice)
        yield "The report says which of these fits" + (
            f", with the values of the case in place of {GAP}." if gaps else "."
        )
        yield ""
        yield from (f"- {text}" for text in advice)
    else:
        yield "It depends on the case; the report says it."
    fixes = fixes_for(spec.code)
    if fixes:
        links = ", ".join(f"[`{fix.id}`](../fixes/{fix.id}.md)" for fix in fixes)
        yield from ("", f"Fixes that alb502 can offer, where the case allows it: {links}.")


def _facts(spec: CauseSpec) -> Iterator[str]:
    yield from ("", "## What it looks at", "")
    if spec.needs:
        yield f"- Cannot be judged without: {named(spec.needs)}."
    if spec.uses:
        yield f"- Sharpened by: {named(spec.uses)}."
    excluded = [kind for kind in spec.clear_needs if kind not in spec.needs]
    if excluded:
        yield f"- Not excluded while unread: {named(excluded)}."
    if not spec.needs and not spec.uses:
        yield "- What was observed, and what the other causes explain."


def _others(spec: CauseSpec, specs: Mapping[str, CauseSpec]) -> Iterator[str]:
    said = (
        ("Reported instead of", spec.replaces),
        ("Gives way to", {code for code, other in specs.items() if spec.code in other.replaces}),
        ("Leads to", spec.leads_to),
        ("Follows from", {code for code, other in specs.items() if spec.code in other.leads_to}),
        ("Made worse by", spec.helped_by),
        ("Makes worse", {code for code, other in specs.items() if spec.code in other.helped_by}),
    )
    lines = [f"- {words}: {_links(codes, specs)}." for words, codes in said if codes]
    if lines:
        yield from ("", "## Beside other causes", "", *lines)


def _links(codes: Iterable[str], specs: Mapping[str, CauseSpec]) -> str:
    return ", ".join(_link(code, specs) for code in sorted(codes))


def _link(code: str, specs: Mapping[str, CauseSpec]) -> str:
    return f"[`{code}`]({code}.md)" if code in specs else f"`{code}`"


if __name__ == "__main__":
    renew(PLACE, pages(catalogue()), PAGES)
