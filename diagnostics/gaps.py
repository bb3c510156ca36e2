"""What could not be read, which causes it leaves open, and what would let alb502 read it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from diagnostics.aws_access.explanations import REMEDIES
from diagnostics.aws_access.read_policy import Statement, reach, statement_for
from diagnostics.aws_access.refusals import refusal_in
from diagnostics.aws_access.region_names import partition_of
from diagnostics.causes.cause import CauseSpec
from diagnostics.facts.fact import Gap
from diagnostics.report import ReportGap
from diagnostics.snapshot import Snapshot, Subject

MAX_GAPS = 40
_HINTS = {
    "throttled": "AWS throttled the call: ask again in a minute",
    "timeout": "the call did not answer in time: ask again in a minute",
    "expired": "the credentials have expired: renew them and ask again",
    "not-enabled": "the region or feature is not enabled for this account",
}


@dataclass(frozen=True, slots=True)
class Undecided:
    """What the causes came to, as far as it says which gap matters.

    `unknown`: causes of which nothing can be said; `fitting`: those of them that would show in what was seen;
    `reported`: the causes that were found, the best first.
    """

    unknown: frozenset[str] = frozenset()
    fitting: frozenset[str] = frozenset()
    reported: tuple[str, ...] = ()


@dataclass(slots=True)
class _Unread:
    gap: Gap
    affects: set[str] = field(default_factory=set)
    decides: set[str] = field(default_factory=set)


def report_gaps(
    snapshot: Snapshot, specs: Mapping[str, CauseSpec], undecided: Undecided = Undecided()
) -> tuple[ReportGap, ...]:
    """One entry for each (action, resource, error), with every cause that needs or uses the fact, the gap that leaves
    the most open first: every output tells them in this order."""
    merged: dict[tuple[str, str, str], _Unread] = {}
    for name, gap in snapshot.gaps():
        unread = merged.setdefault((gap.action, gap.resource, gap.error), _Unread(gap))
        for code, spec in specs.items():
            if any(kind.name == name for kind in (*spec.needs, *spec.uses)):
                unread.affects.add(code)
            if any(kind.name == name for kind in (*spec.needs, *spec.clear_needs)):
                unread.decides.add(code)
    ordered = sorted(merged.values(), key=lambda unread: _weight(unread, undecided), reverse=True)
    return tuple(
        ReportGap(
            action=unread.gap.action,
            resource=unread.gap.resource,
            error=unread.gap.error,
            affects=tuple(sorted(unread.affects)),
            fix=_fix(unread.gap, snapshot.subject),
        )
        for unread in ordered[:MAX_GAPS]
    )


def _weight(unread: _Unread, undecided: Undecided) -> tuple[int, ...]:
    """The causes that it keeps from being judged, those first that fit what was seen; then how good the best of the
    found causes is that it would make surer."""
    best = next((place for place, code in enumerate(undecided.reported) if code in unread.affects), None)
    return (
        len(unread.decides & undecided.fitting),
        len(unread.decides & undecided.unknown),
        0 if best is None else len(undecided.reported) - best,
        len(unread.affects),
    )


def _fix(gap: Gap, subject: Subject) -> str | None:
    if gap.kind == "denied":
        return json.dumps(_allowing(gap, subject))
    return _HINTS.get(gap.kind) or REMEDIES.get(gap.error) or gap.message or None


def _allowing(gap: Gap, subject: Subject) -> Statement:
    """The published policy's statement, for the subject's account and the bucket, role or key that was refused."""
    refused = refusal_in(gap.message).resource or ""
    keys = [refused] if ":kms:" in refused else []
    statement = statement_for(gap.action, reach(subject.account, partition_of(subject.region), kms_keys=keys))
    is_named = gap.action.startswith(("s3:", "sts:")) and gap.resource.startswith("arn:")
    return {**statement, "Resource": gap.resource} if is_named else statement
