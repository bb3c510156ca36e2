"""`alb502 logs`: what the access logs say about a target, as tables or JSON."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Final

import typer

from bot.cli import asking, configured, diagnose, exits, options, output, progress
from bot.cli.exits import CommandError

if TYPE_CHECKING:
    from diagnostics.access_logs.scope import Condition
    from diagnostics.collect.log_options import LogOptions
    from diagnostics.question import Question
    from diagnostics.snapshot import Snapshot

LIST: Final = "list"
EXAMPLE: Final = "Example: alb502 logs prod/checkout --since 3h --where status=502"
ATHENA_OFF: Final = "--athena: Athena is off; set logs.athena.workgroup and logs.athena.database in the settings"


def logs(
    target: options.Target,
    account: options.Account = None,
    region: options.Region = None,
    since: options.Since = None,
    start: options.Start = None,
    end: options.End = None,
    where: Annotated[
        list[str] | None,
        typer.Option(
            "--where",
            metavar="CONDITION",
            help="Only rows such as status=502, target~10.0.1. or rule!=10; all must hold. `list` shows the fields.",
        ),
    ] = None,
    athena: Annotated[bool, typer.Option("--athena", help="Ask Athena, which costs; the price is told.")] = False,
    create_table: Annotated[
        bool, typer.Option("--create-table", help="With --athena: make its table when it is missing.")
    ] = False,
    as_json: options.AsJson = False,
) -> None:
    """Show what the access logs say: who made each error, by target, zone, route and minute. Reads only."""
    if create_table and not athena:
        raise CommandError("--create-table: give it together with --athena", status=exits.BAD_USAGE)
    if where == [LIST]:
        output.write(_fields())
        return
    question = asking.question(
        target, now=diagnose.the_time(), account=account, region=region, since=since, start=start, end=end
    )
    snapshot = _read(question, _conditions(where or []), athena=athena, create_table=create_table)
    show(snapshot, where or [], as_json=as_json)


def show(snapshot: Snapshot, where: list[str], *, as_json: bool) -> None:
    """The answer on stdout. Raises `CommandError` when there are no logs, with the reason and what to do."""
    from diagnostics.aws_access import explain
    from diagnostics.facts import AccessLogs, Gap

    found = snapshot.get(AccessLogs)
    if isinstance(found, Gap):
        raise CommandError(explain(found), status=exits.NO_REPORT)
    if not isinstance(found, AccessLogs):
        raise CommandError(f"there are no access logs: {found.reason}", status=exits.NO_REPORT)
    if as_json:
        from diagnostics.access_logs.answer import LogsAnswer

        output.write(LogsAnswer.of(found, snapshot.subject, snapshot.window).to_json())
        return
    from bot.cli.drawing.logs import drawn

    output.draw(*drawn(snapshot, found, where))


def _read(question: Question, where: tuple[Condition, ...], *, athena: bool, create_table: bool) -> Snapshot:
    settings = configured.settings()
    from bot.diagnosing import diagnoser
    from diagnostics.question import Ambiguous, Refused, Unknown

    def wanted(settled: LogOptions) -> LogOptions:
        if athena and settled.athena is None:
            raise CommandError(ATHENA_OFF, status=exits.BAD_USAGE)
        chosen = replace(settled.athena, create_table=create_table) if settled.athena else None
        return replace(settled, wish="always", where=where, athena=chosen, athena_first=athena)

    with progress.line_on_stderr() as listener:
        found = diagnoser(settings).logs(question, wanted, listener)
    if isinstance(found, Ambiguous | Unknown | Refused):
        raise diagnose.no_report(found)
    return found


def _fields() -> str:
    from diagnostics.access_logs.scope import NAMES

    return "\n".join(sorted(NAMES))


def _conditions(texts: list[str]) -> tuple[Condition, ...]:
    """Every condition of every --where. Raises `CommandError` for one that cannot be understood."""
    from diagnostics.access_logs.scope import WhereError, parse_where

    try:
        return tuple(condition for text in texts for condition in parse_where(text))
    except WhereError as error:
        raise CommandError(f"--where: {error}", status=exits.BAD_USAGE) from None
