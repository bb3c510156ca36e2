"""The server closes idle connections long before the load balancer stops using them."""

from __future__ import annotations

from demo.scenarios.history import quiet_until
from demo.scenarios.scenario import Expect
from demo.world.apps import App
from demo.world.world import World

NAME = "keep-alive-race"
TITLE = "Server closes idle connections too early"
TARGET = "checkout"
EXPECT = Expect(
    "checkout",
    "causes_found",
    first="keepalive-race",
    never=frozenset(
        {"task-crash-exit", "graceful-shutdown-missing", "target-closed-mid-request", "target-generated-5xx"}
    ),
)
KEPT_S = 5
COMMAND = ("uvicorn", "main:app", "--host", "0.0.0.0", "--timeout-keep-alive", f"{KEPT_S}")  # noqa: S104 - nobody binds
SHARE = 0.03


def build(world: World, account: str) -> None:
    """It keeps them for 5 s and the load balancer for 60 s: now and then a request meets one that is being closed."""
    app = App(keep_alive_s=KEPT_S, closes_share=SHARE)
    world.account(account).service("checkout", app=app, command=COMMAND, rpm=120.0)
    quiet_until(world, 0)
