"""ECS operations on clusters, container instances and tags."""

from __future__ import annotations

from typing import Any

from demo.aws.call import AwsError, Call
from demo.aws.layer import AwsLayer
from demo.world.ecs import documents, errors
from demo.world.ecs.model import Cluster, Document
from demo.world.ecs.pages import failure, page
from demo.world.ecs.store import last_part
from demo.world.region import Region, RegionOf

MAX_DESCRIBED = 100
INSIGHTS_OFF: Document = {"name": "containerInsights", "value": "disabled"}
INSIGHTS_VALUES = ("disabled", "enabled", "enhanced")


def install(layer: AwsLayer, region_of: RegionOf) -> None:
    """Registers the operations."""
    _install_clusters(layer, region_of)
    _install_settings(layer, region_of)
    _install_instances(layer, region_of)
    _install_tags(layer, region_of)


def _install_clusters(layer: AwsLayer, region_of: RegionOf) -> None:
    @layer.op("ecs", "CreateCluster")
    def create_cluster(call: Call) -> dict[str, Any]:
        store = region_of(call).store
        name = call.params.get("clusterName") or "default"
        if name not in store.clusters:
            tags, settings = call.params.get("tags") or [], call.params.get("settings") or [INSIGHTS_OFF]
            store.clusters[name] = Cluster(store.arn(f"cluster/{name}"), name, tags, settings)
        return {"cluster": documents.cluster(store.clusters[name])}

    @layer.op("ecs", "DeleteCluster")
    def delete_cluster(call: Call) -> dict[str, Any]:
        store = region_of(call).store
        found = store.cluster(call.params["cluster"])
        if any(service.status == "ACTIVE" for service in found.services.values()):
            message = "The Cluster cannot be deleted while Services are active."
            raise AwsError("ClusterContainsServicesException", message, 400)
        del store.clusters[found.name]
        found.status = "INACTIVE"
        return {"cluster": documents.cluster(found)}

    @layer.op("ecs", "ListClusters")
    def list_clusters(call: Call) -> dict[str, Any]:
        return page(call, "clusterArns", [cluster.arn for cluster in region_of(call).store.clusters.values()])

    @layer.op("ecs", "DescribeClusters")
    def describe_clusters(call: Call) -> dict[str, Any]:
        store = region_of(call).store
        asked = call.params.get("clusters") or ["default"]
        if len(asked) > MAX_DESCRIBED:
            raise errors.invalid(f"Clusters cannot have more than {MAX_DESCRIBED} elements.")
        left_out = {"SETTINGS": "settings", "TAGS": "tags"}
        hidden = {name for part, name in left_out.items() if part not in (call.params.get("include") or [])}
        found, missing = [], []
        for given in asked:
            cluster = store.clusters.get(last_part(given))
            if cluster is None:
                missing.append(failure(given if given.startswith("arn:") else store.arn(f"cluster/{given}")))
            else:
                document = documents.cluster(cluster)
                found.append({name: value for name, value in document.items() if name not in hidden})
        return {"clusters": found, "failures": missing}


def _install_settings(layer: AwsLayer, region_of: RegionOf) -> None:
    @layer.op("ecs", "UpdateClusterSettings")
    def update_cluster_settings(call: Call) -> dict[str, Any]:
        found = region_of(call).store.cluster(call.params["cluster"])
        for one in call.params["settings"]:
            if one.get("name") != INSIGHTS_OFF["name"] or one.get("value") not in INSIGHTS_VALUES:
                raise errors.invalid("The specified cluster setting is not supported.")
            found.settings = [dict(one)]
        return {"cluster": documents.cluster(found)}


def _install_instances(layer: AwsLayer, region_of: RegionOf) -> None:
    @layer.op("ecs", "ListContainerInstances")
    def list_container_instances(call: Call) -> dict[str, Any]:
        cluster = region_of(call).store.cluster(call.params.get("cluster"))
        wanted = call.params.get("status")
        arns = [i.arn for i in cluster.instances.values() if wanted is None or i.status == wanted]
        return page(call, "containerInstanceArns", arns)

    @layer.op("ecs", "DescribeContainerInstances")
    def describe_container_instances(call: Call) -> dict[str, Any]:
        region = region_of(call)
        cluster = region.store.cluster(call.params.get("cluster"))
        found, missing = [], []
        for given in call.params["containerInstances"][:MAX_DESCRIBED]:
            instance = cluster.instances.get(last_part(given))
            if instance is None:
                missing.append(failure(given))
            else:
                found.append(
                    documents.container_instance(instance, cluster, region.placement.remaining(cluster, instance))
                )
        return {"containerInstances": found, "failures": missing}


def _install_tags(layer: AwsLayer, region_of: RegionOf) -> None:
    @layer.op("ecs", "ListTagsForResource")
    def list_tags(call: Call) -> dict[str, Any]:
        return {"tags": _tags_of(region_of(call), call.params["resourceArn"])}

    @layer.op("ecs", "TagResource")
    def tag_resource(call: Call) -> dict[str, Any]:
        tags = _tags_of(region_of(call), call.params["resourceArn"])
        given = {tag["key"]: tag for tag in call.params["tags"]}
        tags[:] = [tag for tag in tags if tag["key"] not in given] + list(given.values())
        return {}

    @layer.op("ecs", "UntagResource")
    def untag_resource(call: Call) -> dict[str, Any]:
        tags = _tags_of(region_of(call), call.params["resourceArn"])
        tags[:] = [tag for tag in tags if tag["key"] not in call.params["tagKeys"]]
        return {}


def _tags_of(region: Region, arn: str) -> list[Document]:
    store = region.store
    kind, _, rest = arn.split(":", 5)[-1].partition("/")
    match kind:
        case "cluster":
            return store.cluster(arn).tags
        case "service" if rest.count("/") == 1:
            return store.service(rest.partition("/")[0], arn).tags
        case "task-definition":
            return store.definition(arn).tags
        case "task":
            if store.task(store.cluster(rest.partition("/")[0]), arn) is not None:
                return []
    raise errors.invalid("The specified resource was not found. Specify a valid ARN and try again.")
