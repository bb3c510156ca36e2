"""`alb502 fix`: one fix of a report, under the caller's own AWS identity. Shows the plan, asks, does it, watches."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Final

import typer

from bot.cli import configured, replay
from bot.cli.exits import BAD_USAGE, NO_REPORT, NOT_WELL, OK, CommandError
from bot.cli.output import draw, note, write
from bot.cli.stored import REPORT_ID, connected, report_in
from diagnostics import printable

if TYPE_CHECKING:
    from redis import Redis

    from bot.fixing_by_hand import ByHand
    from bot.settings import Settings
    from diagnostics.report import Report
    from remediations.audit import Record
    from remediations.desk import Wanted
    from remediations.execute import Execution

EXAMPLE: Final = "Example: alb502 fix incident.json health-check-path --dry-run"
pause: Callable[[float], object] = time.sleep
MAX_SHOWN: Final = 80
MAX_EDIT: Final = 2_000
MAX_LISTED: Final = 12
NO_AUDIT: Final = "not in the audit: no store of the bot can be reached from here"


def fix(
    report: Annotated[
        str, typer.Argument(metavar="REPORT", help="A report's id, or a file from `alb502 diagnose --save`.")
    ],
    remediation: Annotated[
        str, typer.Argument(metavar="FIX", help="Which of its fixes, by the id that the report shows.")
    ],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what it would change; change nothing.")] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="Do not ask; a fix of high risk is asked about all the same.")
    ] = False,
) -> None:
    """Make one change that a report offers, with your own AWS identity: plan, question, change, watch, undo."""
    settings = configured.settings()
    with _store(settings) as redis:
        wanted = _wanted(settings, redis, report, remediation)
        hand = _by_hand(settings, redis, wanted, dry_run=dry_run)
        _show_plan(hand)
        _check(hand)
        if dry_run:
            write("Nothing was changed: --dry-run.")
            raise typer.Exit(OK)
        if redis is None:
            note(NO_AUDIT)
        if not _agreed(hand, yes=yes):
            raise CommandError("nothing was changed: it was not approved", status=NOT_WELL)
        _do(hand)


@contextmanager
def _store(settings: Settings) -> Iterator[Redis | None]:
    """The bot's store where there is one; a saved diagnosis needs none."""
    from redis.exceptions import RedisError

    from bot.store.connection import StoreError

    try:
        client = connected(settings)
        client.ping()
    except (StoreError, RedisError):
        yield None
        return
    try:
        yield client
    finally:
        client.close()


def _wanted(settings: Settings, redis: Redis | None, report: str, offer: str) -> Wanted:
    found, wanted = (
        _kept(settings, redis, report, offer) if REPORT_ID.fullmatch(report) else _saved(settings, report, offer)
    )
    remediations = [one for cause in (*found.causes, *found.risks) for one in cause.remediations]
    if wanted is None or offer not in {one.id for one in remediations}:
        ids = ", ".join(one.id for one in remediations[:MAX_LISTED]) or "none"
        shown = printable.line(offer, MAX_SHOWN)
        raise CommandError(f"FIX {shown!r}: this report offers {ids}", status=BAD_USAGE)
    return wanted


def _kept(settings: Settings, redis: Redis | None, report_id: str, offer: str) -> tuple[Report, Wanted | None]:
    from bot.store.plans import Offers

    if redis is None:
        said = f"{report_id}: the store of the bot does not answer; set REDIS_URL, or give a file from diagnose --save"
        raise CommandError(said, status=NO_REPORT)
    days = settings.limits.reports_days
    found = report_in(redis, report_id, days)
    return found, Offers(redis, days).wanted(found, offer)


def _saved(settings: Settings, file: str, offer: str) -> tuple[Report, Wanted | None]:
    from bot.remediating import Remedied, remedied
    from diagnostics.engine import diagnose
    from diagnostics.question import Diagnosed
    from remediations.desk import Wanted

    snapshot = replay.load(file)
    note(f"from a file of {snapshot.taken_at:%Y-%m-%d %H:%M} UTC: who wrote it chose what is proposed; read it")
    diagnosed = remedied(Diagnosed(report=diagnose(snapshot), snapshot=snapshot), settings)
    plan = diagnosed.plans.get(offer) if isinstance(diagnosed, Remedied) else None
    if plan is None or not isinstance(diagnosed, Remedied):
        return diagnosed.report, None
    report = diagnosed.report
    return report, Wanted(report=report.id, offer=offer, plan=plan, target=report.target, reach=diagnosed.reach)


def _by_hand(settings: Settings, redis: Redis | None, wanted: Wanted, *, dry_run: bool) -> ByHand:
    from bot.diagnosing import access_of
    from bot.fixing_by_hand import ByHand, NotCallerError, caller_of
    from bot.remediating import policy_of

    target = wanted.target
    try:
        caller = caller_of(target.account, target.region)
    except NotCallerError as error:
        raise CommandError(str(error), status=NO_REPORT) from None
    made = ByHand(wanted, access_of(settings), policy_of(settings), caller, _noting(redis))
    refused = made.refusal()
    if refused is not None and not dry_run:
        raise CommandError(f"{wanted.offer} is not carried out: {refused}", status=NOT_WELL)
    if refused is not None:
        note(f"It would not be carried out: {refused}.")
    return made


def _noting(redis: Redis | None) -> Callable[[Record], None]:
    """A store that goes away meanwhile keeps nobody from hearing what was changed, and from undoing it."""
    if redis is None:
        return lambda _: None
    from redis.exceptions import RedisError

    from bot.store.audit import StoredAudit

    stored = StoredAudit(redis)

    def append(record: Record) -> None:
        try:
            stored.append(record)
        except RedisError as error:
            note(f"not in the audit: {record.event}; the store of the bot does not answer ({type(error).__name__})")

    return append


def _show_plan(hand: ByHand) -> None:
    """Drawn from the plan that is carried out, not from what the report once said of it."""
    from bot.cli.drawing.fixes import drawn_fix
    from remediations.commands import edits_of
    from remediations.offers import described

    wanted = hand.wanted
    draw(*drawn_fix(described(wanted.offer, hand.plan, hand.permission(), wanted.target.region)))
    for of, writes in (("", hand.plan.writes), ("undo: ", hand.plan.undo.writes)):
        for edit in edits_of(writes):
            write(f"  {of}{printable.line(edit, MAX_EDIT)}")
    write(f"  as {hand.caller.id}, in {hand.wanted.target.region}")


def _check(hand: ByHand) -> None:
    """Whether what the plan is based on is still so. Raises `CommandError` where it is not."""
    changed = [seen.told for seen in hand.look() if not seen.holds]
    if changed:
        raise CommandError(f"nothing was changed: {changed[0]}; diagnose again", status=NOT_WELL)
    write("  looked at just now: all that it is based on is still so")


def _agreed(hand: ByHand, *, yes: bool) -> bool:
    is_high = hand.plan.risk == "high"
    if yes and not is_high:
        return True
    if not sys.stdin.isatty() and not is_high:
        raise CommandError("nobody can be asked here: add --yes, or run it in a terminal", status=NOT_WELL)
    target = hand.wanted.target
    word = (target.service or target.function or target.label.strip() or hand.plan.resource) if is_high else "yes"
    return _asked(f"Type {printable.line(word, MAX_SHOWN)} to change this: ").strip() == word


def _asked(question: str) -> str:
    try:
        return input(question)
    except EOFError:
        return ""


def _do(hand: ByHand) -> None:
    execution = hand.carry_out()
    if execution.status == "refused":
        raise CommandError(f"nothing was changed: {execution.text}", status=NOT_WELL)
    if execution.status != "done":
        _offer_undo(hand, execution)
        raise CommandError(f"{execution.status}: {execution.text}", status=NOT_WELL)
    write("Done. Watching whether it works; Ctrl-C stops watching and changes nothing.")
    worked = _watched(hand)
    _offer_undo(hand, execution)
    if not worked:
        raise CommandError("it was done and has not worked so far; diagnose again", status=NOT_WELL)


def _watched(hand: ByHand) -> bool:
    from remediations.watch import next_look_s

    since = hand.clock()
    for progress in hand.watch(since):
        took_s = (progress.at - since).total_seconds()
        if progress.complete:
            write(f"Worked: {hand.plan.success.text}, after {took_s:.0f} s.")
            return True
        if progress.failing is not None:
            write(f"It did not work: {progress.failing}.")
            return False
        note(f"{took_s:.0f} s: waiting until {', and '.join(progress.missing)}")
        pause(next_look_s(hand.plan))
    return False


def _offer_undo(hand: ByHand, execution: Execution) -> None:
    """Asks only a person; who keeps it, and a script, get the commands with the ids that AWS gave."""
    from remediations.commands import lines_of

    undo, back = hand.plan.undo, hand.way_back(execution)
    if back is None:
        begun = execution.done or any(step.state == "lost" for step in execution.steps)
        write(f"Undo: {undo.text}." if begun else "Nothing was done, so there is nothing to undo.")
        return
    question = f"Undo it ({undo.text})? Type undo to take it back, Enter to keep it: "
    if not sys.stdin.isatty() or _asked(question).strip() != "undo":
        write("\n".join((f"Undo ({undo.kind}): {undo.text}", *lines_of(back.writes, hand.wanted.target.region))))
        return
    taken = hand.undo(execution)
    if taken is None or taken[1].status != "done":
        text = taken[1].text if taken else "there is no undo"
        raise CommandError(f"not undone: {text}", status=NOT_WELL)
    write("Undone.")
