"""A person's question, and what can come back instead of a report."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Literal

from diagnostics.facts.fact import Frozen, Gap
from diagnostics.report import Report
from diagnostics.snapshot import Snapshot, SubjectKind


class Question(Frozen):
    """What was asked. `words` is the TARGET as typed, already bounded; `start`/`end` None mean the last hour.

    `refresh` reads everything anew; `logs` False skips access and application logs.
    """

    words: str
    account: str | None = None
    region: str | None = None
    start: datetime | None = None
    end: datetime | None = None
    since_s: int | None = None
    seen: int | None = None
    refresh: bool = False
    logs: bool = True


class Candidate(Frozen):
    """Something that a name can mean."""

    kind: SubjectKind
    name: str
    account: str
    account_name: str | None = None
    region: str
    words: str
    """What to type to mean exactly this one, such as ``prod/checkout``; account and region go beside it."""


class Diagnosed(Frozen):
    report: Report
    snapshot: Snapshot


class Ambiguous(Frozen):
    """Several things have this name, or it is the name of an ECS cluster and these are its services."""

    words: str
    candidates: tuple[Candidate, ...]
    more: int = 0
    is_cluster: bool = False


class Unknown(Frozen):
    """Nothing has this name. `gaps` are the places that could not be searched.

    `searched` are the accounts and regions, for whoever may know of all of them.
    """

    words: str
    nearest: tuple[Candidate, ...] = ()
    gaps: tuple[Gap, ...] = ()
    hint: str | None = None
    searched: tuple[str, ...] = ()


class Refused(Frozen):
    """No report can be made; `message` is one line that says what to do.

    `bad_request`: the question was at fault (exit status 2), else the surroundings were (exit status 3).
    """

    message: str
    bad_request: bool = False
    gaps: tuple[Gap, ...] = ()


Outcome = Diagnosed | Ambiguous | Unknown | Refused


class Progress(Frozen):
    """One step of a running diagnosis, for people who wait. `done` of `total` readings are in.

    `so_far` is a first answer, out of what had been read when a person should not wait any longer.
    """

    step: Literal["finding", "reading", "judging", "done"]
    text: str
    done: int = 0
    total: int = 0
    so_far: Report | None = None


ProgressListener = Callable[[Progress], None]
