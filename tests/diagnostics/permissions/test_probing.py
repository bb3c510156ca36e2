"""A region is asked about one action first, and about no other where each would fail for the same reason."""

from __future__ import annotations

import time
from typing import Any, cast

import pytest

from diagnostics.aws_access import Reader
from diagnostics.facts import Gap
from diagnostics.permissions.probes import Place
from diagnostics.permissions.probing import GATE, probe

ACTIONS = (GATE, "ecs:ListClusters")


class Refusing:
    """A reader that gets the same answer to everything."""

    def __init__(self, error: str) -> None:
        self.error = error
        self.asked: list[str] = []

    def find(self, service: str, operation: str, **_: Any) -> Gap:
        self.asked.append(operation)
        return Gap(kind="failed", action=f"{service}:{operation}", resource="*", error=self.error)


@pytest.mark.parametrize(
    ("error", "asked"),
    [
        ("UnrecognizedClientException", 1),
        ("SignatureDoesNotMatch", 1),
        ("EndpointConnectionError", 1),
        ("ValidationError", 2),
    ],
)
def test_credentials_that_aws_does_not_know_end_the_look(error: str, asked: int) -> None:
    reader = Refusing(error)
    place = Place(account="111122223333", region="us-east-1")
    found = probe(cast(Reader, reader), place, ACTIONS, time.monotonic() + 60)
    assert (len(reader.asked), found.stopped_by is not None) == (asked, asked == 1)
