"""Where a route table sends packets: the most specific route wins.

https://docs.aws.amazon.com/vpc/latest/userguide/route-tables-priority.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from diagnostics.facts import RouteTable, TableRoute
from diagnostics.rules.address_space import Address, contains, network

Course = Literal["open", "blackhole", "missing", "unknown"]
_TO_THE_INTERNET = ("igw-", "nat-", "eigw-")


@dataclass(frozen=True, slots=True)
class Way:
    """Where the table sends packets for one address; `route` None where no route covers it."""

    course: Course
    table: RouteTable
    route: TableRoute | None = None

    @property
    def is_closed(self) -> bool:
        return self.course in {"blackhole", "missing"}

    def in_words(self, address: Address) -> str:
        """``rtb-01 has no route to 10.9.0.4``, ``rtb-01 sends 10.9.0.0/16 to pcx-01, which is a blackhole``."""
        if self.route and self.route.is_blackhole:
            return f"{self.table.id} sends {self.route.destination} to {self.route.via}, which is a blackhole"
        if self.course == "missing":
            only = f" (only {self.route.destination} to {self.route.via})" if self.route else ""
            return f"{self.table.id} has no route to {address}{only}"
        return f"{self.table.id} sends {address} to {self.route.via if self.route else 'an unknown place'}"


def way_to(table: RouteTable, address: Address) -> Way:
    """Prefix lists were not looked into: with one in the table, what no other route covers is unknown.

    A private address that only the way to the internet covers has no route: gateways drop it.
    """
    covering = [route for route in table.routes if contains(route.destination, address)]
    best = max(covering, key=lambda route: _length(route.destination), default=None)
    listed = any(route.destination.startswith("pl-") and not _is_endpoint(route) for route in table.routes)
    if best is not None and not _only_internet(best, address):
        return Way("blackhole" if best.is_blackhole else "open", table, best)
    return Way("unknown" if listed else "missing", table, best)


def _only_internet(route: TableRoute, address: Address) -> bool:
    return route.via.startswith(_TO_THE_INTERNET) and not address.is_global


def _is_endpoint(route: TableRoute) -> bool:
    """A gateway endpoint: its prefix list holds addresses of S3 or DynamoDB."""
    return route.via.startswith("vpce-")


def _length(cidr: str) -> int:
    found = network(cidr)
    return found.prefixlen if found else -1
