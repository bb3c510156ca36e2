"""Nothing is wrong: a diagnosis must blame nobody."""

from __future__ import annotations

from demo.scenarios.history import quiet_until
from demo.scenarios.scenario import Expect
from demo.world.world import World

NAME = "all-well"
TITLE = "A healthy service"
TARGET = "checkout"
EXPECT = Expect("checkout", "no_fault_found")


def build(world: World, account: str) -> None:
    """Three tasks serve without an error."""
    world.account(account).service("checkout", desired=3)
    quiet_until(world, 0)
