"""EC2's way of listing by filters: what does not exist (any more) is absent from the answer, and no error."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from diagnostics.collect.answers import batches
from diagnostics.collect.collector import Read

VALUES_PER_FILTER: Final = 200
PAGE_SIZE: Final = 1000


def filtered(operation: str, key: str, name: str, values: Iterable[str], max_pages: int = 1) -> list[Read]:
    """Reads of all things whose property `name` has one of these values."""
    return [
        Read(
            "ec2",
            operation,
            key,
            {"Filters": [{"Name": name, "Values": some}], "MaxResults": PAGE_SIZE},
            max_pages=max_pages,
        )
        for some in batches(values, VALUES_PER_FILTER)
    ]
