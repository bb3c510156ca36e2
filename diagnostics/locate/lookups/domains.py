"""Amazon Route 53: hosted zones and the records of one name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from diagnostics.locate.search import Looked, Place, looked, looked_through

MAX_ZONE_PAGES: Final = 10
MAX_RECORDS_OF_A_NAME: Final = 50

_NO_ZONE: Final = ("NoSuchHostedZone",)
_POINTING: Final = frozenset({"A", "AAAA", "CNAME"})


@dataclass(frozen=True, slots=True)
class Zone:
    """A hosted zone; `name` without the final dot, lower-case."""

    place: Place
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Record:
    """Where a name points: other DNS names, or plain addresses. `name` is what was asked for."""

    name: str
    points_to: tuple[str, ...]
    addresses: tuple[str, ...] = ()


def zones(place: Place) -> Looked[Zone]:
    pages = place.reader.pages("route53", "list_hosted_zones", "HostedZones", max_pages=MAX_ZONE_PAGES)
    return looked_through(pages, lambda raw: Zone(place, str(raw.get("Id", "")), bare(str(raw.get("Name", "")))))


def records_of(zone: Zone, name: str) -> Callable[[Place], Looked[Record]]:
    """A, AAAA and CNAME records of exactly this name (``*.example.com`` for a wildcard).

    The answer starts at the name and goes on with the names behind it, so it is cut where the name changes.
    Source: https://docs.aws.amazon.com/Route53/latest/APIReference/API_ListResourceRecordSets.html
    """

    def look(place: Place) -> Looked[Record]:
        answer = place.reader.find(
            "route53",
            "list_resource_record_sets",
            missing=_NO_ZONE,
            resource=zone.id,
            expects=("ResourceRecordSets",),
            HostedZoneId=zone.id,
            StartRecordName=name,
            MaxItems=str(MAX_RECORDS_OF_A_NAME),
        )
        return looked(answer, lambda found: _records(name, found["ResourceRecordSets"]))

    return look


def bare(name: str) -> str:
    r"""A DNS name as Route 53 writes it (``\052.example.com.``) -> ``*.example.com``."""
    return name.replace("\\052", "*").lower().removesuffix(".")


def _records(name: str, sets: Iterable[Mapping[str, Any]]) -> Iterator[Record]:
    for raw in sets:
        if bare(str(raw.get("Name", ""))) != name or raw.get("Type") not in _POINTING:
            continue
        alias = bare(str((raw.get("AliasTarget") or {}).get("DNSName", "")))
        values = tuple(str(item.get("Value", "")) for item in raw.get("ResourceRecords") or ())
        leads_on = raw["Type"] == "CNAME"
        names = (alias,) if alias else tuple(map(bare, values)) if leads_on else ()
        yield Record(name, names, () if leads_on else values)
