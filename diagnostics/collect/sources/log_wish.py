"""Whether logs are worth reading: only when there is something that rows could explain."""

from __future__ import annotations

from diagnostics.app_logs.choosing import failed_tasks
from diagnostics.collect.log_options import LogOptions
from diagnostics.facts import Metrics, NotApplicable, StoppedTasks, TargetHealth, Unread
from diagnostics.snapshot import Subject, Window

NOT_ASKED = NotApplicable(reason="logs were not to be read")
NO_ERRORS = NotApplicable(reason="no errors in this window")
NOTHING_FAILS = NotApplicable(reason="no target is unhealthy, and there are no errors in this window")
ERROR_METRICS = (
    "HTTPCode_ELB_500_Count",
    "HTTPCode_ELB_502_Count",
    "HTTPCode_ELB_503_Count",
    "HTTPCode_ELB_504_Count",
    "HTTPCode_ELB_5XX_Count",
    "HTTPCode_ELB_4XX_Count",
    "HTTPCode_Target_5XX_Count",
    "TargetConnectionErrorCount",
    "TargetTLSNegotiationErrorCount",
    "ELBAuthError",
)


def why_not(options: LogOptions, subject: Subject, window: Window, metrics: Metrics | Unread) -> NotApplicable | None:
    """Why access logs are not to be read; None: they are. Metrics that could not be read are no reason."""
    if options.wish == "never":
        return NOT_ASKED
    if options.wish == "always" or subject.seen is not None:
        return None
    return NO_ERRORS if isinstance(metrics, Metrics) and not _any(metrics, window, ERROR_METRICS) else None


def why_no_health_checks(
    options: LogOptions, subject: Subject, window: Window, metrics: Metrics | Unread, health: TargetHealth | Unread
) -> NotApplicable | None:
    """The same for health check logs, which also explain targets that are or were unhealthy."""
    if options.wish == "never":
        return NOT_ASKED
    if is_or_was_unhealthy(window, metrics, health):
        return None
    return NOTHING_FAILS if why_not(options, subject, window, metrics) else None


def is_or_was_unhealthy(window: Window, metrics: Metrics | Unread, health: TargetHealth | Unread) -> bool:
    """Whether a target is known to be unhealthy now, or to have been in the window."""
    if isinstance(health, TargetHealth) and health.in_state("unhealthy"):
        return True
    return isinstance(metrics, Metrics) and _any(metrics, window, ("UnHealthyHostCount",), statistic="Maximum")


def why_no_application_logs(
    options: LogOptions,
    subject: Subject,
    window: Window,
    metrics: Metrics | Unread,
    health: TargetHealth | Unread,
    stopped: StoppedTasks | Unread,
) -> NotApplicable | None:
    """The same for what the application wrote, which also explains tasks that failed."""
    if options.wish != "never" and isinstance(stopped, StoppedTasks) and failed_tasks(stopped.items, window.start):
        return None
    return why_no_health_checks(options, subject, window, metrics, health)


def _any(metrics: Metrics, window: Window, names: tuple[str, ...], statistic: str = "Sum") -> bool:
    return any(
        point.value > 0
        for name in names
        for series in metrics.with_metric(name, statistic)
        for point in series.between(window.start, window.end)
    )
