"""Calls to AWS, counted and traced."""

from __future__ import annotations

from collections.abc import Callable

from bot.telemetry import traces
from bot.telemetry.metrics import AWS_CALL_SECONDS, AWS_CALLS, AWS_RETRIES
from diagnostics.aws_access import AwsCall


class CountedCalls:
    """Implements `diagnostics.aws_access.Observer`."""

    def called(self, call: AwsCall) -> None:
        AWS_CALLS.labels(aws_service=call.service, result=call.result).inc()
        AWS_CALL_SECONDS.labels(aws_service=call.service).observe(call.seconds)
        if call.retries:
            AWS_RETRIES.labels(aws_service=call.service).inc(call.retries)
        attributes: dict[str, traces.Value] = {
            "cloud.account.id": call.account,
            "cloud.region": call.region,
            "aws.request_id": call.request_id,
            "alb502.result": call.result,
            "alb502.retries": call.retries,
        }
        failed = "" if call.result in ("ok", "missing") else call.error
        traces.ended(f"AWS {call.action}", call.seconds, failed, attributes)

    def collecting(self, fact: str) -> Callable[[str], None]:
        return traces.begun(f"collect {fact}")
