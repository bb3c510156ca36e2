"""Deployments that CodeDeploy makes for an ECS service."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Final

from diagnostics.facts.fact import Fact, Frozen, Gap

GOES_ON: Final = ("InProgress", "Ready")
"""Statuses of a deployment that can be stopped and has done something; `Ready` waits for somebody to move the traffic.
https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_DeploymentInfo.html"""


class CodeDeployment(Frozen):
    """`rolls_back`: the deployment that this one takes back. `rolled_back_by`: the one that takes this one back."""

    id: str
    application: str
    group: str
    status: str
    created_at: datetime | None = None
    completed_at: datetime | None = None
    rolls_back: str | None = None
    rolled_back_by: str | None = None
    error: str = ""

    @property
    def goes_on(self) -> bool:
        return self.status in GOES_ON and self.rolled_back_by is None


class CodeDeployments(Fact):
    """The deployments that made the service's task sets, newest first."""

    name: ClassVar[str] = "code_deployments"

    items: tuple[CodeDeployment, ...] = ()
    gaps: tuple[Gap, ...] = ()

    def of(self, deployment: str | None) -> CodeDeployment | None:
        return next((one for one in self.items if one.id == deployment), None)
