"""What Prometheus reads from the ops port. Labels have few values; none holds a name, an id or an ARN."""

from __future__ import annotations

from typing import Final

from prometheus_client import Counter, Gauge, Histogram

ACK_SECONDS: Final = Histogram(
    "alb502_slack_ack_seconds",
    "Time until a request of Slack was acknowledged",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0),
)
REQUESTS: Final = Counter("alb502_slack_requests_total", "Requests of Slack by answer", ["status"])
QUESTIONS: Final = Counter("alb502_questions_total", "Questions by origin and what became of them", ["kind", "result"])
SLACK_CALLS: Final = Counter("alb502_slack_calls_total", "Calls to Slack by method and result", ["method", "result"])
JOBS_DONE: Final = Counter("alb502_jobs_total", "Jobs by name and result", ["job", "result"])
JOBS_WAITING: Final = Gauge("alb502_jobs_waiting", "Jobs that are queued or in work", ["queue"])
DIAGNOSIS_SECONDS: Final = Histogram(
    "alb502_diagnosis_seconds",
    "Time of a diagnosis",
    ["outcome"],
    buckets=(0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0),
)
CLICKS: Final = Counter(
    "alb502_clicks_total", "Clicks on controls by control and what became of them", ["control", "result"]
)
FEEDBACK: Final = Counter("alb502_feedback_total", "What people said of answers: right, partly or wrong", ["verdict"])
ALARMS: Final = Counter("alb502_alarms_total", "Alarms that were taken in, by what became of them", ["result"])
SHARED_ANSWERS: Final = Counter("alb502_shared_answers_total", "Questions answered by a diagnosis that ran already")
READY: Final = Gauge("alb502_ready", "1 if the part works", ["part"])
