"""What the load balancer's own log says: counts of everything, and a sample of the rows with errors.

Fields and their meaning: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import ClassVar, Literal

from diagnostics.facts.fact import Fact, Frozen

RowFamily = Literal[
    "answered",
    "not-dispatched-fast",
    "not-dispatched-timeout",
    "closed-before-response",
    "response-timeout",
    "no-target",
    "rule-action",
    "waf",
    "auth",
    "lambda",
    "client-gone",
    "refused-by-lb",
    "other",
]
GeneratedBy = Literal["load-balancer", "target"]


class ErrorCount(Frozen):
    """Rows with one kind of error. `target_group` None: the row names none (a rule answered, or nothing was chosen)."""

    elb_status: int
    target_status: int | None
    generated_by: GeneratedBy
    row_family: RowFamily
    error_reason: str | None = None
    target_group: str | None = None
    count: int
    first: datetime
    last: datetime


class KeyCount(Frozen):
    """Rows and error rows of one key. `rows` None: only error rows were grouped by this key.

    `at_most`: not every row was looked at, and there are no more than `rows`.
    """

    key: str
    rows: int | None = None
    errors: int
    at_most: bool = False


class Latency(Frozen):
    """Target processing time in seconds of the requests that were answered; None: there were none."""

    p50: float | None = None
    p95: float | None = None
    p99: float | None = None
    max: float | None = None


class LoggedRow(Frozen):
    """One row with an error. Times in seconds; -1 is what the log says when a stage was not reached.

    `elapsed_s` is the time from the request's arrival to the response (``time`` minus ``request_creation_time``).
    `route` is method, host and path with ids replaced and without query; `client` is the caller's address without its
    port; `line` is redacted and bounded.
    """

    at: datetime
    elapsed_s: float | None
    elb_status: int
    target_status: int | None
    row_family: RowFamily
    error_reason: str | None = None
    target_group: str | None = None
    target: str | None = None
    zone: str | None = None
    request_s: float | None = None
    target_s: float | None = None
    response_s: float | None = None
    received_bytes: int | None = None
    sent_bytes: int | None = None
    route: str = ""
    rule_priority: str | None = None
    actions: str = ""
    classification: str | None = None
    classification_reason: str | None = None
    transform_status: str | None = None
    trace_id: str | None = None
    protocol: str = ""
    method: str | None = None
    client: str | None = None
    line: str = ""


class AccessLogs(Fact):
    """The rows of the subject's load balancers in the window; of its own target groups where a row names one.

    `errors` counts every error row, also those of other target groups of the same load balancer; everything else is
    of the subject's own target groups and of rows that name none. `share_read` is 1 when every file of the window was
    read. `sample` holds every rare kind of error and the first rows of each, and is spread over the rest.
    """

    name: ClassVar[str] = "access_logs"

    source: Literal["s3", "cloudwatch-logs"]
    engine: Literal["local", "athena"]
    covered_from: datetime
    covered_to: datetime
    rows: int
    rows_unparsed: int = 0
    fields_unknown: int = 0
    files: int = 0
    bytes: int = 0
    share_read: float = 1.0
    errors: tuple[ErrorCount, ...] = ()
    latency: Latency = Latency()
    by_target: tuple[KeyCount, ...] = ()
    by_zone: tuple[KeyCount, ...] = ()
    by_minute: tuple[KeyCount, ...] = ()
    by_route: tuple[KeyCount, ...] = ()
    by_rule: tuple[KeyCount, ...] = ()
    by_client: tuple[KeyCount, ...] = ()
    sample: tuple[LoggedRow, ...] = ()
    web_sockets: int = 0
    """Rows of connections that became WebSockets, of every target group; 0: there were none, or nobody counted."""
    notes: tuple[str, ...] = ()
    """How it was read, one line each, such as what Athena cost."""
    paid: str | None = None
    """The note that says what was read for money, and how much that was."""

    def own_errors(self, target_groups: tuple[str, ...]) -> Iterator[ErrorCount]:
        """Errors of these target groups, and those that name no target group."""
        return (error for error in self.errors if error.target_group is None or error.target_group in target_groups)


class HealthCheckRow(Frozen):
    """One health check that failed."""

    at: datetime
    target: str
    target_group: str
    status_code: str | None = None
    reason: str | None = None
    latency_s: float | None = None


class HealthCheckLogs(Fact):
    """Failed health checks of the window, which outlive what DescribeTargetHealth shows. Newest first, bounded."""

    name: ClassVar[str] = "health_check_logs"

    covered_from: datetime
    covered_to: datetime
    passed: int
    failed: tuple[HealthCheckRow, ...] = ()
    failed_total: int = 0
