"""How much of the logs a collection may read, and by which way."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from diagnostics.collect.earlier_scans import EarlierScans

if TYPE_CHECKING:
    from diagnostics.access_logs.scope import Condition

Wish = Literal["never", "when-errors", "always"]
"""`when-errors`: only when the metrics show something that rows could explain, or are unknown."""


@dataclass(frozen=True, slots=True)
class LogBudget:
    """What is read on this machine at most: lines and bytes as they are after inflating, and wall time."""

    lines: int = 5_000_000
    bytes: int = 4_000_000_000
    seconds: float = 20.0


@dataclass(frozen=True, slots=True)
class AthenaOptions:
    """Where Athena runs. `output` None: the workgroup has a place of its own. `max_bytes` is scanned at most.

    `create_table`: a person asked for the table to be made when it is missing.
    """

    workgroup: str
    database: str
    output: str | None = None
    max_bytes: int = 100_000_000_000
    seconds: float = 120.0
    create_table: bool = False


@dataclass(frozen=True, slots=True)
class LogOptions:
    """`athena` None: it is off. `athena_first`: a person asked for it even if this machine could do it.

    `trail_lookups`: so many resources CloudTrail is asked about, half a second each. `app_log_scan_bytes`: so much of
    application logs CloudWatch Logs Insights may scan, which costs money; 0: nothing. `earlier`: what scans for money
    found before, for who asks again; None: each question is a new one.
    """

    wish: Wish = "when-errors"
    budget: LogBudget = LogBudget()
    athena: AthenaOptions | None = None
    athena_first: bool = False
    where: tuple[Condition, ...] = ()
    trail_lookups: int = 4
    app_log_scan_bytes: int = 2_000_000_000
    earlier: EarlierScans | None = field(default=None, repr=False, compare=False)
