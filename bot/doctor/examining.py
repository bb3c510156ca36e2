"""The whole examination: everything that is to be looked at, at the same time and within a limit."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooSlowError
from contextvars import copy_context
from datetime import UTC, datetime
from typing import Final

from bot.doctor import aws, aws_look, fixes, fixes_look, slack, store
from bot.doctor import settings as settings_checks
from bot.doctor.finding import Area, Examination, Finding, Role
from bot.doctor.slack_reads import SlackReads, TokenReads
from bot.settings import Settings
from diagnostics.facts.fact import Gap

LOOK_S: Final = 60.0
"""No new call is made after so long."""
GRACE_S: Final = 30.0
"""What is under way then may still come in."""

_log: Final = logging.getLogger(__name__)

Look = Callable[[], Iterable[Finding]]


def examine(settings: Settings, role: Role | None, lacking: Sequence[str], look_s: float = LOOK_S) -> Examination:
    """Looks at everything that this role uses; None: at everything. Nothing is written.

    `lacking`: what the role cannot start without, by the settings alone.
    """
    until_s = time.monotonic() + look_s
    looks = _looks(settings, role, lacking, until_s)
    pool = ThreadPoolExecutor(len(looks), thread_name_prefix="doctor")
    begun: list[tuple[Area, list[Finding], Future[None]]] = []
    for area, look in looks:
        found: list[Finding] = []
        begun.append((area, found, pool.submit(copy_context().run, _fill, found, area, look)))
    pool.shutdown(wait=False)
    return Examination.of(
        role, [one for area, found, asked in begun for one in _within(area, found, asked, until_s + GRACE_S)]
    )


def _looks(settings: Settings, role: Role | None, lacking: Sequence[str], until_s: float) -> list[tuple[Area, Look]]:
    now = datetime.now(UTC)
    looks: list[tuple[Area, Look]] = [
        ("settings", lambda: settings_checks.findings(settings, role, lacking, now)),
    ]
    if role in (None, "all") or settings.redis_url is not None:  # without it no other role starts, which was said
        looks.append(("redis", lambda: store.findings(settings)))
    if role != "executor":
        looks.append(("slack", lambda: slack.findings(settings, role, _reads_of(settings))))
    if role != "web":
        looks.append(("aws", lambda: _aws(settings, role, until_s)))
    return looks


def _reads_of(settings: Settings) -> Callable[[str], SlackReads]:
    return lambda token: TokenReads(token, settings.slack_api_url)


def _aws(settings: Settings, role: Role | None, until_s: float) -> Iterator[Finding]:
    seen = aws_look.look(settings, until_s)
    yield from aws.findings(seen, settings)
    if role != "worker" and not isinstance(seen.own, Gap):
        fixes_seen = fixes_look.look(settings, seen, role, until_s)
        yield from fixes.findings(fixes_seen, seen.own, fixes_look.wanted_fixes(settings))


def _fill(found: list[Finding], area: Area, look: Look) -> None:
    """A fault of our own in one area is no reason to be silent about the others."""
    try:
        for one in look():
            found.append(one)  # noqa: PERF402 - what was found by then counts, should the rest take too long
    except Exception as error:  # noqa: BLE001 - whatever cannot even be looked at is told
        _log.exception("%s could not be looked at", area)
        found.append(_unlooked(area, found, f"it failed unexpectedly ({type(error).__name__})"))


def _within(area: Area, found: list[Finding], asked: Future[None], until_s: float) -> list[Finding]:
    try:
        asked.result(max(0.0, until_s - time.monotonic()))
    except TooSlowError:
        so_far = list(found)
        return [*so_far, _unlooked(area, so_far, "there was no answer in time")]
    return found


def _unlooked(area: Area, found: Sequence[Finding], why: str) -> Finding:
    says = f"{'the rest of' if found else 'everything about'} {area}"
    return Finding(status="unchecked", area=area, id="not-looked-at", says=says, why=why)
