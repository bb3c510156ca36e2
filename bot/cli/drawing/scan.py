"""A scan at a terminal: what is broken, each with its cause, then what is at risk, then the rest by name."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterator
from typing import Final

from rich.console import RenderableType
from rich.text import Text

from bot.cli.drawing.page import Line, indented, joined, lines, said, showing, statement, titled
from bot.cli.output import called_as
from diagnostics.digest import READ_IN_PART, error_in_words, sentence
from diagnostics.printable import counted, first_few, part_of
from diagnostics.scan.answer import Scan
from diagnostics.scan.rows import ScannedCause, ScannedService, State

MAX_ROWS: Final = 40
MAX_NAMES: Final = 60
MAX_LINES: Final = 10
MAX_PLACES: Final = 4

COLOURS: Final[dict[State, str]] = {
    "broken": "bold red",
    "degraded": "bold yellow",
    "unclear": "bold yellow",
    "over": "yellow",
    "unread": "bold",
    "at_risk": "yellow",
    "well": "green",
}
WORDS: Final[dict[State, str]] = {
    "broken": "broken",
    "degraded": "deployment fails",
    "unclear": "unclear",
    "over": "over",
    "unread": "not read",
    "at_risk": "at risk",
    "well": "well",
}
_SYMPTOMS: Final = {
    "errors": "errors",
    "capacity": "targets do not serve",
    "deployment": "deployment fails",
    "none": "",
}


def drawn(scan: Scan) -> tuple[RenderableType, ...]:
    several = len({(row.account, row.region) for row in scan.services}) > 1
    return (
        *_head(scan),
        *_failing(scan, several=several),
        *_short(scan, "over", "Over", several=several),
        *_unread(scan, several=several),
        *_short(scan, "at_risk", "At risk, no harm seen yet", several=several),
        *_well(scan, several=several),
        *_judged_without(scan),
        *_unscanned(scan),
        *_footer(scan),
    )


def _head(scan: Scan) -> Iterator[RenderableType]:
    counts = Counter(row.state for row in scan.services)
    worst = scan.services[0].state if scan.services else "well"
    told = [f"{counts[state]} {words}" for state, words in WORDS.items() if counts[state]]
    head = said(f"{counted(len(scan.services), 'load-balanced service')}: {', '.join(told)}", "bold")
    yield lines([(Text("●", style=COLOURS[worst]), head if told else said("no load-balanced service found", "bold"))])
    hours = f"{scan.window.start:%H:%M} to {scan.window.end:%H:%M} UTC"
    places = [f"{place.account_name or place.account} {place.region}" for place in scan.places]
    yield indented(joined((first_few(places, MAX_PLACES), hours), "dim"))


def _failing(scan: Scan, *, several: bool) -> Iterator[RenderableType]:
    rows = [row for row in scan.services if row.is_failing]
    for row in rows[:MAX_ROWS]:
        yield Text()
        yield lines(_row(row, several=several))
    yield from map(indented, showing(MAX_ROWS, len(rows)))
    if rows:
        yield from titled("Look closer", statement(command(rows[0])))


def _row(row: ScannedService, *, several: bool) -> Iterator[tuple[Text, RenderableType]]:
    """State and name; what is seen since when; the first cause with how sure it is; risks counted."""
    name = Text(overflow="fold").append(said(_name(row, several=several), "bold"))
    yield Text("●", style=COLOURS[row.state]), name.append(f"  {WORDS[row.state]}", style=COLOURS[row.state])
    yield Text(), joined(_seen(row))
    if row.causes:
        yield Text(), _cause(row.causes[0])
    elif row.looked == "full":
        yield Text(), said("its cause cannot be told from what was read", "yellow")
    if row.looked == "first":
        yield Text(), said("seen at a first look and not looked into: worse ones came first", "dim")
    if row.risks:
        yield Text(), said(f"{counted(len(row.risks), 'risk')} beside it", "dim")
    if row.runbook:
        yield Text(), said(f"runbook {row.runbook}", "dim")


def _seen(row: ScannedService) -> Iterator[str]:
    """``504 from the load balancer since 03:12 UTC``, ``256 a minute``, ``8 of 8 targets not serving``"""
    yield row.headline.partition(" · ")[2]
    if row.errors_per_minute:
        yield f"{row.errors_per_minute:,.0f} a minute" if row.errors_per_minute >= 1 else "less than one a minute"
    if row.targets and row.targets_not_serving:
        yield f"{part_of(row.targets_not_serving, row.targets, 'target')} not serving"


def _cause(cause: ScannedCause, *, with_band: bool = True) -> Text:
    text = said(sentence(cause.summary))
    band = f"{cause.band}, " if with_band else ""
    return text.append(f"  {band}{said(cause.code)}", style="dim")


def _short(scan: Scan, state: State, title: str, *, several: bool) -> Iterator[RenderableType]:
    rows = [row for row in scan.services if row.state == state]
    if rows:
        yield from titled(title, lines(_one_line(row, several=several) for row in rows[:MAX_ROWS]))
        yield from map(indented, showing(MAX_ROWS, len(rows)))


def _one_line(row: ScannedService, *, several: bool) -> Line:
    text = Text(overflow="fold").append(said(_name(row, several=several), "bold"))
    if row.state == "over":
        text.append("  ").append(said(row.headline.partition(" · ")[2]))
        return Text("●", style=COLOURS[row.state]), text
    for risk in row.risks[:1]:
        text.append("  ").append(_cause(risk, with_band=False))
    if len(row.risks) > 1:
        text.append(f"; {len(row.risks) - 1} more", style="dim")
    return Text("●", style=COLOURS[row.state]), text


def _unread(scan: Scan, *, several: bool) -> Iterator[RenderableType]:
    """The reason once, with all whose check it hides."""
    reasons: dict[str, list[str]] = {}
    for row in scan.services:
        for reason in row.unread[:1] if row.state == "unread" else ():
            reasons.setdefault(reason, []).append(_name(row, several=several))
    for name in scan.not_looked_at:
        reasons.setdefault("The time was up before it was their turn.", []).append(name)
    if reasons:
        told = (said(f"{first_few(names, MAX_NAMES)}: {reason}") for reason, names in list(reasons.items())[:MAX_LINES])
        yield from titled("Not read, so not known", lines((Text("●", style=COLOURS["unread"]), one) for one in told))


def _well(scan: Scan, *, several: bool) -> Iterator[RenderableType]:
    names = [_name(row, several=several) for row in scan.services if row.state == "well"]
    if names:
        yield from titled("Nothing found at a first look", said(first_few(names, MAX_NAMES), "dim", 4_000))


def _judged_without(scan: Scan) -> Iterator[RenderableType]:
    """Calls that failed or were not read to the end, with the number of services that were judged so."""
    counts = Counter(gap for row in scan.services if row.state != "unread" for gap in row.judged_without)
    without: list[str] = []
    by_a_part: list[str] = []
    for gap, number in counts.most_common():
        action, _, error = gap.rpartition(": ")
        told = by_a_part if error in READ_IN_PART else without
        told.append(f"{action}: {error_in_words(error)} ({counted(number, 'service')})")
    for title, told in (("Judged without", without), ("Judged by what was read of it", by_a_part)):
        if told:
            yield from titled(title, lines((Text("•"), said(one)) for one in told[:MAX_LINES]))
            yield from map(indented, showing(MAX_LINES, len(told)))


def _unscanned(scan: Scan) -> Iterator[RenderableType]:
    told = list(dict.fromkeys([*(one.line for one in scan.unscanned), *scan.left_out]))
    if told:
        yield from titled("Not searched, or left out", lines((Text("•"), said(one)) for one in told[:MAX_LINES]))
        yield from map(indented, showing(MAX_LINES, len(told)))


def _footer(scan: Scan) -> Iterator[RenderableType]:
    stats = scan.stats
    looked = counted(stats.full_looks, "service") + " looked into" if stats.full_looks else ""
    yield Text()
    yield joined((f"{stats.seconds:.1f} s", counted(stats.aws_calls, "AWS call"), looked), "dim")


def command(row: ScannedService) -> str:
    """What to type for everything about this service."""
    account, region = shlex.quote(row.account_name or row.account), shlex.quote(row.region)
    return f"{called_as()} diagnose {shlex.quote(row.words)} --account {account} --region {region}"


def _name(row: ScannedService, *, several: bool) -> str:
    kind = "" if row.kind == "ecs-service" else f" ({row.kind.replace('-', ' ')})"
    place = f" in {row.account_name or row.account} {row.region}" if several else ""
    return f"{row.name}{kind}{place}"
