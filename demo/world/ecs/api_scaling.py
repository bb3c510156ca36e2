"""Application Auto Scaling of ECS services: their limits, and what it does when a count lies outside of them.

https://docs.aws.amazon.com/autoscaling/application/APIReference/API_RegisterScalableTarget.html
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from demo.aws.call import AwsError, Call
from demo.aws.layer import AwsLayer
from demo.aws.scalable import scalable_target_arn
from demo.world.ecs.model import Document, ScalableTarget, Service
from demo.world.region import Region, RegionOf
from demo.world.timing import stamp

SERVICE = "application-autoscaling"
_CHANGED = "Successfully set desired count to {count}. Change successfully fulfilled by ecs."


def install(layer: AwsLayer, region_of: RegionOf) -> None:
    """Registers the operations."""

    @layer.op(SERVICE, "RegisterScalableTarget")
    def register_scalable_target(call: Call) -> dict[str, Any]:
        region = region_of(call)
        return {"ScalableTargetARN": _register(region, call.params).arn}

    @layer.op(SERVICE, "DeregisterScalableTarget")
    def deregister_scalable_target(call: Call) -> dict[str, Any]:
        if region_of(call).store.scalable.pop(call.params["ResourceId"], None) is None:
            raise _not_found(call.params["ResourceId"])
        return {}

    @layer.op(SERVICE, "DescribeScalableTargets")
    def describe_scalable_targets(call: Call) -> dict[str, Any]:
        asked, known = call.params.get("ResourceIds"), region_of(call).store.scalable.values()
        of_ecs = call.params["ServiceNamespace"] == "ecs"
        found = [one for one in known if of_ecs and (not asked or one.resource_id in asked)]
        return {"ScalableTargets": [_document(one) for one in found]}

    @layer.op(SERVICE, "DescribeScalingActivities")
    def describe_scaling_activities(call: Call) -> dict[str, Any]:
        found = region_of(call).store.scalable.get(call.params.get("ResourceId", ""))
        return {"ScalingActivities": found.activities if found else []}

    @layer.op(SERVICE, "ListTagsForResource")
    def list_tags(call: Call) -> dict[str, Any]:
        if all(one.arn != call.params["ResourceARN"] for one in region_of(call).store.scalable.values()):
            raise _not_found(call.params["ResourceARN"])
        return {"Tags": {}}


def _register(region: Region, params: Mapping[str, Any]) -> ScalableTarget:
    """What is not passed stays as it is. A count outside of the limits is brought back at once."""
    resource_id = params["ResourceId"]
    _, cluster, name = resource_id.split("/")
    service = region.store.service(cluster, name)
    present = region.store.scalable.get(resource_id)
    minimum = params.get("MinCapacity", present.minimum if present else None)
    maximum = params.get("MaxCapacity", present.maximum if present else None)
    if minimum is None or maximum is None or minimum > maximum:
        raise AwsError("ValidationException", "Maximum capacity cannot be less than minimum capacity", 400)
    if present is None:
        arn = scalable_target_arn(region.account, region.name, resource_id)
        present = ScalableTarget(arn, resource_id, minimum, maximum, region.timing.now())
        region.store.scalable[resource_id] = present
    present.minimum, present.maximum = int(minimum), int(maximum)
    _bring_within(region, service, present)
    return present


def _bring_within(region: Region, service: Service, target: ScalableTarget) -> None:
    count = min(max(service.desired, target.minimum), target.maximum)
    if count == service.desired:
        return
    which = "minimum" if count > service.desired else "maximum"
    now = stamp(region.timing.now())
    activity: Document = {
        "ActivityId": str(uuid.uuid4()),
        "ServiceNamespace": "ecs",
        "ResourceId": target.resource_id,
        "ScalableDimension": "ecs:service:DesiredCount",
        "Description": f"Setting desired count to {count}.",
        "Cause": f"{which} capacity was set to {count}",
        "StartTime": now,
        "EndTime": now,
        "StatusCode": "Successful",
        "StatusMessage": _CHANGED.format(count=count),
    }
    target.activities.insert(0, activity)
    service.desired = count
    region.scheduler.reconcile(service)


def _document(target: ScalableTarget) -> Document:
    off = ("DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended")
    return {
        "ServiceNamespace": "ecs",
        "ResourceId": target.resource_id,
        "ScalableDimension": "ecs:service:DesiredCount",
        "MinCapacity": target.minimum,
        "MaxCapacity": target.maximum,
        "RoleARN": f"arn:aws:iam::{target.arn.split(':')[4]}:role/AWSServiceRoleForApplicationAutoScaling_ECSService",
        "CreationTime": stamp(target.created),
        "SuspendedState": dict.fromkeys(off, False),
        "ScalableTargetARN": target.arn,
    }


def _not_found(what: str) -> AwsError:
    return AwsError("ObjectNotFoundException", f"No scalable target found for {what}", 400)
