"""What moto lacks of Lambda."""

from __future__ import annotations

from typing import Any

from moto.awslambda.models import lambda_backends

from demo.aws.call import Call
from demo.aws.layer import AwsLayer

ACCOUNT_CONCURRENCY = 1000
MAX_CODE_BYTES = 80_530_636_800


def install(layer: AwsLayer) -> None:
    """Registers the operation. https://docs.aws.amazon.com/lambda/latest/api/API_GetAccountSettings.html"""

    @layer.op("lambda", "GetAccountSettings")
    def get_account_settings(call: Call) -> dict[str, Any]:
        functions = list(lambda_backends[call.account][call.region].list_functions())
        reserved = sum(int(one.reserved_concurrency or 0) for one in functions)
        return {
            "AccountLimit": {
                "TotalCodeSize": MAX_CODE_BYTES,
                "ConcurrentExecutions": ACCOUNT_CONCURRENCY,
                "UnreservedConcurrentExecutions": ACCOUNT_CONCURRENCY - reserved,
            },
            "AccountUsage": {"FunctionCount": len(functions)},
        }
