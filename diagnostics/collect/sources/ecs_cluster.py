"""The cluster of the service: one call, beside those that describe the service."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from diagnostics.collect.collector import Read, Reads, collector
from diagnostics.collect.sources.ecs_service import MAX_TAGS, NO_SERVICE
from diagnostics.facts import EcsCluster, Gap
from diagnostics.redaction import redact_tag
from diagnostics.snapshot import Subject

CONTAINER_INSIGHTS = "containerInsights"


@collector(cached=True)
def ecs_cluster(subject: Subject) -> Reads[EcsCluster]:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeClusters.html"""
    if not (subject.cluster and subject.service):
        return subject.unread("ecs") or NO_SERVICE
    parameters = {"clusters": [subject.cluster], "include": ["SETTINGS", "TAGS"]}
    (answer,) = yield [Read("ecs", "describe_clusters", "clusters", parameters, resource=subject.cluster)]
    if answer.failed:
        return answer.failed
    if not answer.items:  # ECS reports a cluster that does not exist among `failures`, not as an error
        return Gap(
            action="ecs:DescribeClusters", resource=subject.cluster, error="ClusterNotFound", message="no such cluster"
        )
    return _cluster(answer.items[0])


def _cluster(raw: Mapping[str, Any]) -> EcsCluster:
    settings = {one.get("name"): one.get("value") for one in raw.get("settings") or ()}
    return EcsCluster(
        arn=raw["clusterArn"],
        cluster=raw["clusterName"],
        container_insights=settings.get(CONTAINER_INSIGHTS),
        services=raw.get("activeServicesCount", 0),
        running=raw.get("runningTasksCount", 0),
        tags={tag["key"]: redact_tag(tag["key"], tag.get("value", "")) for tag in (raw.get("tags") or ())[:MAX_TAGS]},
    )
