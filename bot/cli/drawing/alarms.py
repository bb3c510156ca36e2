"""Which recommended alarms there are, at a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from bot.cli.alarms_answer import AlarmsAnswer, AlarmStanding, Creation
from bot.cli.drawing.page import Fitting, indented, joined, lines, said, statement, titled
from diagnostics.printable import counted, first_few
from diagnostics.rules.recommended_alarms import Status
from diagnostics.snapshot import Subject

MAX_NAME: Final = 80
MAX_NAMES: Final = 3
WIDE: Final = 80
"""Columns below which the table would be cut."""
STYLES: Final[dict[Status, str]] = {"exists": "green", "wrong-metric": "yellow", "missing": "red"}
WORDS: Final[dict[Status, str]] = {"exists": "exists", "wrong-metric": "wrong metric", "missing": "missing"}


def drawn(subject: Subject, answer: AlarmsAnswer) -> tuple[RenderableType, ...]:
    there = sum(one.status == "exists" for one in answer.alarms)
    return (
        said(f"{subject.label} · {there} of {counted(len(answer.alarms), 'recommended alarm')} in place", "bold"),
        indented(joined((subject.account, subject.region), "dim")),
        Text(),
        indented(_table(answer.alarms)),
        *_notes(answer),
        *(_creation(answer.fix) if answer.fix else ()),
    )


def _table(alarms: tuple[AlarmStanding, ...]) -> Fitting:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("Metric", no_wrap=True)
    table.add_column("Goes off at", no_wrap=True)
    table.add_column("On", overflow="fold")
    table.add_column("", no_wrap=True)
    table.add_column("Alarm", overflow="fold")
    below: list[tuple[Text, Text]] = []
    for one in alarms:
        minutes = f"{one.statistic} >= {one.threshold:g}, {one.periods} min"
        watched = "TargetGroup" if "TargetGroup" in one.dimensions else "LoadBalancer"
        names = [f"{alarm.name[:MAX_NAME]} ({alarm.state})" for alarm in one.alarms]
        on, status = one.dimensions[watched].split("/")[-2], said(WORDS[one.status], STYLES[one.status])
        table.add_row(said(one.metric), said(minutes), said(on), status, said(first_few(names, MAX_NAMES)))
        told = said(f"{one.metric} on {on}, {minutes}:").append(" ").append_text(status)
        if names:
            told.append(": ").append_text(said(first_few(names, MAX_NAMES)))
        below.append((Text("•"), told))
    return Fitting(table, lines(below), WIDE)


def _notes(answer: AlarmsAnswer) -> Iterator[RenderableType]:
    for one in answer.alarms:
        if one.note and one.alarms:
            yield indented(said(f"{one.alarms[0].name[:MAX_NAME]}: {one.note}", "yellow"))
    for name in answer.taken:
        yield indented(said(f"{name}: an alarm of this name watches something else; it is left alone", "yellow"))
    if not answer.complete:
        text = "the account has more alarms than were looked through; those on these very metrics were found"
        yield indented(said(text, "dim"))


def _creation(fix: Creation) -> Iterator[RenderableType]:
    told = f"they tell {fix.topic}" if fix.topic else "they tell nobody: set remediations.alarm_topic in the settings"
    yield from titled(f"Create the {counted(len(fix.alarms), 'alarm')} ({fix.id})", said(told, "dim"))
    for line in fix.aws_cli:
        yield statement(line)
