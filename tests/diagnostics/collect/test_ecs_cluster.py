"""The cluster of a service, and what it says of Container Insights."""

from __future__ import annotations

from typing import Any

import pytest

from diagnostics.collect.sources.ecs_cluster import ecs_cluster
from diagnostics.facts import EcsCluster, Gap, NotApplicable
from tests.diagnostics.collect.driving import drive
from tests.diagnostics.collect.scripted import SUBJECT, answered, refused

CLUSTER: dict[str, Any] = {
    "clusterArn": "arn:aws:ecs:us-east-1:111122223333:cluster/prod",
    "clusterName": "prod",
    "activeServicesCount": 12,
    "runningTasksCount": 48,
}


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ([{"name": "containerInsights", "value": "enhanced"}], "enhanced"),
        ([{"name": "somethingNew", "value": "x"}, {"name": "containerInsights", "value": "disabled"}], "disabled"),
        ([], None),
    ],
)
def test_one_call_says_what_is_kept(settings: list[dict[str, str]], says: str | None) -> None:
    raw = {**CLUSTER, "settings": settings, "tags": [{"key": "team", "value": "platform"}]}
    driven = drive(ecs_cluster(SUBJECT), lambda _: answered(raw))
    found = driven.outcome
    assert isinstance(found, EcsCluster)
    assert (found.cluster, found.container_insights, found.services, found.running) == ("prod", says, 12, 48)
    assert found.tags == {"team": "platform"}
    assert [[read.operation for read in asked] for asked in driven.rounds] == [["describe_clusters"]]


def test_what_cannot_be_read_is_a_gap() -> None:
    found = drive(ecs_cluster(SUBJECT), lambda _: refused("ecs:DescribeClusters")).outcome
    assert isinstance(found, Gap)
    assert (found.action, found.kind) == ("ecs:DescribeClusters", "denied")
    missing = drive(ecs_cluster(SUBJECT), lambda _: answered()).outcome
    assert isinstance(missing, Gap)
    assert missing.error == "ClusterNotFound"


def test_without_a_service_nothing_is_asked() -> None:
    alone = SUBJECT.model_copy(update={"cluster": None, "service": None, "kind": "target-group"})
    assert isinstance(drive(ecs_cluster(alone), lambda _: answered()).outcome, NotApplicable)
