"""Which accounts are read, as whom, and how hard."""

from __future__ import annotations

from dataclasses import dataclass

ROLE_SESSION_NAME = "alb502-read"

# An hour is the most that a chained role gets. Much less makes botocore, which refreshes 15 minutes ahead, ask STS
# before every call. https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
ROLE_DURATION_S = 3600


@dataclass(frozen=True, slots=True)
class Account:
    """An AWS account. Without `read_role` the process's own credentials read it. `id` is empty until STS has said whose
    those are."""

    id: str
    name: str
    regions: tuple[str, ...]
    read_role: str | None = None
    external_id: str | None = None

    @property
    def label(self) -> str:
        """For people: ``prod (111122223333)``."""
        return f"{self.name} ({self.id})" if self.name else self.id


@dataclass(frozen=True, slots=True)
class Scope:
    """One place to look: a region of an account. `account_name` is None when nobody configured one."""

    account_id: str
    account_name: str | None
    region: str


@dataclass(frozen=True, slots=True)
class AccessLimits:
    """Bounds of every AWS read.

    `attempts` counts the first try too. `queue_timeout_s` is how long a call waits for one of the
    `parallel_per_service` places of its (account, region, service). `role_failure_s`: for so long a role that could
    not be assumed is not asked for again.
    """

    parallel_per_service: int = 8
    connect_timeout_s: float = 3.0
    read_timeout_s: float = 10.0
    attempts: int = 4
    queue_timeout_s: float = 30.0
    role_failure_s: float = 15.0
