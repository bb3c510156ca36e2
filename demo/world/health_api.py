"""DescribeTargetHealth, answered from the simulated checks."""

from __future__ import annotations

from typing import Any

from demo.aws.call import AwsError, Call
from demo.aws.layer import AwsLayer
from demo.world.region import RegionOf


def install(layer: AwsLayer, region_of: RegionOf) -> None:
    """Registers the operation."""

    @layer.op("elbv2", "DescribeTargetHealth")
    def describe_target_health(call: Call) -> dict[str, Any]:
        region, arn = region_of(call), str(call.params["TargetGroupArn"])
        group = region.balancers.target_group(arn)
        if group is None:
            raise AwsError("TargetGroupNotFound", f"Target groups '{arn}' not found", 400)
        return {"TargetHealthDescriptions": region.health.describe(group, call.params.get("Targets"))}
