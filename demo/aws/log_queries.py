"""What moto lacks of CloudWatch Logs Insights: an answer for a query that was never started."""

from __future__ import annotations

from moto.logs.models import logs_backends

from demo.aws.call import AwsError, Call
from demo.aws.layer import AwsLayer


def install(layer: AwsLayer) -> None:
    """Registers the check. https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetQueryResults.html"""
    layer.before.append(_must_know_query)


def _must_know_query(call: Call) -> None:
    if (call.service, call.operation) != ("logs", "GetQueryResults"):
        return
    query = str(call.params.get("queryId"))
    if query not in logs_backends[call.account][call.region].queries:
        raise AwsError("ResourceNotFoundException", f"Query id {query} does not exist")
