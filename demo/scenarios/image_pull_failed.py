"""The release names an image tag that the registry does not have."""

from __future__ import annotations

from demo.scenarios.history import quiet_until
from demo.scenarios.scenario import Expect
from demo.world.apps import App
from demo.world.world import World

NAME = "image-pull-failed"
TITLE = "Deployment cannot pull its image"
TARGET = "checkout"
EXPECT = Expect(
    "checkout",
    "causes_found",
    first="image-pull-failed",
    may=frozenset({"deployment-failing-loop", "deployment-regression"}),
    never=frozenset({"task-crash-exit", "sg-ingress-missing", "resource-initialization-failed"}),
)
RELEASED_AT_MIN = 15


def build(world: World, account: str) -> None:
    """The old tasks keep serving; the deployment never gets anywhere."""
    acct = world.account(account)
    checkout = acct.service("checkout", desired=2)
    quiet_until(world, RELEASED_AT_MIN)
    image = acct.image("checkout:2-hotfix")
    error = (
        "CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref "
        f"{image}: {image}: not found"
    )
    checkout.deploy("checkout:2-hotfix", app=App(pull_error=error))
    world.until(0)
