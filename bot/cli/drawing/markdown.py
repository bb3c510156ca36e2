"""The report as Markdown, to begin a post-mortem with. Lists only: a table cell cannot hold a `|` in code."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Final

from diagnostics import printable
from diagnostics.by_hand import blanks
from diagnostics.commands import split_command, when_to_run
from diagnostics.digest import (
    count,
    digest,
    error_in_words,
    event_in_words,
    judged_without,
    left_open,
    observed,
    records,
    sentence,
)
from diagnostics.fix_wording import change_in_words, fixes, fixes_of_risks, risk_in_words, undo_in_words
from diagnostics.picture import picture, text_lines
from diagnostics.printable import counted
from diagnostics.report import Cause, EvidenceItem, Remediation, Report, TimelineEntry

MAX_NOTES: Final = 5
MAX_COLUMNS: Final = 60
MAX_SENTENCE: Final = 1_000
MAX_STATEMENT: Final = 4_000

_MARKED: Final = re.compile(r"[\\*_{}\[\]<>#|!~@&$]|://|www\.|:(?!\d\d:\d|\d\d\b)[\w+-]+:")
_BEGINS_A_LIST: Final = re.compile(r"(?:[+\-=]+|\d+[.)])\Z")
_AROUND: Final = re.compile(r"(?P<open>[(\"']*)(?P<core>.*?)(?P<close>[)\"',.;!?]*)\Z", re.DOTALL)


def post_mortem(report: Report) -> str:
    """The whole report. Words that Markdown would format, link or mention stand in code."""
    parts = (
        _title(report),
        _cause(report),
        _picture(report),
        _fixes("Fixes", list(fixes(report))),
        _others(report),
        _section("What changed just before", map(_event, digest(report).changes)),
        _causes("Risks without an effect so far", report.risks),
        _fixes("Fixes for risks", list(fixes_of_risks(report))),
        _section("Timeline (UTC)", map(_event, report.timeline)),
        _checks(report),
        _section("Not read", _gaps(report)),
        _figures(report),
    )
    return "\n".join(line for part in parts for line in part).rstrip() + "\n"


def words(text: str) -> str:
    line = printable.line(text, MAX_SENTENCE).replace("`", "'")
    first, *rest = line.split(" ")
    return " ".join((_in_code(first) if _BEGINS_A_LIST.match(first) else _word(first), *map(_word, rest)))


def code(name: str) -> str:
    shown = printable.line(name, MAX_SENTENCE).replace("`", "'")
    return f"`{shown}`" if shown else "(no name)"


def _word(word: str) -> str:
    return _in_code(word) if _MARKED.search(word) else word


def _in_code(word: str) -> str:
    """In code but for what stands around it; a colon at the end belongs to the sentence unless one begins the word."""
    colons = "" if word.lstrip("([\"'").startswith(":") else ":" * (len(word) - len(word.rstrip(":")))
    word = word.removesuffix(colons)
    parts = _AROUND.match(word)
    if parts is None or not parts["core"]:
        return f"`{word}`{colons}"
    return f"{parts['open']}`{parts['core']}`{parts['close']}{colons}"


def _title(report: Report) -> Iterator[str]:
    target, window = report.target, report.window
    yield f"# {words(report.headline)}"
    yield ""
    account = f"{words(target.account_name)} ({code(target.account)})" if target.account_name else code(target.account)
    yield f"- Target: {target.kind} {code('/'.join(filter(None, (target.cluster, target.label))))}"
    yield f"- Account and region: {account}, {code(target.region)}"
    yield f"- Looked at: {_time(window.start)} to {_time(window.end)}"
    if report.symptom.onset:
        yield f"- Began: {_time(report.symptom.onset)}"
    if report.symptom.last_seen:
        yield f"- Last seen: {_time(report.symptom.last_seen)}"
    yield f"- Observed: {words(observed(report))}"
    yield f"- Verdict: {report.verdict.replace('_', ' ')}"
    if target.runbook:
        yield f"- Runbook: {code(target.runbook)}"
    for note in target.notes[:MAX_NOTES]:
        yield f"- Note: {words(note)}"
    yield ""


def _cause(report: Report) -> Iterator[str]:
    if not report.causes:
        return
    first = report.causes[0]
    yield "## Cause"
    yield ""
    yield from _one(first)
    if first.advice:
        yield f"What to do: {words(first.advice)}"
        yield ""
        if first.advice_commands and (later := when_to_run(first.advice)):
            yield from (later, "")
        yield from _commands(first.advice_commands)


def _section(title: str, body: Iterable[str]) -> Iterator[str]:
    """Nothing where the body is empty."""
    lines = [*body]
    if lines:
        yield from (f"## {title}", "", *lines, "")


def _picture(report: Report) -> Iterator[str]:
    shown = picture(report, MAX_COLUMNS)
    return _section("Errors over time", [f"    {line}" for line in text_lines(shown)] if shown else [])


def _commands(commands: Sequence[str]) -> Iterator[str]:
    """To copy whole; indented, because a fence could be closed by what stands in it."""
    if commands:
        yield from (f"    {printable.line(command, MAX_STATEMENT)}" for command in commands)
        yield ""


def _one(cause: Cause) -> Iterator[str]:
    yield f"**{words(sentence(cause.summary))}** ({cause.band}, {cause.role}, {code(cause.code)})"
    yield ""
    yield from (_record(item) for item in records(cause.evidence))
    yield from (f"{_record(item)} (speaks against it)" for item in records(cause.against))
    if cause.overturned_by:
        text, command = split_command(cause.overturned_by)
        yield f"- What would overturn it: {words(text)}" + (f": {code(command)}" if command else "")
    yield from (f"- See {code(url)}" for url in cause.docs)
    yield ""


def _record(item: EvidenceItem) -> str:
    when = f"{_time(item.at)}: " if item.at else ""
    return f"- {when}{words(item.text)} ({code(item.source)})"


def _others(report: Report) -> Iterator[str]:
    told = digest(report)
    yield from _causes("Also", told.also)
    yield from _causes("What made it worse", told.contributing)
    yield from _causes("What followed from it", told.consequences)
    yield from _causes("Other possible causes", told.rivals)


def _causes(title: str, causes: Sequence[Cause]) -> Iterator[str]:
    if causes:
        yield f"## {title}"
        yield ""
        for cause in causes:
            yield from _one(cause)


def _fixes(title: str, found: Sequence[tuple[Cause, Remediation]]) -> Iterator[str]:
    if found:
        yield f"## {title}"
        yield ""
        for cause, fix in found:
            yield f"**{words(fix.title)}** ({risk_in_words(fix)}, {code(fix.id)}, for {code(cause.code)})"
            yield ""
            yield from (f"- {words(line)}" for line in _about(fix))
            yield ""
            yield "By hand:"  # a paragraph ends the list, whose continuation the commands would be
            yield ""
            yield from _commands(fix.aws_cli)
            yield from _blanks(blanks(fix.aws_cli))
            yield words(undo_in_words(fix.undo))
            yield ""
            yield from _commands(fix.undo.aws_cli)
            yield from _blanks(blanks(fix.undo.aws_cli, back=True))


def _blanks(found: Iterable[str]) -> Iterator[str]:
    for blank in found:
        name, colon, what = blank.partition(": ")
        yield f"Fill in {code(name)}: {words(what)}." if colon else f"Fill in {words(blank)}."
        yield ""


def _about(fix: Remediation) -> Iterator[str]:
    yield from map(change_in_words, fix.changes)
    if fix.touches:
        yield f"touches: {fix.touches}"
    yield from (f"mind: {warning}" for warning in fix.warnings)
    if fix.why_not:
        yield f"not offered for approval: {fix.why_not}"


def _event(entry: TimelineEntry) -> str:
    by = f", by {code(entry.actor)}" if entry.actor else ""
    return f"- {_time(entry.at)}: {words(event_in_words(entry))}{by} ({code(entry.source)})"


def _checks(report: Report) -> Iterator[str]:
    if not report.checks:
        return
    yield "## Checks"
    yield ""
    yield f"{counted(count(report, 'clear'), 'check')} clear."
    yield ""
    open_ones = [check for check in report.checks if check.status == "unknown"]
    yield from (f"- {code(check.code)} could not be decided: {words(check.reason)}" for check in open_ones)
    if open_ones:
        yield ""


def _gaps(report: Report) -> Iterator[str]:
    for gap in report.gaps:
        codes = left_open(gap, report)
        opened = f"leaves open {', '.join(map(code, codes))}" if codes else ""
        parts = (words(error_in_words(gap.error)), opened, judged_without(gap, report))
        yield f"- {code(gap.action)} on {code(gap.resource)}: {'; '.join(part for part in parts if part)}"
        if gap.fix:
            statement = printable.line(gap.fix, MAX_STATEMENT)
            yield f"  - to read it: {code(statement) if statement.startswith('{') else words(statement)}"


def _figures(report: Report) -> Iterator[str]:
    stats = report.stats
    yield "---"
    yield ""
    yield (
        f"Report {code(report.id)}, made {_time(report.made_at)} with {counted(stats.aws_calls, 'AWS call')} "
        f"in {stats.seconds:.1f} s."
    )
    if stats.log_notes:
        yield ""
        yield from (f"- {words(note)}" for note in stats.log_notes[:MAX_NOTES])


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"
