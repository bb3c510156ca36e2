"""What whoever carries out fixes says of them, asked by a diagnosis; a terminal has nobody to ask."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from pydantic import Field, JsonValue

from diagnostics.facts.fact import Frozen
from diagnostics.facts.own_changes import Outcome, OwnSetting


class OwnCall(Frozen):
    """One write that took effect: boto3's names of the service and the method, its parameters, the ARNs it is about.

    `before`: the parameters that would set everything back.
    """

    service: str
    operation: str
    parameters: dict[str, JsonValue] = Field(default_factory=dict)
    before: dict[str, JsonValue] = Field(default_factory=dict)
    resources: tuple[str, ...] = ()


class OwnRecord(Frozen):
    """A fix that was carried out; `about` are the ARNs of the load balancers and target groups that it was for, and the
    cluster and service as ``cluster/service``."""

    plan: str
    report: str = ""
    at: datetime
    title: str
    resource: str
    within_s: int = 0
    asked_by: str = ""
    approved_by: str = ""
    undoes: str | None = None
    undone: bool = False
    outcome: Outcome = "done"
    worked: bool | None = None
    about: frozenset[str] = frozenset()
    settings: tuple[OwnSetting, ...] = ()
    calls: tuple[OwnCall, ...] = ()


class OwnRecords(Protocol):
    """Failures inside it are its own affair: None says that nothing is known."""

    def since(self, account: str, region: str, start: datetime) -> Sequence[OwnRecord] | None:
        """The newest first, bounded."""


@dataclass(frozen=True, slots=True)
class OwnMemory:
    """`records` None: there is no store in which fixes are recorded."""

    records: OwnRecords | None = None
