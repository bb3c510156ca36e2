"""DescribeScalingActivities, which moto lacks: nothing has been scaled in this world yet.

https://docs.aws.amazon.com/autoscaling/application/APIReference/API_DescribeScalingActivities.html
"""

from __future__ import annotations

from typing import Any

from demo.aws.call import Call
from demo.aws.layer import AwsLayer


def install(layer: AwsLayer) -> None:
    """Registers the operation with `layer`."""

    @layer.op("application-autoscaling", "DescribeScalingActivities")
    def describe_scaling_activities(_: Call) -> dict[str, Any]:
        return {"ScalingActivities": []}
