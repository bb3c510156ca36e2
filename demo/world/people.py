"""Those who change things: roles with session names, so that CloudTrail can say who it was."""

from __future__ import annotations

from typing import Any

from demo.aws.call import account_key
from demo.world.in_process import InProcessClients

BUILDER = "infrastructure/initial-setup"


class People:
    """Clients acting as `role/session` in an account; a name without a session gets `session`."""

    def __init__(self, clients: InProcessClients) -> None:
        self._clients = clients
        self._credentials: dict[tuple[str, str], dict[str, str]] = {}
        self._made: dict[tuple[str, str, str, str], Any] = {}

    @property
    def role_arns(self) -> frozenset[str]:
        """Roles that acted so far."""
        return frozenset(role_arn(account, who) for account, who in self._credentials)

    def client(self, service: str, account: str, region: str, who: str = BUILDER) -> Any:
        """A boto3 client of that person."""
        key = (service, account, region, who)
        if key not in self._made:
            given = self._assume(account, region, who)
            self._made[key] = self._clients.client(
                service, region, given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"]
            )
        return self._made[key]

    def _assume(self, account: str, region: str, who: str) -> dict[str, str]:
        if (account, who) not in self._credentials:
            sts = self._clients.client("sts", region, account_key(account))
            session = who.partition("/")[2] or "session"
            answer = sts.assume_role(RoleArn=role_arn(account, who), RoleSessionName=session, DurationSeconds=3600)
            self._credentials[(account, who)] = answer["Credentials"]
        return self._credentials[(account, who)]


def role_arn(account: str, who: str) -> str:
    """The role of `role/session`."""
    return f"arn:aws:iam::{account}:role/{who.partition('/')[0]}"
