"""Roles with exactly the policies that this project publishes, in front of a simulated AWS, and what is asked of them.

Every call has to pass the guard of the simulated AWS, and is judged a second time by a program that knows nothing of
ours: moto's reading of IAM documents. That one leaves conditions and NotResource out, so those are worked out here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from functools import cache
from typing import Any, Final

from moto.iam.access_control import IAMPolicy, PermissionResult

from demo.aws.guards import IamGuard, TrustGuard
from demo.aws.iam_request import Permission, permissions_needed
from demo.aws.layer import AwsLayer, Call
from demo.aws.sts_limits import SessionLimits
from diagnostics.aws_access import Account
from diagnostics.aws_access.read_policy import reach, read_policy, reader_policy
from remediations.policy import executor_policy, published_policy
from remediations.sessions import WriteAccount, WriteSessions
from tests import aws_use
from tests.aws_use import CHANGES, READS

EXTERNAL_ID: Final = "a-secret-between-us"
ANY_ACCOUNT: Final = "111122223333"
WORKER, EXECUTOR = "worker", "executor"
_ASKS_FOR: Final = {"Tags": "sts:TagSession", "SourceIdentity": "sts:SetSourceIdentity"}


class RolesOfAnAccount:
    """The role that reads and the one that writes, with the guards that hold them to their policies."""

    def __init__(self, layer: AwsLayer, account: str) -> None:
        self.account = account
        self.read_role = f"arn:aws:iam::{account}:role/alb502-read"
        self.fix_role = f"arn:aws:iam::{account}:role/alb502-remediate"
        self.assumed: list[dict[str, Any]] = []
        self._asked: dict[tuple[str, str, str, str], Permission] = {}
        policies = {
            self.read_role: [read_policy(reach(account))],
            self.fix_role: [published_policy(account=account)],
        }
        self._trust = TrustGuard({self.read_role: EXTERNAL_ID, self.fix_role: EXTERNAL_ID})
        SessionLimits().install(layer)
        layer.before.append(self._admit)
        IamGuard(policies).install(layer)
        layer.before.append(self._note)

    def reader(self, *regions: str) -> Account:
        return Account(id=self.account, name="prod", regions=regions, read_role=self.read_role, external_id=EXTERNAL_ID)

    def writers(self) -> WriteSessions:
        account = WriteAccount(id=self.account, remediate_role=self.fix_role, external_id=EXTERNAL_ID)
        return WriteSessions({self.account: account})

    def check(self) -> None:
        """Everything that was let through is what the documents allow, as somebody else reads them."""
        refused = []
        for (whose, *_), asked in self._asked.items():
            arn, context = (_anonymous(text, self.account) for text in (asked.resource, json.dumps(asked.context)))
            if not judge(whose).allows(asked.action, arn, json.loads(context)):
                refused.append((whose, asked))
        assert refused == []

    def _admit(self, call: Call) -> None:
        """Other roles are those of the people of the world, who may do what they like."""
        if call.params.get("RoleArn") in (self.read_role, self.fix_role):
            self._trust(call)

    def _note(self, call: Call) -> None:
        if call.service == "sts" and call.operation == "AssumeRole":
            self._note_assuming(call)
            return
        role = call.principal.role_arn if call.principal else None
        whose = {self.read_role: READS, self.fix_role: CHANGES}.get(str(role))
        if whose is None or call.iam_action == "sts:GetCallerIdentity":
            return
        for asked in permissions_needed(call):
            self._keep(whose, asked)

    def _note_assuming(self, call: Call) -> None:
        self.assumed.append(dict(call.params))
        role = str(call.params["RoleArn"])
        if role not in (self.read_role, self.fix_role):
            return
        actions = ["sts:AssumeRole", *(action for name, action in _ASKS_FOR.items() if call.params.get(name))]
        for action in actions:
            for whose in (WORKER, EXECUTOR) if role == self.read_role else (EXECUTOR,):
                self._keep(whose, Permission(action, role))

    def _keep(self, whose: str, asked: Permission) -> None:
        self._asked[whose, asked.action, asked.resource, json.dumps(asked.context, sort_keys=True)] = asked
        if whose in (READS, CHANGES):
            aws_use.note(whose, asked.action)


class Judge:
    """Whether a document allows an action on an ARN in the context of a request."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._statements = [(statement, *_by_moto(statement)) for statement in document["Statement"]]

    def allows(self, action: str, arn: str, context: Mapping[str, str]) -> bool:
        effects = {
            statement["Effect"]
            for statement, there, elsewhere in self._statements
            if _matches(there, action, arn)
            and not (elsewhere is not None and _matches(elsewhere, action, arn))
            and holds(statement.get("Condition", {}), context)
        }
        return effects == {"Allow"}


def _by_moto(statement: Mapping[str, Any]) -> tuple[IAMPolicy, IAMPolicy | None]:
    """What the statement is about, and what it leaves out."""
    elsewhere = statement.get("NotResource")
    there = _allowing(statement["Action"], statement.get("Resource", "*"))
    return there, None if elsewhere is None else _allowing(statement["Action"], elsewhere)


def _allowing(action: Any, resource: Any) -> IAMPolicy:
    statement = {"Effect": "Allow", "Action": action, "Resource": resource}
    return IAMPolicy(json.dumps({"Version": "2012-10-17", "Statement": [statement]}))


def _matches(policy: IAMPolicy, action: str, arn: str) -> bool:
    return bool(policy.is_action_permitted(action, arn) == PermissionResult.PERMITTED)


def holds(condition: Mapping[str, Mapping[str, Any]], context: Mapping[str, str]) -> bool:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html"""
    return all(
        _holds(operator, context.get(key), [values] if isinstance(values, str) else list(values))
        for operator, keys in condition.items()
        for key, values in keys.items()
    )


def _holds(operator: str, given: str | None, values: list[str]) -> bool:
    match operator:
        case "StringEquals":
            return given in values
        case "StringLike" | "ArnLike":
            return given is not None and any(fnmatchcase(given, value) for value in values)
        case "StringNotLike":
            return given is None or not any(fnmatchcase(given, value) for value in values)
    raise ValueError(f"nobody has thought of {operator} yet")


@cache
def judge(whose: str) -> Judge:
    read, remediate = (f"arn:aws:iam::{ANY_ACCOUNT}:role/alb502-{name}" for name in ("read", "remediate"))
    documents = {
        READS: lambda: read_policy(reach(ANY_ACCOUNT)),
        CHANGES: lambda: published_policy(account=ANY_ACCOUNT),
        WORKER: lambda: reader_policy([read]),
        EXECUTOR: lambda: executor_policy([remediate], [read]),
    }
    return Judge(documents[whose]())


def _anonymous(text: str, account: str) -> str:
    return re.sub(rf"\b{account}\b", ANY_ACCOUNT, text)
