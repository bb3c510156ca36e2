"""From a URL or DNS name to the load balancer that answers it, and by its listener rules to the target group."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from diagnostics.locate.alarms import of_alarms
from diagnostics.locate.candidates import ambiguous
from diagnostics.locate.inquiry import Inquiry, Result, refused
from diagnostics.locate.listener_rules import Answer, DependsOn, NoListener, answer
from diagnostics.locate.lookups.alarms import SeenAlarm, alarms_named
from diagnostics.locate.lookups.domains import Record, Zone, records_of, zones
from diagnostics.locate.lookups.load_balancing import all_load_balancers, listeners_of, with_rules
from diagnostics.locate.names import nothing_searched
from diagnostics.locate.search import Place, Step, of_kind
from diagnostics.locate.seen import SeenLoadBalancer
from diagnostics.locate.subjects import of_groups, of_load_balancer, of_rule_answer, unreadable
from diagnostics.locate.wanted import WebAddress
from diagnostics.locate.web_address import other_front, region_in
from diagnostics.question import Refused, Unknown

MAX_HOPS: Final = 5
MAX_ZONES: Final = 10
MAX_NOTES: Final = 5


@dataclass(frozen=True, slots=True)
class PointsTo:
    """The DNS names at the end of the records, or plain addresses."""

    names: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()


def find_address(inquiry: Inquiry, address: WebAddress) -> Result:
    """Load balancers (beside Route 53's zones), the records, listeners, their rules, the service: 5 to 8 delays.

    A load balancer's own DNS name, typed without scheme or path, means the load balancer.
    """
    if front := other_front(address.host):
        return _in_front(address.host, address.host, front)
    own_name = region_in(address.host) is not None
    balancers, known_zones, alarms = _first_step(inquiry, address, own_name)
    names = {address.host} if own_name else set()
    if not own_name:
        if refusal := nothing_searched(inquiry):
            return refusal
        pointed = _follow(inquiry, address.host, known_zones)
        names = set(pointed.names)
        if not names and alarms:
            return of_alarms(inquiry, alarms)
        if not names:
            return _not_found(inquiry, address, known_zones, pointed)
    matching = [balancer for balancer in balancers if _plain(balancer.dns_name) in set(map(_plain, names))]
    if len(matching) > 1:
        return ambiguous(inquiry.question.words, matching)
    if not matching:
        return _no_balancer(inquiry, address.host, sorted(names))
    if own_name and address == WebAddress(address.host):
        return of_load_balancer(inquiry, matching[0])
    return _by_rules(inquiry, matching[0], address)


def _first_step(
    inquiry: Inquiry, address: WebAddress, is_elb: bool
) -> tuple[tuple[SeenLoadBalancer, ...], tuple[Zone, ...], tuple[SeenAlarm, ...]]:
    """What can be asked at once. An alarm may be called like a DNS name, so one is looked for too."""
    steps: list[Step[Any]] = []
    remembered = inquiry.catalogue.load_balancers(inquiry.wheres)
    if not inquiry.catalogue.covers(inquiry.wheres):
        steps += [(place, all_load_balancers) for place in inquiry.search.places]
    if not is_elb:
        steps += [(place, zones) for place in _one_for_each_account(inquiry)]
        if address.scheme is None and address.path == "/":
            steps += [(place, alarms_named((inquiry.question.words,))) for place in inquiry.search.places]
    inquiry.tell(f"looking for the load balancer behind {address.host}")
    found = inquiry.search.together(steps)
    return of_kind(found, SeenLoadBalancer) or remembered, of_kind(found, Zone), of_kind(found, SeenAlarm)


def _one_for_each_account(inquiry: Inquiry) -> list[Place]:
    """Route 53 knows no regions."""
    return list({place.where.account: place for place in reversed(inquiry.search.places)}.values())


def _follow(inquiry: Inquiry, host: str, known: Sequence[Zone]) -> PointsTo:
    """Walk the records from name to name until they leave the zones that can be read; one delay for each step."""
    asked: set[str] = set()
    wanted = {host}
    ends: list[str] = []
    addresses: list[str] = []
    for _ in range(MAX_HOPS):
        asked |= wanted
        current = sorted(wanted)
        steps = [
            (zone.place, records_of(zone, name))
            for host_name in current
            for zone in _zones_of(host_name, known)
            for name in (host_name, *_wildcards(host_name, zone.name))
        ]
        found = inquiry.search.together(steps)
        wanted = set()
        for host_name in current:
            for record in _closest(host_name, found):
                addresses.extend(record.addresses)
                for name in record.points_to:
                    if _zones_of(name, known) and name not in asked:
                        wanted.add(name)
                    elif not _zones_of(name, known):
                        ends.append(name)
        if not wanted:
            break
    return PointsTo(tuple(dict.fromkeys(ends)), tuple(dict.fromkeys(addresses)))


def _zones_of(host: str, known: Iterable[Zone]) -> list[Zone]:
    """The zones with the longest name that contains the host; a public and a private one may share it."""
    fitting = [zone for zone in known if zone.name and (host == zone.name or host.endswith(f".{zone.name}"))]
    longest = max((len(zone.name) for zone in fitting), default=0)
    return [zone for zone in fitting if len(zone.name) == longest][:MAX_ZONES]


def _wildcards(host: str, zone: str) -> tuple[str, ...]:
    """``*.b.example.com`` and ``*.example.com`` for ``a.b.example.com``; the first label may not be kept."""
    labels = host.removesuffix(zone).rstrip(".").split(".") if host != zone else []
    return tuple(".".join(("*", *labels[start:], zone)) for start in range(1, len(labels) + 1))


def _closest(host: str, records: Iterable[Record]) -> list[Record]:
    """The records of the name itself, else those of the longest wildcard."""
    fitting = [record for record in records if record.name == host or _covers(record.name, host)]
    best = max((_closeness(record, host) for record in fitting), default=(False, 0))
    return [record for record in fitting if _closeness(record, host) == best]


def _closeness(record: Record, host: str) -> tuple[bool, int]:
    return record.name == host, len(record.name)


def _covers(wildcard: str, host: str) -> bool:
    return wildcard.startswith("*.") and host.endswith(wildcard.removeprefix("*")) and host != wildcard[2:]


def _by_rules(inquiry: Inquiry, balancer: SeenLoadBalancer, address: WebAddress) -> Result:
    if not balancer.is_application:
        return of_load_balancer(inquiry, balancer)
    place = inquiry.search.place(balancer.where)
    bare = inquiry.search.together([(place, listeners_of(balancer.arn))])
    listeners = inquiry.search.together([(place, with_rules(listener)) for listener in bare])
    if not listeners and inquiry.search.gaps:
        return Refused(
            message=f"The rules of load balancer {balancer.name} could not be read.", gaps=inquiry.search.gaps
        )
    result = answer(listeners, address)
    if isinstance(result, NoListener):
        ports = ", ".join(map(str, result.open_ports)) or "none"
        return refused(f"Load balancer {balancer.name} does not listen on port {result.port}; its ports: {ports}.")
    inquiry = inquiry.noting(*_notes(result))
    if result.action == "redirect":
        return refused(f"{address.host} is answered with a redirect to {result.location}: ask about that address.")
    arns = tuple(target.target_group_arn for target in result.forwards)
    if not arns:
        return of_rule_answer(inquiry, balancer.where, balancer.arn, result.rule.arn)
    groups = inquiry.groups(balancer.where, arns)
    if not groups:
        return unreadable(inquiry, "The target groups of the listener rule")
    return of_groups(inquiry, balancer.where, groups, load_balancer=balancer.arn, rule_arn=result.rule.arn)


def _notes(result: Answer) -> list[str]:
    notes = [_depends(item) for item in result.depends_on[:MAX_NOTES]]
    if result.redirects:
        notes.append(f"redirected to {result.address.scheme} on port {result.listener.port} first")
    if len(result.forwards) > 1:
        notes.append("the rule spreads requests over several target groups by weight")
    return notes


def _depends(item: DependsOn) -> str:
    return f"rule {item.rule.priority} may come first: it depends on {' and '.join(item.what)}"


def _plain(dns_name: str) -> str:
    return dns_name.removeprefix("dualstack.")


def _not_found(inquiry: Inquiry, address: WebAddress, known: Sequence[Zone], pointed: PointsTo) -> Unknown | Refused:
    if pointed.addresses:
        return refused(
            f"{address.host} points to fixed addresses ({', '.join(pointed.addresses[:3])}), not to a load balancer's "
            "name: type the load balancer's name."
        )
    if _zones_of(address.host, known):
        hint = f"The Route 53 zone {_zones_of(address.host, known)[0].name} has no record for {address.host}."
    else:
        hint = f"No Route 53 zone that can be read holds {address.host}: type the load balancer's name or own DNS name."
    return Unknown(words=inquiry.question.words, gaps=inquiry.search.gaps, hint=hint)


def _no_balancer(inquiry: Inquiry, host: str, names: Sequence[str]) -> Unknown | Refused:
    for name in names:
        if front := other_front(name):
            return _in_front(host, name, front)
    if refusal := nothing_searched(inquiry):
        return refusal
    region = region_in(_plain(names[0]))
    where = f" It is in {region}." if region else ""
    said = "This" if host == names[0] else f"{host} points to {names[0]}: that"
    return Unknown(
        words=inquiry.question.words,
        gaps=inquiry.search.gaps,
        hint=f"{said} is no load balancer of the accounts and regions that were searched.{where}",
    )


def _in_front(host: str, name: str, front: str) -> Refused:
    said = f"{host} is" if host == name else f"{host} points to {name},"
    return refused(f"{said} {front}: type the name of the load balancer behind it.")
