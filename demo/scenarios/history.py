"""Moments that scenarios share, in minutes before the present."""

from __future__ import annotations

from demo.world.world import World

QUIET_STEP_S = 15.0
FAULT_AT_MIN = 10.0


def quiet_until(world: World, minutes_ago: float) -> None:
    """Lets an uneventful time pass, in coarse steps."""
    world.until(minutes_ago + 1, step=QUIET_STEP_S)
    world.until(minutes_ago)
