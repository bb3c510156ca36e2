"""A world for each test, its clock standing at a whole minute, in an account that no other test uses."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from demo.clock import ManualClock
from demo.world.builder import AccountBuilder
from demo.world.service_handle import ServiceHandle
from demo.world.world import World

START = 1_800_000_000.0  # 2027-01-15 08:00:00 UTC
_accounts = itertools.count(600_000_000_000)


@dataclass(frozen=True)
class Incident:
    """One account of a world, and what a person looks at."""

    world: World
    acct: AccountBuilder

    def health(self, service: ServiceHandle) -> list[dict[str, Any]]:
        answer = self.acct.client("elbv2").describe_target_health(TargetGroupArn=service.target_group)
        return list(answer["TargetHealthDescriptions"])

    def states(self, service: ServiceHandle) -> list[str]:
        """Sorted states of what is registered or draining."""
        return sorted(row["TargetHealth"]["State"] for row in self.health(service))

    def reasons(self, service: ServiceHandle) -> set[tuple[str, str]]:
        rows = [row["TargetHealth"] for row in self.health(service) if row["TargetHealth"]["State"] == "unhealthy"]
        return {(row["Reason"], row["Description"]) for row in rows}

    def describe(self, service: ServiceHandle) -> dict[str, Any]:
        answer = self.acct.client("ecs").describe_services(cluster=service.cluster, services=[service.name])
        found: dict[str, Any] = answer["services"][0]
        return found

    def events(self, service: ServiceHandle) -> list[str]:
        """Oldest first, without the service's name."""
        return [e["message"].partition(") ")[2] for e in reversed(self.describe(service)["events"])]

    def tasks(self, service: ServiceHandle, status: str = "RUNNING") -> list[dict[str, Any]]:
        ecs = self.acct.client("ecs")
        arns = ecs.list_tasks(cluster=service.cluster, serviceName=service.name, desiredStatus=status)["taskArns"]
        return list(ecs.describe_tasks(cluster=service.cluster, tasks=arns)["tasks"]) if arns else []


@pytest.fixture
def world() -> World:
    return World(ManualClock(START), present=START)


@pytest.fixture
def incident(world: World) -> Incident:
    return Incident(world, world.account(f"{next(_accounts)}"))


@pytest.fixture
def settled(incident: Incident) -> Callable[..., ServiceHandle]:
    """Builds a service and lets it become steady."""

    def build(name: str = "checkout", **given: Any) -> ServiceHandle:
        service = incident.acct.service(name, **given)
        incident.world.advance(120)
        return service

    return build
