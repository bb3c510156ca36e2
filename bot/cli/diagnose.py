"""`alb502 diagnose`: a name in, the cause out."""

from __future__ import annotations

import os
import shlex
import tempfile
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from bot.cli import asking, configured, exits, formats, options, output, progress
from bot.cli.exits import CommandError
from bot.cli.watching import watch
from diagnostics import printable

if TYPE_CHECKING:
    from bot.settings import Settings
    from diagnostics.collect.own_records import OwnRecords
    from diagnostics.question import (
        Ambiguous,
        Diagnosed,
        Outcome,
        ProgressListener,
        Question,
        Refused,
        Unknown,
    )

EXAMPLE: Final = "Example: alb502 diagnose prod/checkout --since 2h --seen 502"
MAX_PATH: Final = 120


def diagnose(
    target: Annotated[
        str,
        typer.Argument(
            metavar="TARGET",
            help="ECS service, load balancer, target group, Lambda function, URL or alarm: name or ARN.",
        ),
    ],
    account: options.Account = None,
    region: options.Region = None,
    since: options.Since = None,
    start: options.Start = None,
    end: options.End = None,
    seen: Annotated[
        str | None, typer.Option("--seen", metavar="CODE", help="The error code that users report, such as 502.")
    ] = None,
    as_json: options.AsJson = False,
    form: options.Form = None,
    save: Annotated[
        Path | None, typer.Option("--save", metavar="FILE", help="Keep what was read in this file, for replay.")
    ] = None,
    no_logs: Annotated[bool, typer.Option("--no-logs", help="Do not read access logs.")] = False,
    refresh: Annotated[bool, typer.Option("--refresh", help="Read everything anew.")] = False,
    watching: Annotated[bool, typer.Option("--watch", help="Diagnose again until Ctrl-C; tell what changes.")] = False,
) -> None:
    """Say why TARGET answers 502, 503 or 504. Reads only; nothing in AWS is changed."""
    shape = formats.chosen(form, as_json)
    _can_be_saved(save)

    def question(*, refresh: bool) -> Question:
        return asking.question(
            target,
            now=the_time(),
            account=account,
            region=region,
            since=since,
            start=start,
            end=end,
            seen=seen,
            logs=not no_logs,
            refresh=refresh,
        )

    first = question(refresh=refresh)
    ask = _asker(asks_again=watching)
    found = diagnosed(ask, first)
    formats.show(found.report, shape)
    if save is not None:
        _save(found, save)
    if watching:
        watch(
            found.report,
            lambda: diagnosed(ask, question(refresh=True)).report,
            lambda report: formats.show(report, shape),
            threading.Event().wait,
        )


def diagnosed(ask: Callable[[Question, ProgressListener], Outcome], question: Question) -> Diagnosed:
    """Asks with progress on stderr. Raises `CommandError` when there is no report."""
    from diagnostics.question import Diagnosed

    with progress.line_on_stderr() as listener:
        outcome = ask(question, listener)
    if isinstance(outcome, Diagnosed):
        return outcome
    raise no_report(outcome)


def no_report(outcome: Ambiguous | Unknown | Refused) -> CommandError:
    """Why there is no answer, as the error that ends the command."""
    from bot.cli.drawing import answers
    from diagnostics.question import Ambiguous, Unknown

    if isinstance(outcome, Ambiguous):
        return CommandError(*answers.ambiguous(outcome), status=exits.BAD_USAGE)
    if isinstance(outcome, Unknown):
        return CommandError(*answers.unknown(outcome), status=exits.BAD_USAGE)
    status = exits.BAD_USAGE if outcome.bad_request else exits.NO_REPORT
    return CommandError(*answers.refused(outcome), status=status)


def _asker(*, asks_again: bool) -> Callable[[Question, ProgressListener], Outcome]:
    settings = configured.settings()
    from bot.diagnosing import diagnoser

    return diagnoser(settings, own=own_records(settings), asks_again=asks_again)


def own_records(settings: Settings) -> OwnRecords | None:
    """What the bot changed itself, where its store is known here."""
    if settings.redis_url is None:
        return None
    from bot.own_changes import AuditedChanges
    from bot.store.audit import StoredAudit
    from bot.store.connection import StoreError, open_client

    try:
        client = open_client(settings.redis_url.get_secret_value())
    except StoreError as error:
        raise CommandError(str(error), status=exits.BAD_USAGE) from None
    return AuditedChanges(StoredAudit(client))


def the_time() -> datetime:
    return datetime.now(UTC)


def _can_be_saved(path: Path | None) -> None:
    """Said before a minute is spent, not after."""
    if path is None:
        return
    try:
        fits = path.absolute().parent.is_dir() and not path.is_dir()
    except OSError:  # such as a name that is too long
        fits = False
    if not fits:
        raise CommandError(f"--save {_shown(path)}: give a file in a directory that exists", status=exits.BAD_USAGE)


def _save(found: Diagnosed, path: Path) -> None:
    """Whole or not at all, and readable by this user only: it describes a network."""
    temporary: str | None = None
    try:
        descriptor, temporary = tempfile.mkstemp(dir=path.absolute().parent, prefix=f".{path.name[:40]}.")
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(found.snapshot.model_dump_json())
        Path(temporary).replace(path)
    except OSError as error:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
        why = (error.strerror or "failed").lower()
        shown = _shown(path)
        raise CommandError(f"--save {shown}: {why}; the report above stands", status=exits.BAD_USAGE) from None
    output.note(f"saved; `{output.called_as()} replay {shlex.quote(str(path))}` diagnoses it again")


def _shown(path: Path) -> str:
    return printable.line(str(path), MAX_PATH)
