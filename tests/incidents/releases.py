"""A release that failed and was replaced: its stopped tasks are still listed while the next one runs."""

from __future__ import annotations

from diagnostics.facts import Task
from tests.incidents.building import TARGETS, Incident, definition, deployment, task

FORMER, PRESENT = 8, 9
REPLACED = 24.0
"""So many minutes ago the next release was deployed."""


def replaced(*stops: Task) -> Incident:
    """checkout:8 gave way to checkout:9, which has run for 20 minutes; these tasks of either stopped."""
    now = deployment(PRESENT, created=REPLACED)
    return (
        Incident()
        .service(deployments=(now,), task_definition=now.task_definition)
        .definitions(definition(7), definition(FORMER), definition(PRESENT), previous=FORMER)
        .running(*(task(n, ip, revision=PRESENT, started=20) for n, ip in enumerate(TARGETS, 1)))
        .stopped(*stops)
    )
