"""What a scan found (schema ``alb502.scan/1``): the object that the terminal and ``--json`` are drawn from."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal

from pydantic import Field

from diagnostics.facts.fact import Frozen
from diagnostics.report import ReportWindow
from diagnostics.scan.rows import ScannedService

SCHEMA: Final = "alb502.scan/1"


class ScannedPlace(Frozen):
    """A region of an account that was searched."""

    account: str
    account_name: str | None
    region: str


class UnscannedPlace(Frozen):
    """A region of an account where not everything could be listed: `reason` says what to do."""

    account: str
    account_name: str | None
    region: str
    action: str
    error: str
    reason: str

    @property
    def line(self) -> str:
        return f"{self.account_name or self.account} {self.region}: {self.reason}"


class ScanStats(Frozen):
    """`aws_calls` are all calls but those that read logs."""

    aws_calls: int
    log_calls: int
    seconds: float
    full_looks: int


class Scan(Frozen):
    """Every load-balanced service, worst first. `not_looked_at` were found when the time was up; `left_out` are lines
    on what is no service behind an application load balancer, or beyond a bound."""

    schema_id: Literal["alb502.scan/1"] = Field(default="alb502.scan/1", alias="schema", serialization_alias="schema")
    made_at: datetime
    window: ReportWindow
    places: tuple[ScannedPlace, ...]
    unscanned: tuple[UnscannedPlace, ...] = ()
    services: tuple[ScannedService, ...] = ()
    not_looked_at: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    stats: ScanStats

    def to_json(self) -> str:
        """As ``--json`` prints it."""
        return self.model_dump_json(by_alias=True, indent=2)
