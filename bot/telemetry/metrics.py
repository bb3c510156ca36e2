"""What Prometheus reads from the ops port. Labels have few values; none holds a name, an id or an ARN.

docs/operations.md says what each means. Each process counts for itself: sum over the processes. Names that Prometheus
and Kubernetes give to what they scrape, such as `job`, `service` or `pod`, are not used for labels.
"""

from __future__ import annotations

import threading
from typing import Final, get_args

from prometheus_client import Counter, Gauge, Histogram

from handlers.ask import AskKind

ACK_SECONDS: Final = Histogram(
    "alb502_slack_ack_seconds",
    "Time until a request of Slack was acknowledged",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0),
)
REQUESTS: Final = Counter("alb502_slack_requests_total", "Requests of Slack by answer", ["status"])
QUESTIONS: Final = Counter("alb502_questions_total", "Questions by origin and what became of them", ["kind", "result"])
for _kind in get_args(AskKind):
    for _result in ("failed", "undelivered"):
        QUESTIONS.labels(kind=_kind, result=_result)  # 0, so that the first one is seen as a change
SLACK_CALLS: Final = Counter("alb502_slack_calls_total", "Calls to Slack by method and result", ["method", "result"])
SLACK_CALL_SECONDS: Final = Histogram(
    "alb502_slack_call_seconds", "Time of a call to Slack", ["method"], buckets=(0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
)
SLACK_RETRIES: Final = Counter("alb502_slack_retries_total", "Calls to Slack that were made once more", ["method"])
SLACK_CONTACT: Final = Gauge(
    "alb502_slack_contact_timestamp_seconds", "When Slack last answered a call as it should; 0 before the first"
)
JOBS_DONE: Final = Counter("alb502_jobs_total", "Jobs by name and result", ["name", "result"])
JOBS_WAITING: Final = Gauge("alb502_jobs_waiting", "Jobs that are queued, put off or in work", ["queue"])
OLDEST_JOB_SECONDS: Final = Gauge(
    "alb502_oldest_job_seconds", "How long the oldest job that is due waits for a worker; 0 if none waits", ["queue"]
)
JOBS_OVERDUE: Final = Gauge(
    "alb502_jobs_overdue", "Jobs that this process works on for longer than they may take", ["queue"]
)
DIAGNOSIS_SECONDS: Final = Histogram(
    "alb502_diagnosis_seconds",
    "Time of a diagnosis",
    ["outcome"],
    buckets=(0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0),
)
REPORTS: Final = Counter("alb502_reports_total", "Reports by verdict", ["verdict"])
CAUSES: Final = Counter("alb502_causes_total", "Causes in reports by code and confidence", ["code", "band"])
GAPS: Final = Counter("alb502_gaps_total", "What reports could not read, by kind", ["kind"])
AWS_CALLS: Final = Counter("alb502_aws_calls_total", "Calls to AWS by service and result", ["aws_service", "result"])
AWS_RETRIES: Final = Counter("alb502_aws_retries_total", "Further tries within calls to AWS", ["aws_service"])
AWS_CALL_SECONDS: Final = Histogram(
    "alb502_aws_call_seconds",
    "Time of a call to AWS with all its tries",
    ["aws_service"],
    buckets=(0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
)
CACHE_READS: Final = Counter(
    "alb502_cache_reads_total", "Facts looked for in the cache, by whether it had them: hit or miss", ["result"]
)
CLICKS: Final = Counter(
    "alb502_clicks_total", "Clicks on controls by control and what became of them", ["control", "result"]
)
FEEDBACK: Final = Counter("alb502_feedback_total", "What people said of answers: right, partly or wrong", ["verdict"])
FIXES: Final = Counter("alb502_fixes_total", "Lines of the audit by event", ["event"])
FIXES_OPEN: Final = Gauge("alb502_fixes_open", "Fixes that are not over, by state", ["state"])
FIX_APPROVED_SECONDS: Final = Gauge(
    "alb502_fix_approved_seconds", "How long ago the oldest fix was approved that is not carried out yet"
)
ALARMS: Final = Counter("alb502_alarms_total", "Alarms that were taken in, by what became of them", ["result"])
SHARED_ANSWERS: Final = Counter("alb502_shared_answers_total", "Questions answered by a diagnosis that ran already")
READY: Final = Gauge("alb502_ready", "1 if the part works", ["part"])
REDIS_MEMORY: Final = Gauge(
    "alb502_redis_memory_ratio", "Memory that Redis uses, as a share of maxmemory; 0 if it has no limit"
)
REDIS_EVICTED: Final = Gauge("alb502_redis_evicted_keys", "Keys that Redis has thrown away since it was started")
AUDIT_RECORDS: Final = Gauge("alb502_audit_records", "Lines that the audit holds")
INFO: Final = Gauge("alb502_info", "1, for the version and the role of the process", ["version", "role"])
THREADS: Final = Gauge("alb502_threads", "Threads of the process")
THREADS.set_function(threading.active_count)
