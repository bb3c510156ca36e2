"""The next colour's target group stands in the rule with weight 0, still empty."""

from __future__ import annotations

from demo.scenarios.scenario import Expect
from demo.scenarios.weighted_group_empty import share_with_empty_group
from demo.world.world import World

NAME = "resting-group"
TITLE = "Empty target group with weight 0"
TARGET = "checkout"
EXPECT = Expect(
    "checkout",
    "no_fault_found",
    never=frozenset({"service-target-group-mismatch", "no-registered-targets", "service-scaled-to-zero"}),
)


def build(world: World, account: str) -> None:
    """Nothing is wrong: no request goes to a group of weight 0."""
    share_with_empty_group(world, account, 0)
