"""Ports as few ranges: what a rule has to cover."""

from __future__ import annotations

from collections.abc import Iterable

Ports = tuple[int, int]
"""First and last port of a range, both included."""

DYNAMIC: Ports = (32768, 65535)
"""Linux and Docker choose host ports from here unless the kernel's range was changed.
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_PortMapping.html"""
MOST_SINGLE = 4


def ranges(ports: Iterable[int]) -> tuple[Ports, ...]:
    """A few ports one by one; many dynamic ones as their whole range, since every start of a task picks another. Empty
    for many that are not dynamic: which to open is for people to say."""
    known = sorted(set(ports))
    if len(known) <= MOST_SINGLE:
        return tuple((port, port) for port in known)
    return (DYNAMIC,) if are_dynamic(known) else ()


def are_dynamic(ports: Iterable[int]) -> bool:
    return all(DYNAMIC[0] <= port <= DYNAMIC[1] for port in ports)


def in_words(ports: Ports) -> str:
    """``8080`` or ``32768-65535``."""
    first, last = ports
    return f"{first}" if first == last else f"{first}-{last}"
