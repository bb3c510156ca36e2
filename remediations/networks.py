"""Address ranges in the parameters of a call: none may reach beyond the subnets on the way."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network
from typing import Final

Network = IPv4Network | IPv6Network

EVERYWHERE: Final[dict[int, int]] = {4: 2**25, 6: 2**96}
"""So many addresses, taken together, are too many, whatever the subnets are."""
LARGEST_SUBNET: Final[dict[int, int]] = {4: 16, 6: 44}
"""The prefix of the largest subnet that there can be; what is said to be one and is larger is none."""
_RANGE: Final = re.compile(r"(?<![\w./:-])(?:\d+(?:\.\d+){1,3}|[0-9A-Fa-f]*:[0-9A-Fa-f:.]*)\s*/\s*[\d.]+(?![\w/-])")


def too_wide(texts: Iterable[str], allowed: Iterable[str]) -> str | None:
    """Why the address ranges among these texts, taken together, admit more than the allowed ones; None if they do not.

    Two halves of everything are everything.
    """
    found: list[Network] = []
    for text in texts:
        for written in _ranges(text):
            network = _network(written)
            if network is None:
                return f"{written!r} is no address range"
            found.append(network)
    known = [network for network in map(_network, allowed) if network is not None and _may_be_a_subnet(network)]
    for version, most in EVERYWHERE.items():
        together = list(_together(found, version))
        if sum(network.num_addresses for network in together) >= most:
            return f"{', '.join(map(str, together[:2]))} would open it to everybody"
        beyond = next((network for network in together if not _lies_in(network, known)), None)
        if beyond is not None:
            return f"{beyond} reaches beyond the subnets on the way"
    return None


def _may_be_a_subnet(network: Network) -> bool:
    """https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html"""
    return network.prefixlen >= LARGEST_SUBNET[network.version]


def _ranges(text: str) -> Iterator[str]:
    for match in _RANGE.finditer(text):
        yield "".join(match.group().split())


def _network(text: str) -> Network | None:
    try:
        return ip_network(text.strip(), strict=False)
    except ValueError:
        return None


def _together(networks: Iterable[Network], version: int) -> Iterator[Network]:
    if version == 4:
        yield from collapse_addresses(one for one in networks if isinstance(one, IPv4Network))
    else:
        yield from collapse_addresses(one for one in networks if isinstance(one, IPv6Network))


def _lies_in(network: Network, known: Iterable[Network]) -> bool:
    """In one of them, or in what some of them make together."""
    together = _together(known, network.version)
    if isinstance(network, IPv4Network):
        return any(isinstance(one, IPv4Network) and network.subnet_of(one) for one in together)
    return any(isinstance(one, IPv6Network) and network.subnet_of(one) for one in together)
