"""Amazon ECS: clusters and services.

DescribeServices takes 10 names a call and needs no listing before it:
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServices.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from diagnostics.locate.arns import name_in
from diagnostics.locate.search import Looked, Place, looked, looked_through
from diagnostics.locate.seen import SeenCluster, SeenService, SeenServiceName

SERVICE: Final = "ecs"
PAGE_SIZE: Final = 100
MAX_CLUSTER_PAGES: Final = 2
MAX_SERVICE_PAGES: Final = 20
MAX_SERVICES_A_CALL: Final = 10

_NO_CLUSTER: Final = ("ClusterNotFoundException",)
_DELETED: Final = "INACTIVE"


def clusters(place: Place) -> Looked[SeenCluster]:
    """At most `MAX_CLUSTER_PAGES` hundred clusters."""
    pages = place.reader.pages(
        SERVICE, "list_clusters", "clusterArns", max_pages=MAX_CLUSTER_PAGES, maxResults=PAGE_SIZE
    )
    return looked_through(pages, lambda arn: SeenCluster(where=place.where, name=name_in(str(arn))))


def services_named(cluster: str, names: Sequence[str]) -> Callable[[Place], Looked[SeenService]]:
    """At most `MAX_SERVICES_A_CALL` services of a cluster by name or ARN; deleted ones and strangers are left out."""

    def look(place: Place) -> Looked[SeenService]:
        answer = place.reader.find(
            SERVICE,
            "describe_services",
            missing=_NO_CLUSTER,
            resource=f"cluster {cluster}",
            expects=("services",),
            cluster=cluster,
            services=list(names[:MAX_SERVICES_A_CALL]),
        )
        return looked(
            answer,
            lambda found: (_service(place, raw) for raw in found["services"] if raw.get("status") != _DELETED),
        )

    return look


def services_listed(cluster: str) -> Callable[[Place], Looked[SeenServiceName]]:
    """At most `MAX_SERVICE_PAGES` hundred services of a cluster, by their ARNs alone."""

    def look(place: Place) -> Looked[SeenServiceName]:
        pages = place.reader.pages(
            SERVICE,
            "list_services",
            "serviceArns",
            max_pages=MAX_SERVICE_PAGES,
            resource=f"cluster {cluster}",
            missing=_NO_CLUSTER,
            cluster=cluster,
            maxResults=PAGE_SIZE,
        )
        return looked_through(
            pages, lambda arn: SeenServiceName(where=place.where, name=name_in(str(arn)), cluster=cluster)
        )

    return look


def _service(place: Place, raw: Mapping[str, Any]) -> SeenService:
    targets = [*(raw.get("loadBalancers") or ()), *_of_task_sets(raw)]
    network = (raw.get("networkConfiguration") or {}).get("awsvpcConfiguration") or {}
    return SeenService(
        where=place.where,
        arn=str(raw.get("serviceArn", "")),
        name=str(raw.get("serviceName", "")),
        cluster=name_in(str(raw.get("clusterArn", ""))),
        target_groups=tuple(dict.fromkeys([*_group_arns(targets), *_alternates(targets)])),
        classic=tuple(str(target["loadBalancerName"]) for target in targets if target.get("loadBalancerName")),
        security_groups=tuple(map(str, network.get("securityGroups") or ())),
    )


def _of_task_sets(raw: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """With an external deployment controller the load balancers stand in the task sets only."""
    return [target for tasks in raw.get("taskSets") or () for target in tasks.get("loadBalancers") or ()]


def _group_arns(targets: Sequence[Mapping[str, Any]]) -> list[str]:
    return [str(target["targetGroupArn"]) for target in targets if target.get("targetGroupArn")]


def _alternates(targets: Sequence[Mapping[str, Any]]) -> list[str]:
    """The other group of a blue/green deployment that ECS itself runs."""
    advanced = [target.get("advancedConfiguration") or {} for target in targets]
    return [str(config["alternateTargetGroupArn"]) for config in advanced if config.get("alternateTargetGroupArn")]
