"""CloudWatch Logs Insights: a query that nobody started is refused, as AWS does."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from botocore.exceptions import ClientError

from demo.aws import log_queries
from demo.aws.layer import AwsLayer
from tests.demo.aws.conftest import Aws

NEVER_STARTED = "12ab3456-12ab-123a-789e-1234567890ab"


def test_a_query_that_nobody_started(serve: Callable[[AwsLayer], Aws], account: str) -> None:
    layer = AwsLayer()
    log_queries.install(layer)
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        serve(layer).client("logs", account).get_query_results(queryId=NEVER_STARTED)
