"""The big world is as big as it says."""

from __future__ import annotations

from demo.clock import ManualClock
from demo.world import benchmark
from demo.world.world import World

PRESENT = 1_800_000_000.0


def test_the_stated_size() -> None:
    world = World(ManualClock(PRESENT - benchmark.HISTORY_S), present=PRESENT)
    big = benchmark.build(world, "720000000001")
    ecs, elb = big.account.client("ecs"), big.account.client("elbv2")
    clusters = ecs.list_clusters()["clusterArns"]
    assert len(clusters) == 3
    assert sum(len(ecs.list_services(cluster=arn, maxResults=100)["serviceArns"]) for arn in clusters) == 40
    listeners = [balancer.listener for balancer in big.account.balancers.values()]
    rules = [
        rule for arn in listeners for rule in elb.describe_rules(ListenerArn=arn)["Rules"] if not rule["IsDefault"]
    ]
    assert len(rules) == 60
    asked = ecs.describe_services(cluster=big.target.cluster, services=[big.target.name])["services"][0]
    assert asked["desiredCount"] == 12
    rows = elb.describe_target_health(TargetGroupArn=big.target.target_group)["TargetHealthDescriptions"]
    assert {row["TargetHealth"].get("Reason") for row in rows if row["TargetHealth"]["State"] == "unhealthy"} == {
        "Target.Timeout"
    }
    assert world.now() == PRESENT
