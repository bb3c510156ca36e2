"""Deployments that fail, are stuck, or find no place for their tasks."""

from __future__ import annotations

from datetime import datetime

from diagnostics.facts import EcsService

STUCK_DEPLOYMENT_S = 15 * 60


def is_in_trouble(service: EcsService, now: datetime) -> bool:
    for deployment in service.deployments:
        if deployment.rollout_state == "FAILED":
            return True
        if deployment.status == "PRIMARY" and deployment.rollout_state == "IN_PROGRESS":
            stuck = (now - deployment.created_at).total_seconds() > STUCK_DEPLOYMENT_S
            if deployment.failed_tasks > 0 or (stuck and deployment.running < deployment.desired):
                return True
    return service.desired > service.running and any(
        "unable to place a task" in event.message or "unable to consistently start" in event.message
        for event in service.events[:20]
        if (now - event.at).total_seconds() < 3600
    )
