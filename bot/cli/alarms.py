"""`alb502 alarms`: which recommended alarms a target has, and how to create the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.cli import asking, configured, diagnose, exits, options, output, progress
from bot.cli.exits import CommandError

if TYPE_CHECKING:
    from bot.settings import Settings
    from diagnostics.question import Question
    from diagnostics.snapshot import Snapshot

EXAMPLE: Final = "Example: alb502 alarms prod/checkout"


def alarms(
    target: options.Target,
    account: options.Account = None,
    region: options.Region = None,
    as_json: options.AsJson = False,
) -> None:
    """Show which recommended alarms exist, are missing or watch the wrong metric. Reads only."""
    question = asking.question(target, now=diagnose.the_time(), account=account, region=region)
    settings = configured.settings()
    from bot.remediating import preferences_of

    show(_read(settings, question), preferences_of(settings).alarm_topic, as_json=as_json)


def show(snapshot: Snapshot, topic: str | None, *, as_json: bool) -> None:
    """The answer on stdout. Raises `CommandError` when alarms could not be read, with the reason and what to do."""
    from bot.cli.alarms_answer import AlarmsAnswer, standings_of
    from diagnostics.aws_access import explain
    from diagnostics.facts import Gap

    found = standings_of(snapshot)
    if isinstance(found, Gap):
        raise CommandError(explain(found), status=exits.NO_REPORT)
    if not found:
        text = f"there is nothing to watch: {snapshot.subject.label} has no application load balancer"
        raise CommandError(text, status=exits.NO_REPORT)
    answer = AlarmsAnswer.of(snapshot, found, topic)
    if as_json:
        output.write(answer.to_json())
        return
    from bot.cli.drawing.alarms import drawn

    output.draw(*drawn(snapshot.subject, answer))


def _read(settings: Settings, question: Question) -> Snapshot:
    from bot.diagnosing import diagnoser
    from diagnostics.facts import Alarms, LoadBalancerAttributes, LoadBalancers, TargetGroups
    from diagnostics.question import Ambiguous, Refused, Unknown

    wanted = (Alarms, LoadBalancers, TargetGroups, LoadBalancerAttributes)
    with progress.line_on_stderr() as listener:
        found = diagnoser(settings).facts(question, wanted, listener)
    if isinstance(found, Ambiguous | Unknown | Refused):
        raise diagnose.no_report(found)
    return found
