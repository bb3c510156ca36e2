"""Every scenario really breaks what it says, as seen through the API, and says what a diagnosis must find."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from demo import scenarios
from demo.world.world import World


class Seen:
    """What one scenario's target looks like at its end."""

    def __init__(self, world: World, account: str, service: str) -> None:
        self.client: Callable[[str], Any] = world.account(account).client
        elb, ecs = self.client("elbv2"), self.client("ecs")
        in_ecs = bool(ecs.list_clusters()["clusterArns"])
        self.service = ecs.describe_services(cluster="prod", services=[service])["services"][0] if in_ecs else {}
        groups = self.service.get("loadBalancers") or [elb.describe_target_groups()["TargetGroups"][0]]
        group = groups[0].get("targetGroupArn") or groups[0]["TargetGroupArn"]
        rows = elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
        self.health = [row["TargetHealth"] for row in rows if row["TargetHealth"]["State"] != "draining"]
        stopped = {"cluster": "prod", "serviceName": service, "desiredStatus": "STOPPED"}
        arns = ecs.list_tasks(**stopped)["taskArns"] if in_ecs else []
        self.stopped = ecs.describe_tasks(cluster="prod", tasks=arns[-50:])["tasks"] if arns else []

    @property
    def states(self) -> set[str]:
        return {row["State"] for row in self.health}

    @property
    def reasons(self) -> set[str]:
        return {row["Reason"] for row in self.health if row["State"] in ("unhealthy", "unused")}

    @property
    def codes(self) -> set[str]:
        return {row["Description"].partition("[")[2].rstrip("]") for row in self.health if row["State"] == "unhealthy"}

    @property
    def told(self) -> str:
        return " ".join(event["message"] for event in self.service["events"])

    @property
    def stop_reasons(self) -> str:
        return " ".join(f"{task['stoppedReason']} {task['containers'][0].get('reason', '')}" for task in self.stopped)


SHOWS: dict[str, Callable[[Seen], bool]] = {
    "deployment-gap": lambda seen: seen.states == {"healthy"} and "deregistered 1 targets" in seen.told,
    "group-not-in-rule": lambda seen: seen.reasons == {"Target.NotInUse"} and seen.states == {"unused"},
    "instance-stopped": lambda seen: seen.reasons == {"Target.InvalidState"} and "healthy" in seen.states,
    "weighted-group-empty": lambda seen: seen.states == {"healthy"} and not seen.stopped,
    "cpu-saturated": lambda seen: seen.states == {"healthy"} and not seen.stopped,
    "az-not-enabled": lambda seen: seen.reasons == {"Target.NotInUse"} and "healthy" in seen.states,
    "container-health-failing": lambda seen: "Task failed container health checks" in seen.stop_reasons,
    "health-path-kill-loop": lambda seen: "[404]" in seen.told and "failed ELB health checks" in seen.stop_reasons,
    "port-mismatch-kill-loop": lambda seen: "failed ELB health checks" in seen.stop_reasons,
    "security-group-kill-loop": lambda seen: "Request timed out" in seen.told and len(seen.stopped) > 1,
    "health-check-app-error": lambda seen: seen.codes == {"503"},
    "health-check-auth-required": lambda seen: "[401]" in seen.told,
    "health-check-host-rejected": lambda seen: "[400]" in seen.told,
    "health-check-port-mismatch": lambda seen: seen.reasons == {"Target.FailedHealthChecks"},
    "health-check-protocol-mismatch": lambda seen: seen.reasons == {"Target.FailedHealthChecks"},
    "health-check-redirect": lambda seen: seen.codes == {"301"},
    "health-check-timeout-too-short": lambda seen: seen.reasons == {"Target.Timeout"},
    "lambda-header-shape": lambda seen: seen.states == {"unavailable"} and seen.service == {},
    "lambda-timeout": lambda seen: seen.states == {"unavailable"} and seen.service == {},
    "keep-alive-race": lambda seen: seen.states == {"healthy"} and not seen.stopped,
    "stop-timeout-too-short": lambda seen: {t["containers"][0]["exitCode"] for t in seen.stopped} == {137},
    "lambda-throttled": lambda seen: seen.states == {"unavailable"} and seen.service == {},
    "min-healthy-gap": lambda seen: "healthy" not in seen.states and seen.service["pendingCount"] == 0,
    "port-not-listening": lambda seen: seen.reasons == {"Target.FailedHealthChecks"} and not seen.stopped,
    "secret-not-readable": lambda seen: "ResourceInitializationError" in seen.stop_reasons,
    "segfault-after-deploy": lambda seen: {t["containers"][0]["exitCode"] for t in seen.stopped} == {139},
    "service-target-group-mismatch": lambda seen: seen.reasons == {"Target.NotInUse"},
    "traffic-port-blocked": lambda seen: seen.states == {"healthy"},
    "all-well": lambda seen: seen.states == {"healthy"} and not seen.stopped,
    "container-port-mismatch": lambda seen: seen.reasons == {"Target.FailedHealthChecks"},
    "crash-loop-after-deploy": lambda seen: {t["containers"][0]["exitCode"] for t in seen.stopped} == {1},
    "egress-missing": lambda seen: seen.reasons == {"Target.Timeout"},
    "ephemeral-range-missing": lambda seen: seen.reasons == {"Target.Timeout"},
    "fixed-response-left-on": lambda seen: seen.states == {"healthy"},
    "image-pull-failed": lambda seen: "CannotPullContainerError" in seen.stop_reasons,
    "nacl-blocked": lambda seen: {"healthy", "unhealthy"} <= seen.states,
    "oom-after-deployment": lambda seen: "OutOfMemoryError" in seen.stop_reasons,
    "placement-failed": lambda seen: "unable to place a task" in seen.service["events"][0]["message"],
    "resting-group": lambda seen: seen.states == {"healthy"} and not seen.stopped,
    "scaled-to-zero": lambda seen: seen.health == [] and seen.service["desiredCount"] == 0,
    "security-group-revoked": lambda seen: seen.reasons == {"Target.Timeout"},
    "sg-stale-reference": lambda seen: seen.reasons == {"Target.Timeout"},
    "shared-load-balancer": lambda seen: seen.reasons == {"Target.FailedHealthChecks"},
    "slow-start-kill-loop": lambda seen: "Task failed ELB health checks" in seen.stop_reasons,
    "target-5xx": lambda seen: seen.states == {"healthy"},
    "two-causes": lambda seen: seen.reasons == {"Target.ResponseCodeMismatch", "Target.NotInUse"},
    "wrong-health-path": lambda seen: seen.reasons == {"Target.ResponseCodeMismatch"},
}


def test_every_scenario_is_looked_at() -> None:
    assert set(SHOWS) == set(scenarios.names())


def test_expectations_do_not_contradict_themselves() -> None:
    loaded = [scenarios.load(name) for name in scenarios.names()]
    expected = [(scenario.name, expect) for scenario in loaded for expect in scenario.expect]
    assert [one for one in expected if {one[1].first, *one[1].also, *one[1].may} & one[1].never] == []
    assert [one for one in expected if (one[1].first is None) != (one[1].verdict == "no_fault_found")] == []
    assert [one.name for one in loaded if one.target not in {expect.target for expect in one.expect}] == []
