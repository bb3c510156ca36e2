"""The stated big world behind an endpoint where every call takes longer.

Each line on standard input is answered with the calls since the last one; milliseconds in it are the new latency.
"""

from __future__ import annotations

import sys
import time
from collections import Counter

from benchmarks.harness.child import serve_parent
from demo.aws import server
from demo.aws.guards import Latency
from demo.clock import ManualClock
from demo.scenarios.scenario import ACCOUNT
from demo.world import benchmark
from demo.world.world import World


def main(latency_ms: float) -> None:
    """Time stands still in this world, so that its own simulation costs nothing while others measure."""
    present = time.time()
    world = World(ManualClock(present - benchmark.HISTORY_S), present=present)
    benchmark.build(world, ACCOUNT)
    world.layer.clear_calls()
    latency = Latency(latency_ms)
    latency.install(world.layer)

    def calls(new_latency_ms: str) -> dict[str, int]:
        if new_latency_ms:
            latency.milliseconds = float(new_latency_ms)
        counted = Counter(record.iam_action for record in list(world.layer.calls))
        world.layer.clear_calls()
        return counted

    with server.start(world.layer) as endpoint:
        serve_parent(server.environment(endpoint.endpoint_url, account=ACCOUNT), calls)


if __name__ == "__main__":
    main(float(sys.argv[1]))
