"""When saying nothing is the right answer: what decides was not to be read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from diagnostics.causes import catalogue
from diagnostics.causes.cause import Facts, Finding, Strength
from diagnostics.engine import as_judged
from diagnostics.facts import Fact, NotApplicable
from diagnostics.permissions.purposes import FACTS
from diagnostics.rules.observations import observe
from diagnostics.snapshot import Snapshot
from tests.calibration.composing import Composed
from tests.calibration.surroundings import replaced
from tests.incidents.building import Incident
from tests.incidents.rows import logged

FACTS_OF: Mapping[str, tuple[type[Fact], ...]] = MappingProxyType(
    {
        action.replace("elasticloadbalancing:", "elbv2:"): tuple(Fact.registry[name] for name in names)
        for action, names in FACTS.items()
    }
)
"""Which facts carry what a call says. A call that does not stand here was never denied."""


def could_not_tell(code: str, incident: Composed) -> bool:
    """Whether nobody could name this code without what was denied.

    So it is when a fact that the code cannot judge without was denied, and when every record that decides in the same
    incident with nothing denied comes from calls that were denied in full. Where several decide together and a fact
    behind one of them was denied, it is so when the same incident would not be of this code if what was denied read as
    in a healthy service: what was left to read is the same in both.
    """
    return denied_in_full(code, incident) or (
        _is_part_denied(code, incident) and not _is_seen(code, _innocent(incident))
    )


def denied_in_full(code: str, incident: Composed) -> bool:
    """The first two of these."""
    unread, spec = frozenset(incident.denied), catalogue()[code]
    if unread & frozenset(spec.needs):
        return True
    known = {kind for kind in (*spec.needs, *spec.uses) if isinstance(incident.whole.get(kind), kind)}
    carriers = [known & {*FACTS_OF.get(source, ())} for source in _decisive_sources(code, incident.whole)]
    return bool(carriers) and all(found and found <= unread for found in carriers)


def _is_part_denied(code: str, incident: Composed) -> bool:
    sources = _decisive_sources(code, incident.whole)
    return any(kind in incident.denied for source in sources for kind in FACTS_OF.get(source, ()))


def _innocent(incident: Composed) -> Snapshot:
    """The incident, but what was denied says what it would say of a healthy service."""
    snapshot = incident.whole
    for kind in incident.denied:
        well = _HEALTHY.get(kind)
        if isinstance(well, kind):
            snapshot = replaced(snapshot, well)
        else:
            said = well if isinstance(well, NotApplicable) else NotApplicable(reason="there is nothing of the kind")
            snapshot = snapshot.model_copy(update={"facts": {**snapshot.facts, kind.name: said}})
    return snapshot


def _is_seen(code: str, snapshot: Snapshot) -> bool:
    return any(finding.effect_seen for finding in _findings(code, as_judged(snapshot)))


def _decisive_sources(code: str, snapshot: Snapshot) -> frozenset[str]:
    return frozenset(
        item.source
        for finding in _findings(code, as_judged(snapshot))
        if finding.effect_seen
        for item in finding.supports
        if item.strength is Strength.DECISIVE
    )


def _findings(code: str, snapshot: Snapshot) -> Iterator[Finding]:
    spec = catalogue()[code]
    if all(isinstance(snapshot.get(kind), kind) for kind in spec.needs):
        yield from spec.function(Facts(snapshot, observe(snapshot), spec.needs, spec.uses))


_HEALTHY = logged(Incident()).snapshot()
