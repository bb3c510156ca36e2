"""Policy statements that are ready to paste, with as few as it takes for one role. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable
from typing import Any, Final

from bot.settings.models import Athena
from diagnostics.aws_access import Account
from diagnostics.aws_access.read_policy import (
    AthenaReach,
    athena_reach,
    reach,
    read_policy,
    read_trust_policy,
    reader_policy,
)
from diagnostics.aws_access.region_names import partition_of
from remediations.policy import executor_policy, published_policy, trust_policy

EXTERNAL_ID: Final = "THE-EXTERNAL-ID-OF-THE-SETTINGS"
"""It is a secret, so that whoever pastes puts it in."""
_SESSION: Final = re.compile(r"arn:(?P<partition>[^:]+):sts::(?P<account>[0-9]{12}):assumed-role/(?P<role>[^/]+)/.+")


def principal_of(arn: str) -> str:
    """The role behind a session, as policies name it; any other identity as it is. STS leaves out a role's path."""
    found = _SESSION.fullmatch(arn)
    return f"arn:{found['partition']}:iam::{found['account']}:role/{found['role']}" if found else arn


def allowing(actions: Collection[str], account: Account, athena: Athena) -> str:
    """The statements of the published policy, cut to these actions."""
    partition = partition_of(account.regions[0]) if account.regions else "aws"
    within = reach(account.id, partition, athena=_athena(athena, account, partition))
    return _cut(read_policy(within)["Statement"], actions)


def allowing_to_write(actions: Collection[str], fixes: Collection[str], account: Account) -> str:
    """The same of the policy of the role that writes."""
    partition = partition_of(account.regions[0]) if account.regions else "aws"
    return _cut(published_policy(fixes, account=account.id, partition=partition)["Statement"], actions)


def trusting(caller: str, *, with_external_id: bool) -> str:
    """What lets the caller assume a role that reads."""
    return _shown(read_trust_policy([caller], EXTERNAL_ID if with_external_id else None)["Statement"])


def trusting_executor(caller: str, *, with_external_id: bool) -> str:
    """The same for the role that writes."""
    return _shown(trust_policy(caller, EXTERNAL_ID if with_external_id else None)["Statement"])


def for_caller(role: str) -> str:
    """What the caller itself has to be allowed."""
    return _shown(reader_policy([role])["Statement"])


def for_executor(role: str) -> str:
    return _shown(executor_policy([role])["Statement"])


def simulating(role: str) -> str:
    return _shown([{"Effect": "Allow", "Action": "iam:SimulatePrincipalPolicy", "Resource": role}])


def _athena(athena: Athena, account: Account, partition: str) -> AthenaReach | None:
    """None where the settings do not say enough."""
    if not (athena.workgroup and athena.database and athena.output):
        return None
    place = athena.output.removeprefix("s3://")
    return athena_reach(athena.workgroup, athena.database, place, account.id, partition)


def _cut(statements: Iterable[dict[str, Any]], actions: Collection[str]) -> str:
    """One statement for all actions with the same resources and conditions."""
    merged: dict[str, dict[str, Any]] = {}
    left = set(actions)
    for statement in statements:
        if statement["Effect"] != "Allow":
            continue
        own = statement["Action"]
        kept = sorted(left & set([own] if isinstance(own, str) else own))
        rest = {key: value for key, value in statement.items() if key not in ("Action", "Sid", "Effect")}
        if kept:
            into = merged.setdefault(json.dumps(rest, sort_keys=True), {"Effect": "Allow", "Action": [], **rest})
            into["Action"] = sorted({*into["Action"], *kept})
            left -= set(kept)
    if left:
        merged["*"] = {"Effect": "Allow", "Action": sorted(left), "Resource": "*"}
    return _shown(merged.values())


def _shown(statements: Iterable[dict[str, Any]]) -> str:
    """Compact, one statement a line."""
    return ",\n".join(json.dumps(one) for one in statements)
