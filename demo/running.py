"""Starts a scenario behind an HTTP endpoint: for the tests with a clock that they move, for the demo live."""

from __future__ import annotations

import time
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from demo import scenarios
from demo.aws import server
from demo.clock import ManualClock
from demo.scenarios.scenario import ACCOUNT, HISTORY_S, Scenario
from demo.world.world import Ticker, World

LIVE_SPEED = 10.0
"""In a live demo a health check interval of 15 s takes 1.5 s, so that a repair shows while somebody watches."""


class ReplayClock(ManualClock):
    """Moves by hand through the past until `go_live`, then follows the machine's time."""

    def __init__(self, start: float) -> None:
        super().__init__(start)
        self._live = False

    def __call__(self) -> float:
        return max(self._now_s, time.time()) if self._live else self._now_s

    def go_live(self) -> None:
        """From now on nobody needs to move the clock."""
        self._live = True


@dataclass(slots=True)
class RunningWorld:
    """A scenario that answers at `endpoint_url`. Close it, or use it in a `with` block."""

    scenario: Scenario
    account: str
    world: World
    server: server.RunningServer
    ticker: Ticker | None

    @property
    def endpoint_url(self) -> str:
        return self.server.endpoint_url

    def environment(self) -> dict[str, str]:
        """Environment variables that point an AWS SDK, the AWS CLI or the bot at this world."""
        return server.environment(self.endpoint_url, account=self.account)

    def close(self) -> None:
        """Stops answering."""
        if self.ticker is not None:
            self.ticker.close()
        self.server.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def build(scenario_name: str, *, present: float, account: str = ACCOUNT, clock: ManualClock | None = None) -> World:
    """A world with the scenario's history behind it; its clock stands at `present` (POSIX seconds).

    Raises KeyError for an unknown scenario.
    """
    scenario = scenarios.load(scenario_name)
    world = World(clock or ManualClock(present - HISTORY_S), present=present)
    scenario.build(world, account)
    world.until(0)
    return world


def run(
    scenario_name: str, *, live: bool, port: int = 0, account: str = ACCOUNT, present: float | None = None
) -> RunningWorld:
    """Builds a scenario and serves it on 127.0.0.1; port 0 takes a free one.

    `present` is when the history ends (POSIX seconds, by default now). Not live: time stands still there until a test
    calls `world.advance`. Live: time follows the machine's clock and durations shrink by LIVE_SPEED.
    Raises KeyError for an unknown scenario and OSError when the port is taken.
    """
    end = time.time() if present is None else present
    clock = ReplayClock(end - HISTORY_S)
    world = build(scenario_name, present=end, account=account, clock=clock)
    ticker = None
    if live:
        world.timing.speed_up(LIVE_SPEED)
        clock.go_live()
        ticker = world.start_ticking()
    return RunningWorld(scenarios.load(scenario_name), account, world, server.start(world.layer, port), ticker)
