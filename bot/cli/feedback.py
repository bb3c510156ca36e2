"""`alb502 feedback`: what people said of answers, and how often each cause was named rightly."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from bot.cli import asking, configured, options
from bot.cli.output import write
from bot.cli.stored import opened
from diagnostics import printable

if TYPE_CHECKING:
    from handlers.feedback import Feedback

EXAMPLE: Final = "Example: alb502 feedback --since 30d --json > feedback.jsonl"
DEFAULT_SINCE: Final = "30d"
MAX_SHOWN: Final = 60
MAX_WORDS: Final = 200
MAX_NAME: Final = 80
MAX_WRONG: Final = 50
MAX_INSTEAD: Final = 3


def feedback(
    since: options.SinceKept = DEFAULT_SINCE,
    as_json: options.JsonLines = False,
) -> None:
    """Print what people said of answers in Slack. Reads REDIS_URL, or the store of the bot on this machine."""
    said = _said(asking.since_when(since, datetime.now(UTC)))
    if as_json:
        for one in said:
            write(one.model_dump_json())
    else:
        _listed(said, since)


def _said(begin: datetime) -> list[Feedback]:
    from bot.store.feedback import StoredFeedback

    settings = configured.settings()
    with opened(settings) as redis:
        return list(StoredFeedback(redis, settings.limits.reports_days).read(begin))


def _listed(said: list[Feedback], since: str) -> None:
    from handlers.feedback import tallies

    if not said:
        write(f"Nobody said anything of an answer in the last {printable.line(since, MAX_SHOWN)}.")
        return
    right = sum(one.verdict == "right" for one in said)
    write(f"{printable.counted(len(said), 'answer')} judged, {right} right ({printable.percent(right / len(said))})")
    write("")
    for tally in tallies(said):
        instead = ", ".join(f"{real} {number}" for real, number in tally.taken_for[:MAX_INSTEAD])
        line = f"{tally.named:<40} right {tally.right:>4}  partly {tally.partly:>4}  wrong {tally.wrong:>4}"
        write(f"{line}{f'  it was: {instead}' if instead else ''}")
    wrong = [one for one in said if one.verdict != "right"]
    if wrong:
        write("")
    for one in reversed(wrong[-MAX_WRONG:]):
        real = one.real or "another cause"
        words = f": {printable.line(one.words, MAX_WORDS)}" if one.words else ""
        write(f"{one.at:%Y-%m-%d %H:%M} UTC  {one.report}  {printable.line(one.target, MAX_NAME)}")
        write(f"    named {one.named or 'none'}, {one.verdict}, it was {real}{words}")
    if len(wrong) > MAX_WRONG:
        write(f"showing {MAX_WRONG} of {len(wrong)}")
