"""How many tasks a rolling deployment may start and stop at once.

The minimum is rounded up and the maximum down:
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentConfiguration.html
"""

from __future__ import annotations

import math

from diagnostics.facts import EcsService, Frozen


class DeploymentRoom(Frozen):
    """`keep` tasks must stay healthy, `at_most` may run at a time, while `desired` are wanted."""

    desired: int
    keep: int
    at_most: int

    @classmethod
    def of(cls, service: EcsService) -> DeploymentRoom:
        return cls(
            desired=service.desired,
            keep=math.ceil(service.desired * service.minimum_healthy_percent / 100),
            at_most=math.floor(service.desired * service.maximum_percent / 100),
        )

    @property
    def may_start(self) -> int:
        return max(self.at_most - self.desired, 0)

    @property
    def may_stop(self) -> int:
        return max(self.desired - self.keep, 0)

    @property
    def is_deadlocked(self) -> bool:
        """No new task may start before an old one stops, and none may stop before a new one is healthy."""
        return self.desired > 0 and self.may_start == 0 and self.may_stop == 0
