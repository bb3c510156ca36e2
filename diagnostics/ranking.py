"""From findings to an ordered list of causes: confidence, precedence, roles.

Confidence comes from kinds of evidence, in the one table below, and from nothing else. Two records confirm each other
only when they come from different sources.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from diagnostics.causes.cause import CauseSpec, Evidence, Finding, Strength
from diagnostics.facts.fact import Frozen
from diagnostics.report import Band, Role
from diagnostics.rules.observations import Observations


@dataclass(frozen=True)
class Weights:
    """`start`: the share that is true of such findings, with nothing more for and nothing against them. `more`: for
    each decisive source beyond two, or else each supporting record. `less`: for each record that contradicts."""

    start: float
    more: float
    less: float
    ceiling: float


WEIGHTS: Mapping[Band, Weights] = {
    "confirmed": Weights(start=0.96, more=0.01, less=0.08, ceiling=0.98),
    "likely": Weights(start=0.89, more=0.0, less=0.05, ceiling=0.89),
    "possible": Weights(start=0.59, more=0.0, less=0.02, ceiling=0.59),
}
"""By decisive records of two sources, of one source, of none. docs/calibration.md says how the numbers came about."""
FLOOR: Mapping[Band, float] = {"confirmed": 0.9, "likely": 0.6, "possible": 0.0}
BANDS: tuple[Band, ...] = ("confirmed", "likely", "possible")
LEAST = 0.05
CLEARLY_SURER = 0.1
"""Within a band and a step of this size, the order is decided by how much a cause explains."""
MAX_EVIDENCE = 12
MINOR_SHARE = 0.1
_ROLE_ORDER: Mapping[Role, int] = {"root": 0, "contributing": 1, "consequence": 2}


class Ranked(Frozen):
    """All findings of one code, weighed."""

    code: str
    findings: tuple[Finding, ...]
    confidence: float
    band: Band
    role: Role

    @property
    def affects(self) -> frozenset[str]:
        """What it explains; empty when any of its findings speaks of the whole subject."""
        if any(not finding.affects for finding in self.findings):
            return frozenset()
        return frozenset().union(*(finding.affects for finding in self.findings))

    @property
    def explains(self) -> frozenset[str]:
        return frozenset().union(*(finding.explains for finding in self.findings))

    @property
    def since(self) -> datetime | None:
        return min((finding.since for finding in self.findings if finding.since), default=None)

    @property
    def is_over(self) -> bool:
        return all(finding.of_before for finding in self.findings)

    @property
    def supports(self) -> tuple[Evidence, ...]:
        """Evidence of all findings, decisive first, each text once."""
        items = unique(item for finding in self.findings for item in finding.supports)
        return tuple(sorted(items, key=lambda item: item.strength is not Strength.DECISIVE))[:MAX_EVIDENCE]

    @property
    def against(self) -> tuple[Evidence, ...]:
        return unique(item for finding in self.findings for item in finding.against)[:MAX_EVIDENCE]


def rank(
    findings: Mapping[str, Sequence[Finding]], specs: Mapping[str, CauseSpec], observed: Observations
) -> tuple[Ranked, ...]:
    """Causes in the order in which a person should read them. `findings` holds those with a seen effect only."""
    weighed = {code: _weigh(code, tuple(items), observed) for code, items in findings.items() if items}
    kept = _without_circumstantial(_without_general(weighed, specs), specs)
    with_roles = _with_their_roots(_assign_roles(kept, specs), specs, observed)
    return tuple(sorted(with_roles, key=lambda item: _order(item, observed)))


def confidence(finding: Finding) -> float:
    """0-1 from the kinds of evidence alone."""
    sources = {item.source for item in finding.supports if item.strength is Strength.DECISIVE}
    support = sum(item.strength is Strength.SUPPORTING for item in finding.supports)
    if len(sources) >= 2:
        weights, more = WEIGHTS["confirmed"], len(sources) - 2
    else:
        weights, more = WEIGHTS["likely" if sources else "possible"], support
    value = min(weights.start + weights.more * more, weights.ceiling) - weights.less * len(finding.against)
    if finding.at_most:
        value = min(value, WEIGHTS[finding.at_most].ceiling)
    return max(LEAST, round(value, 2))


def band_of(value: float) -> Band:
    return next(band for band in ("confirmed", "likely", "possible") if value >= FLOOR[band])


def unique(items: Iterable[Evidence]) -> tuple[Evidence, ...]:
    return tuple({(item.text, item.source): item for item in items}.values())


def _weigh(code: str, findings: tuple[Finding, ...], observed: Observations) -> Ranked:
    best = max(confidence(finding) for finding in findings)
    if _rests_on_shared_errors(findings, observed):
        best = min(best, WEIGHTS["possible"].ceiling)
    role: Role = min((finding.role for finding in findings), key=lambda one: _ROLE_ORDER[one])
    return Ranked(code=code, findings=findings, confidence=best, band=band_of(best), role=role)


def _rests_on_shared_errors(findings: tuple[Finding, ...], observed: Observations) -> bool:
    """True when all that was seen are errors which other target groups of the load balancer may own."""
    if observed.errors_are_ours:
        return False
    explains = frozenset().union(*(finding.explains for finding in findings))
    return bool(explains) and all(symptom.startswith("elb_") for symptom in explains)


def _without_general(weighed: Mapping[str, Ranked], specs: Mapping[str, CauseSpec]) -> dict[str, Ranked]:
    """Drops a general code where a specific one speaks of the same targets; the rest of its findings stays."""
    kept = dict(weighed)
    for code, specific in weighed.items():
        for general in specs[code].replaces & kept.keys():
            if general not in kept or code not in kept:
                continue
            rest = tuple(
                finding for finding in kept[general].findings if not _overlap(finding.affects, specific.affects)
            )
            if rest:
                kept[general] = kept[general].model_copy(update={"findings": rest})
            else:
                del kept[general]
    return kept


def _without_circumstantial(weighed: Mapping[str, Ranked], specs: Mapping[str, CauseSpec]) -> dict[str, Ranked]:
    """Drops what only the order in time speaks for, where something better explains all that it would explain."""

    def gives_way(item: Ranked) -> bool:
        if not _only_circumstantial(item):
            return False
        better = [
            other
            for code, other in weighed.items()
            if code != item.code
            and other.band != "possible"
            and (item.band == "possible" or not _only_circumstantial(other))
            and other.explains & item.explains
            and code not in specs[item.code].leads_to
        ]
        return bool(better) and not any(item.code in specs[other.code].helped_by for other in better)

    return {code: item for code, item in weighed.items() if not gives_way(item)}


def _only_circumstantial(item: Ranked) -> bool:
    return all(finding.circumstantial for finding in item.findings)


def _overlap(one: frozenset[str], other: frozenset[str]) -> bool:
    return not one or not other or bool(one & other)


def _assign_roles(kept: Mapping[str, Ranked], specs: Mapping[str, CauseSpec]) -> tuple[Ranked, ...]:
    roles: dict[str, Role] = {code: item.role for code, item in kept.items()}
    for code, item in kept.items():
        for other in specs[code].leads_to & kept.keys():
            if other != code and _may_explain(item, kept[other]):
                roles[other] = "consequence"
        for other in specs[code].helped_by & kept.keys():
            if other != code and roles[other] == "root" and item.band != "possible":
                roles[other] = "contributing"
    if roles and "root" not in roles.values():
        helpers = frozenset().union(*(specs[code].helped_by for code in kept))
        first = min(
            kept.values(), key=lambda item: (_ROLE_ORDER[roles[item.code]], item.code in helpers, -item.confidence)
        )
        roles[first.code] = "root"
    return tuple(item.model_copy(update={"role": roles[code]}) for code, item in kept.items())


def _with_their_roots(
    items: tuple[Ranked, ...], specs: Mapping[str, CauseSpec], observed: Observations
) -> tuple[Ranked, ...]:
    """A pattern fits many faults. Beside a well-founded one that brings it along, or that it helped, and that explains
    the same symptoms, it is as good as one decisive record, and never surer than that fault."""

    def surest(item: Ranked) -> float:
        roots = (
            other.confidence
            for other in items
            if other.band != "possible"
            and item.code in (specs[other.code].leads_to | specs[other.code].helped_by) - {other.code}
            and other.explains & item.explains
        )
        return max(roots, default=0.0)

    def carried(item: Ranked) -> Ranked:
        alone = item.role == "root" or item.band != "possible" or _rests_on_shared_errors(item.findings, observed)
        weights = WEIGHTS["likely"]
        value = 0.0 if alone else min(surest(item), weights.start - weights.less * len(item.against))
        if value <= item.confidence:
            return item
        return item.model_copy(update={"confidence": round(value, 2), "band": band_of(round(value, 2))})

    return tuple(carried(item) for item in items)


def _may_explain(cause: Ranked, effect: Ranked) -> bool:
    """A guess does not turn a well-founded fault into its consequence, nor does a guess about what is over now."""
    return cause.band != "possible" or (effect.band == "possible" and (effect.is_over or not cause.is_over))


def _order(item: Ranked, observed: Observations) -> tuple[int, int, bool, bool, int, int, float, str]:
    since = item.since.timestamp() if item.since else float("inf")
    clearly_surer = math.floor((item.confidence - FLOOR[item.band]) / CLEARLY_SURER)
    minor, explains = _is_minor(item, observed), len(item.explains)
    past, band = item.is_over and item.band == "possible", BANDS.index(item.band)
    return (_ROLE_ORDER[item.role], band, past, minor, -clearly_surer, -explains, since, item.code)


def _is_minor(item: Ranked, observed: Observations) -> bool:
    """True when what it names among the error rows is a small part of them: what explains the others comes first."""
    rows = {cluster.key: cluster.count for cluster in observed.clusters or () if cluster.symptom in observed.symptoms}
    mine = sum(rows[key] for key in item.explains & rows.keys())
    return 0 < mine < MINOR_SHARE * sum(rows.values())
