"""An AWS with one broken service behind each load balancer, and as many alarms as are asked for."""

from __future__ import annotations

import sys
import time
from collections import Counter
from datetime import UTC, datetime
from typing import Any

from benchmarks.harness.child import serve_parent
from benchmarks.storm.alarms import BALANCERS, BEFORE, balancer_of, described
from demo.aws import server
from demo.aws.call import Call
from demo.aws.guards import Latency
from demo.clock import ManualClock
from demo.scenarios.scenario import ACCOUNT
from demo.world.world import World

HISTORY_S = 10 * 60
FAULT_AT_MIN = 4.0
STEP_S = 10.0


def main(latency_ms: float) -> None:
    """Time stands still in this world, so that its own simulation costs nothing while others measure."""
    present = time.time()
    world = World(ManualClock(present - HISTORY_S), present=present)
    account = world.account(ACCOUNT)
    services = [
        account.service(f"shop-{number}", load_balancer=account.load_balancer(f"storm-{number}"), rpm=30)
        for number in range(BALANCERS)
    ]
    world.until(FAULT_AT_MIN, step=STEP_S)
    for service in services:
        service.revoke_ingress()
    world.until(0, step=STEP_S)
    dimensions = [service.load_balancer.dimension for service in services]
    began = datetime.fromtimestamp(present, UTC) - BEFORE

    def describe(call: Call) -> dict[str, Any]:
        names = call.params.get("AlarmNames") or ()
        return {
            "MetricAlarms": [described(name, dimensions[balancer_of(name)], began) for name in names],
            "CompositeAlarms": [],
        }

    world.layer.op("cloudwatch", "DescribeAlarms")(describe)
    Latency(latency_ms).install(world.layer)
    world.layer.clear_calls()

    def calls(_: str) -> dict[str, int]:
        return Counter(record.iam_action for record in list(world.layer.calls))

    with server.start(world.layer) as endpoint:
        serve_parent(server.environment(endpoint.endpoint_url, account=ACCOUNT), calls)


if __name__ == "__main__":
    main(float(sys.argv[1]))
