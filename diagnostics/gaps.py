"""What could not be read, which causes it leaves open, and what would let alb502 read it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from diagnostics.aws_access.explanations import REMEDIES
from diagnostics.causes.cause import CauseSpec
from diagnostics.facts.fact import Gap
from diagnostics.report import ReportGap
from diagnostics.snapshot import Snapshot

MAX_GAPS = 40
_HINTS = {
    "throttled": "AWS throttled the call: ask again in a minute",
    "timeout": "the call did not answer in time: ask again in a minute",
    "expired": "the credentials have expired: renew them and ask again",
    "not-enabled": "the region or feature is not enabled for this account",
}


def report_gaps(snapshot: Snapshot, specs: Mapping[str, CauseSpec]) -> tuple[ReportGap, ...]:
    """One entry for each (action, resource, error), with every cause that needs or uses the fact."""
    merged: dict[tuple[str, str, str], tuple[Gap, set[str]]] = {}
    for name, gap in snapshot.gaps():
        codes = _affected(name, specs)
        _, affected = merged.setdefault((gap.action, gap.resource, gap.error), (gap, set()))
        affected.update(codes)
    return tuple(
        ReportGap(
            action=gap.action,
            resource=gap.resource,
            error=gap.error,
            affects=tuple(sorted(affected)),
            fix=_fix(gap),
        )
        for gap, affected in list(merged.values())[:MAX_GAPS]
    )


def _affected(fact_name: str, specs: Mapping[str, CauseSpec]) -> Iterable[str]:
    for code, spec in specs.items():
        if any(kind.name == fact_name for kind in (*spec.needs, *spec.uses)):
            yield code


def _fix(gap: Gap) -> str | None:
    if gap.kind == "denied":
        return json.dumps({"Effect": "Allow", "Action": gap.action, "Resource": "*"})
    return _HINTS.get(gap.kind) or REMEDIES.get(gap.error) or gap.message or None
