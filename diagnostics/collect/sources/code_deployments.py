"""What CodeDeploy says of the deployments that made the service's task sets; nothing is asked for other services."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from diagnostics.collect.answers import distinct, gaps_of, nothing_read
from diagnostics.collect.collector import Read, Reads, collector
from diagnostics.facts import CodeDeployment, CodeDeployments, EcsService, NotApplicable
from diagnostics.redaction import redact_prose

NOT_BY_CODE_DEPLOY = NotApplicable(reason="CodeDeploy does not deploy it")
MAX_DEPLOYMENTS = 3
"""A service has one task set, during a deployment two, and for a while one that drains."""
MAX_TEXT = 300
GONE = ("DeploymentDoesNotExistException",)


@collector(cached=False)
def code_deployments(service: EcsService) -> Reads[CodeDeployments]:
    """https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_GetDeployment.html"""
    if service.deployment_controller != "CODE_DEPLOY":
        return NOT_BY_CODE_DEPLOY
    ids = distinct(deployment.code_deploy_id for deployment in service.deployments)[:MAX_DEPLOYMENTS]
    if not ids:
        return CodeDeployments()
    answers = yield [
        Read("codedeploy", "get_deployment", "deploymentInfo", {"deploymentId": one}, resource=one, missing=GONE)
        for one in ids
    ]
    if failed := nothing_read(answers):
        return failed
    items = [_deployment(raw) for answer in answers for raw in answer.items]
    return CodeDeployments(items=tuple(items), gaps=gaps_of(answers))


def _deployment(raw: Mapping[str, Any]) -> CodeDeployment:
    rollback, error = raw.get("rollbackInfo") or {}, raw.get("errorInformation") or {}
    told = ": ".join(part for part in (error.get("code"), error.get("message")) if part)
    return CodeDeployment(
        id=raw["deploymentId"],
        application=raw["applicationName"],
        group=raw["deploymentGroupName"],
        status=raw["status"],
        created_at=raw.get("createTime"),
        completed_at=raw.get("completeTime"),
        rolls_back=rollback.get("rollbackTriggeringDeploymentId"),
        rolled_back_by=rollback.get("rollbackDeploymentId"),
        error=redact_prose(told)[:MAX_TEXT],
    )
