"""Somebody limited a function to fewer executions at once than its requests need."""

from __future__ import annotations

from demo.scenarios.history import FAULT_AT_MIN, quiet_until
from demo.scenarios.scenario import Expect
from demo.world.function_handle import add_function
from demo.world.functions import FunctionApp
from demo.world.world import World

NAME = "lambda-throttled"
TITLE = "Function's reserved concurrency too small"
TARGET = "price-quotes"
REPAIR = "aws lambda delete-function-concurrency --function-name price-quotes"
EXPECT = Expect(
    TARGET,
    "causes_found",
    first="lambda-throttled",
    never=frozenset({"lambda-unhandled-error", "lambda-timeout", "keepalive-race", "target-closed-mid-request"}),
)


def build(world: World, account: str) -> None:
    """Four requests a second of 0.8 s each need more than three executions at once; two are reserved."""
    acct = world.account(account)
    add_function(acct, TARGET, group="quotes", app=FunctionApp(latency_s=0.8), rpm=240)
    quiet_until(world, FAULT_AT_MIN)
    acct.client("lambda", by="cost-control/console").put_function_concurrency(
        FunctionName=TARGET, ReservedConcurrentExecutions=2
    )
    world.until(0)
