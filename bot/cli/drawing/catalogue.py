"""The catalogue of causes at a terminal."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import TYPE_CHECKING, Final

from rich.console import RenderableType
from rich.text import Text

from bot.cli.drawing.page import lines, said, statement, titled
from diagnostics.causes.advice import GAP, advice_of
from diagnostics.printable import counted
from remediations.catalogue import fixes_for

if TYPE_CHECKING:
    from diagnostics.causes.cause import CauseSpec
    from diagnostics.facts.fact import Fact

MAX_PARAGRAPH: Final = 4_000
_SPELLED: Final = {"acls": "ACLs", "ecs": "ECS", "lambda": "Lambda"}


def listed(specs: Mapping[str, CauseSpec]) -> Iterator[RenderableType]:
    """All codes with their titles, family by family."""
    ordered = sorted(specs.values(), key=lambda spec: (spec.family, spec.code))
    for family, members in groupby(ordered, key=lambda spec: spec.family):
        yield from titled(
            family, lines((Text(spec.code, style="bold"), said(spec.title)) for spec in members), style="dim"
        )
    yield Text()
    yield Text(f"{counted(len(specs), 'cause')}; alb502 causes CODE tells more about one.", style="dim")


def described(spec: CauseSpec) -> Iterator[RenderableType]:
    """One cause: what it means, what decides it, what to do about it, what it needs to know."""
    yield said(spec.title, "bold")
    yield said(f"{spec.code} · {spec.family}", "dim")
    yield Text()
    for paragraph in inspect.cleandoc(spec.description).split("\n\n"):
        yield said(paragraph, limit=MAX_PARAGRAPH)
        yield Text()
    advice = advice_of(spec)
    if advice:
        yield said("What to do", "bold")
        yield lines((Text("•"), said(text, limit=MAX_PARAGRAPH)) for text in advice)
        if any(GAP in text for text in advice):
            yield said(f"{GAP} stands for the values of the case; the report has them", "dim")
        yield Text()
    fixes = fixes_for(spec.code)
    if fixes:
        yield said("Fixes that can be offered", "bold")
        yield lines((Text(fix.id), said(f"{fix.title} ({fix.risk_in_words} risk)")) for fix in fixes)
        yield Text()
    rows = (
        ("needs", named(spec.needs)),
        ("sharpened by", named(spec.uses)),
        ("instead of", ", ".join(sorted(spec.replaces))),
        ("leads to", ", ".join(sorted(spec.leads_to))),
        ("made worse by", ", ".join(sorted(spec.helped_by))),
    )
    yield lines((Text(label, style="dim"), said(text)) for label, text in rows if text)
    if spec.docs:
        yield from titled("AWS documentation", *(statement(url) for url in spec.docs), style="dim")


def named(kinds: Iterable[type[Fact]]) -> str:
    """Kinds of facts in words: ``load balancers, network ACLs, ECS service``."""
    words = (" ".join(_SPELLED.get(word, word) for word in kind.name.split("_")) for kind in kinds)
    return ", ".join(dict.fromkeys(words))
