"""What is said on stderr when there is no report."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from typing import Final

from bot.cli.output import called_as
from diagnostics import printable
from diagnostics.digest import error_in_words
from diagnostics.facts.fact import Gap
from diagnostics.question import Ambiguous, Candidate, Refused, Unknown

MAX_CANDIDATES: Final = 12
MAX_GAPS: Final = 4
MAX_PLACES: Final = 4
MAX_NAME: Final = 120


def ambiguous(outcome: Ambiguous) -> Iterator[str]:
    """Every candidate as the command that means it."""
    total = len(outcome.candidates) + outcome.more
    if outcome.is_cluster:
        yield f"{_name(outcome.words)} is an ECS cluster; say which of its services:"
    else:
        yield f"{_name(outcome.words)} means {total} things; say which one:"
    yield from map(_command, outcome.candidates[:MAX_CANDIDATES])
    if total > len(outcome.candidates[:MAX_CANDIDATES]):
        yield f"showing {min(len(outcome.candidates), MAX_CANDIDATES)} of {total}"


def unknown(outcome: Unknown) -> Iterator[str]:
    """The nearest names, and where it was not possible to look."""
    yield f"nothing found that is called {_name(outcome.words)}" + ("; the nearest:" if outcome.nearest else "")
    yield from map(_command, outcome.nearest[:MAX_CANDIDATES])
    if outcome.hint:
        yield outcome.hint
    if outcome.searched:
        places = printable.first_few(outcome.searched, MAX_PLACES, "; ")
        yield f"searched: {places}; --region and --account name other places"
    yield from _gaps(outcome.gaps)


def refused(outcome: Refused) -> Iterator[str]:
    """One line; more only when things could not be read for different reasons."""
    yield outcome.message or "no report could be made"
    if len({gap.kind for gap in outcome.gaps}) > 1:
        yield from _gaps(outcome.gaps)


def _command(one: Candidate) -> str:
    words = shlex.quote(printable.line(one.words, MAX_NAME))
    account = shlex.quote(printable.line(one.account_name or one.account, MAX_NAME))
    region = shlex.quote(printable.line(one.region, MAX_NAME))
    return f"{called_as()} diagnose {words} --account {account} --region {region}    # {one.kind}"


def _gaps(gaps: Sequence[Gap]) -> Iterator[str]:
    for gap in gaps[:MAX_GAPS]:
        why = f" ({gap.message})" if gap.message else ""
        yield f"not read: {gap.action} on {gap.resource}: {error_in_words(gap.error)}{why}"
    if len(gaps) > MAX_GAPS:
        yield f"showing {MAX_GAPS} of {len(gaps)} gaps"


def _name(words: str) -> str:
    return repr(printable.line(words, MAX_NAME))
