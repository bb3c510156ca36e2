"""`alb502 causes`: the catalogue of what can be found."""

from __future__ import annotations

import difflib
import inspect
import json
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from bot.cli import options, output
from bot.cli.exits import BAD_USAGE, CommandError
from diagnostics import printable

if TYPE_CHECKING:
    from diagnostics.causes.cause import CauseSpec

EXAMPLE: Final = "Example: alb502 causes sg-ingress-missing"
MAX_SHOWN: Final = 60


def causes(
    code: Annotated[
        str | None, typer.Argument(metavar="CODE", help="One cause, such as sg-ingress-missing; without it, all.")
    ] = None,
    as_json: options.AsJson = False,
) -> None:
    """Show what can be found: what each cause means, how it is recognised, how it is fixed."""
    from diagnostics.causes import catalogue

    specs = catalogue()
    if code is not None and code not in specs:
        wanted = code.lower()
        near = difflib.get_close_matches(wanted, specs, n=1) or [known for known in specs if wanted and wanted in known]
        hint = f"the nearest is {near[0]}" if near else "`alb502 causes` lists all"
        raise CommandError(f"no cause has the code {printable.line(code, MAX_SHOWN)!r}; {hint}", status=BAD_USAGE)
    if as_json:
        chosen = described(specs[code]) if code else [described(spec) for spec in specs.values()]
        output.write(json.dumps(chosen, indent=2, ensure_ascii=False))
        return
    from bot.cli.drawing import catalogue as drawing

    output.draw(*(drawing.described(specs[code]) if code else drawing.listed(specs)))


def described(spec: CauseSpec) -> dict[str, Any]:
    """The metadata of a cause for programs."""
    from diagnostics.causes.advice import advice_of
    from remediations.catalogue import fixes_for

    return {
        "code": spec.code,
        "family": spec.family,
        "title": spec.title,
        "description": inspect.cleandoc(spec.description),
        "needs": [kind.name for kind in spec.needs],
        "uses": [kind.name for kind in spec.uses],
        "advice": list(advice_of(spec)),
        "fixes": [fix.id for fix in fixes_for(spec.code)],
        "replaces": sorted(spec.replaces),
        "leads_to": sorted(spec.leads_to),
        "helped_by": sorted(spec.helped_by),
        "docs": list(spec.docs),
    }
