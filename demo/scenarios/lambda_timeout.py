"""A new version of a function came with a Timeout that is shorter than its work."""

from __future__ import annotations

from demo.scenarios.history import FAULT_AT_MIN, quiet_until
from demo.scenarios.scenario import Expect
from demo.world.function_handle import ALIAS, add_function
from demo.world.functions import FunctionApp
from demo.world.world import World

NAME = "lambda-timeout"
TITLE = "Function's Timeout shortened by a release"
TARGET = "invoice-render"
REPAIR = "aws lambda update-alias --function-name invoice-render --name live --function-version 1"
EXPECT = Expect(
    TARGET,
    "causes_found",
    first="lambda-timeout",
    never=frozenset(
        {"lambda-unhandled-error", "lambda-throttled", "target-slow-response", "target-closed-mid-request"}
    ),
)


def build(world: World, account: str) -> None:
    """Each invocation works for about 1.6 s. Version 2 is ended after one."""
    acct = world.account(account)
    add_function(acct, TARGET, group="invoices", app=FunctionApp(latency_s=1.6), rpm=60)
    quiet_until(world, FAULT_AT_MIN)
    functions = acct.client("lambda", by="deploy-invoices/pipeline")
    functions.update_function_configuration(FunctionName=TARGET, Timeout=1)
    version = functions.publish_version(FunctionName=TARGET)["Version"]
    functions.update_alias(FunctionName=TARGET, Name=ALIAS, FunctionVersion=version)
    world.until(0)
