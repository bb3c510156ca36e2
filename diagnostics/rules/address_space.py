"""Address ranges cut into pieces that every rule treats alike, so that one address speaks for each piece."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

PARSED = 8192


@lru_cache(maxsize=PARSED)
def network(cidr: str) -> Network | None:
    """The range, host bits ignored; None for text that is not one."""
    try:
        return ip_network(cidr, strict=False)
    except ValueError:
        return None


@lru_cache(maxsize=PARSED)
def address(text: str) -> Address | None:
    """The address; None for text that is not one, such as an instance id."""
    try:
        return ip_address(text)
    except ValueError:
        return None


def contains(cidr: str | None, member: Address) -> bool:
    """False too for a range of the other IP version and for text that is not a range."""
    found = network(cidr) if cidr is not None else None
    return found is not None and member.version == found.version and member in found


def representatives(space: Network, cidrs: Iterable[str]) -> tuple[Address, ...]:
    """One address for each piece of `space` within which no address differs in membership of any of the ranges."""
    first, last = int(space.network_address), int(space.broadcast_address)
    starts = {first}
    for cidr in cidrs:
        found = network(cidr)
        if found is not None and found.version == space.version:
            starts.update((int(found.network_address), int(found.broadcast_address) + 1))
    make = IPv4Address if space.version == 4 else IPv6Address
    return tuple(make(start) for start in sorted(starts) if first <= start <= last)
