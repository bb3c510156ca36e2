"""Athena's side of access logs: the table over a load balancer's folder, and what a query costs.

Partition projection as in https://docs.aws.amazon.com/athena/latest/ug/create-alb-access-logs-table-partition-projection.html.
Unlike the pattern there, OpenCSVSerde reads lines with fewer or more fields than are documented today:
https://docs.aws.amazon.com/athena/latest/ug/csv-serde.html
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from diagnostics.access_logs import questions
from diagnostics.access_logs.places import LATEST_DELIVERY, Place
from diagnostics.access_logs.questions import COLUMNS
from diagnostics.access_logs.scope import Scope

USD_PER_TB: Final = 5
"""https://aws.amazon.com/athena/pricing/ in most regions; what a query reads is counted, compressed as it is."""

MIN_BILLED_BYTES: Final = 10_000_000
PARTITION: Final = "day"
FIRST_DAY: Final = date(2016, 1, 1)
_NAME: Final = re.compile(r"[a-z0-9_]{1,128}")


@dataclass(frozen=True, slots=True)
class Table:
    """The table of one folder: load balancers of an account and region that share bucket and prefix share it."""

    database: str
    place: Place

    def __post_init__(self) -> None:
        """Raises ValueError for a database that needs more than quotes."""
        if not _NAME.fullmatch(self.database.lower()):
            raise ValueError(f"{self.database!r} is not a name of a database")

    @property
    def name(self) -> str:
        digest = hashlib.sha256(self.location.encode()).hexdigest()[:12]
        return f"alb502_access_logs_{digest}"

    @property
    def location(self) -> str:
        return f"s3://{self.place.bucket}/{self.place.folder}"

    @property
    def quoted(self) -> str:
        """Its full name in a query."""
        return f'"{self.database}"."{self.name}"'

    def day_prefixes(self, days: Sequence[date]) -> tuple[str, ...]:
        """Key prefixes of what a query over these days reads."""
        return tuple(f"{self.place.folder}{day:%Y/%m/%d}/" for day in days)

    def definition(self) -> str:
        """``CREATE EXTERNAL TABLE``, every column a string: a number that is no number must not cost the row."""
        columns = ",\n  ".join(f"`{name}` string" for name in COLUMNS)
        location = self.location.replace("\\", "\\\\").replace("'", "\\'")  # Hive's literals, unlike Trino's
        return (
            f"CREATE EXTERNAL TABLE IF NOT EXISTS `{self.database}`.`{self.name}` (\n  {columns}\n)\n"
            f"PARTITIONED BY (`{PARTITION}` string)\n"
            "ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.OpenCSVSerde'\n"
            "WITH SERDEPROPERTIES ('separatorChar' = ' ', 'quoteChar' = '\\\"', 'escapeChar' = '\\\\')\n"
            f"LOCATION '{location}'\n"
            "TBLPROPERTIES (\n"
            "  'projection.enabled' = 'true',\n"
            f"  'projection.{PARTITION}.type' = 'date',\n"
            f"  'projection.{PARTITION}.range' = '{FIRST_DAY:%Y/%m/%d},NOW',\n"
            f"  'projection.{PARTITION}.format' = 'yyyy/MM/dd',\n"
            f"  'projection.{PARTITION}.interval' = '1',\n"
            f"  'projection.{PARTITION}.interval.unit' = 'DAYS',\n"
            f"  'storage.location.template' = '{location}${{{PARTITION}}}'\n"
            ")"
        )


def queries(scope: Scope, table: Table, load_balancers: Sequence[str]) -> dict[str, str]:
    """The questions' texts by name, over the days of the scope and these load balancers (``app/name/id``)."""
    days = ", ".join(questions.text(f"{day:%Y/%m/%d}") for day in delivery_days(scope.since.date(), scope.until.date()))
    where = (
        f"{PARTITION} IN ({days}) AND elb IN ({', '.join(map(questions.text, load_balancers))}) "
        "AND \"$path\" NOT LIKE '%/conn_log_%' AND \"$path\" NOT LIKE '%/health_check_log_%'"
    )
    return {
        "counts": questions.counts(scope, table.quoted, where),
        "sample": questions.sample(scope, table.quoted, where),
    }


def cost_usd(scanned_bytes: int, queries: int = 1) -> float:
    """About what reading so much costs in US dollars, by the list price of most regions."""
    return max(scanned_bytes, queries * MIN_BILLED_BYTES) / 1e12 * USD_PER_TB


def delivery_days(first: date, last: date) -> tuple[date, ...]:
    """Partitions that can hold rows of these days: files lie in the folder of the day on which they were delivered."""
    until = last + max(timedelta(days=1), LATEST_DELIVERY)
    return tuple(first + timedelta(days=number) for number in range((until - first).days + 1))
