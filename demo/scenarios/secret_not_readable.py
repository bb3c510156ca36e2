"""The release's tasks cannot be initialised: a secret is out of reach."""

from __future__ import annotations

from demo.scenarios.history import quiet_until
from demo.scenarios.scenario import Expect
from demo.world.apps import App
from demo.world.world import World

NAME = "secret-not-readable"
TITLE = "Tasks cannot read their secret"
TARGET = "checkout"
EXPECT = Expect(
    "checkout",
    "causes_found",
    first="resource-initialization-failed",
    may=frozenset({"deployment-regression", "deployment-failing-loop"}),
    never=frozenset({"image-pull-failed", "task-crash-exit", "sg-ingress-missing"}),
)
RELEASED_AT_MIN = 15


def build(world: World, account: str) -> None:
    """The execution role lacks secretsmanager:GetSecretValue on the new secret."""
    acct = world.account(account)
    checkout = acct.service("checkout", desired=2)
    quiet_until(world, RELEASED_AT_MIN)
    secret = f"arn:aws:secretsmanager:{acct.region}:{account}:secret:checkout/payment-AbCdEf"
    error = (
        "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: "
        f"unable to retrieve secret from asm: service call has been retried 1 time(s): failed to fetch secret {secret} "
        "from secrets manager: AccessDeniedException: User is not authorized to perform: secretsmanager:GetSecretValue"
    )
    checkout.deploy("checkout:2", app=App(init_error=error))
    world.until(0)
