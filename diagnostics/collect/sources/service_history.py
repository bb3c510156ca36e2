"""The newest deployments of the service and the configurations that they led from and to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from diagnostics.collect.answers import batches, distinct, gaps_of, items_of, nothing_read
from diagnostics.collect.collector import Read, Reads, collector
from diagnostics.collect.sources.ecs_service import NO_SERVICE
from diagnostics.facts import ServiceDeployment, ServiceHistory, ServiceRevision
from diagnostics.redaction import redact_prose
from diagnostics.snapshot import Subject

NEWEST = 5
ARNS_PER_CALL = 20


@collector(cached=True)
def service_history(subject: Subject) -> Reads[ServiceHistory]:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListServiceDeployments.html"""
    if not (subject.cluster and subject.service):
        return subject.unread("ecs") or NO_SERVICE
    resource = f"{subject.cluster}/{subject.service}"
    parameters = {"cluster": subject.cluster, "service": subject.service, "maxResults": NEWEST}
    (listed,) = yield [
        Read("ecs", "list_service_deployments", "serviceDeployments", parameters, resource=resource, max_pages=1)
    ]
    if listed.failed:
        return listed.failed
    briefs = sorted(listed.items, key=_created_at, reverse=True)[:NEWEST]
    if not briefs:
        return ServiceHistory()
    # The revisions that deployments led to are known already, and one's target is the next one's source.
    targets = distinct(brief.get("targetServiceRevisionArn") for brief in briefs)
    wanted = {"serviceDeploymentArns": [brief["serviceDeploymentArn"] for brief in briefs]}
    details = Read("ecs", "describe_service_deployments", "serviceDeployments", wanted, resource=resource)
    described, *first = yield [details, *_revisions(targets)]
    if described.failed:
        return described.failed
    deployments = sorted(map(_deployment, described.items), key=_newest_first, reverse=True)
    newest_sources = deployments[0].source_revision_arns if deployments else ()
    unread = [arn for arn in newest_sources if arn not in targets]
    second = (yield _revisions(unread)) if unread else ()
    answers = [described, *first, *second]
    revisions = {revision.arn: revision for revision in map(_revision, items_of([*first, *second]))}
    failed = nothing_read([*first, *second])
    return ServiceHistory(
        deployments=tuple(deployments),
        revisions=tuple(sorted(revisions.values(), key=_newest_first, reverse=True)),
        gaps=(failed,) if failed else gaps_of(answers),
    )


def _revisions(arns: Iterable[str]) -> list[Read]:
    return [
        Read("ecs", "describe_service_revisions", "serviceRevisions", {"serviceRevisionArns": some}, resource=some[0])
        for some in batches(arns, ARNS_PER_CALL)
    ]


def _created_at(raw: Mapping[str, Any]) -> float:
    created = raw.get("createdAt")
    return created.timestamp() if created else 0.0


def _newest_first(item: ServiceDeployment | ServiceRevision) -> float:
    return item.created_at.timestamp() if item.created_at else 0.0


def _deployment(raw: Mapping[str, Any]) -> ServiceDeployment:
    return ServiceDeployment(
        arn=raw["serviceDeploymentArn"],
        status=raw["status"],
        status_reason=redact_prose(raw.get("statusReason", "")),
        created_at=raw.get("createdAt"),
        started_at=raw.get("startedAt"),
        finished_at=raw.get("finishedAt"),
        circuit_breaker_status=raw.get("deploymentCircuitBreaker", {}).get("status"),
        target_revision_arn=raw.get("targetServiceRevision", {}).get("arn"),
        source_revision_arns=tuple(source["arn"] for source in raw.get("sourceServiceRevisions", ())),
    )


def _revision(raw: Mapping[str, Any]) -> ServiceRevision:
    network = raw.get("networkConfiguration", {}).get("awsvpcConfiguration", {})
    return ServiceRevision(
        arn=raw["serviceRevisionArn"],
        task_definition=raw["taskDefinition"],
        created_at=raw.get("createdAt"),
        security_groups=tuple(network.get("securityGroups", ())),
        subnets=tuple(network.get("subnets", ())),
        target_group_arns=distinct(item.get("targetGroupArn") for item in raw.get("loadBalancers", ())),
    )
