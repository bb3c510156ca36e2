"""Tries the trust of the role that writes, and those of its writes that EC2 offers to rehearse. Nothing is changed.

The session is cut to the calls that are rehearsed, and each of them says `DryRun`; without any it may do nothing.
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/CommonParameters.html
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import botocore.session
from botocore import xform_name

from diagnostics.aws_access.failures import READ_ERRORS, gap_of
from diagnostics.aws_access.sessions import own_region
from diagnostics.facts.fact import Gap
from remediations.sessions import OnBehalf, WriteAccount, assume_parameters, config

READ_TIMEOUT_S: Final = 8.0
ATTEMPTS: Final = 2
ASSUME: Final = "sts:AssumeRole"
WOULD_HAVE: Final = "DryRunOperation"
NOBODY: Final = "192.0.2.1/32"
"""An address of the range for examples. https://www.rfc-editor.org/rfc/rfc5737"""
PORT: Final = 9
LAST_RULE: Final = 32_000
WHO: Final = OnBehalf(person="alb502 doctor", person_id="alb502-doctor", incident="doctor", plan_id="doctor")


@dataclass(frozen=True, slots=True)
class Real:
    """Things to rehearse on; a rehearsal takes something that is there."""

    group: str | None = None
    acl: str | None = None


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """`denied`: the gap of each action that the role may not do. `unknown`: those that could not be rehearsed."""

    permitted: tuple[str, ...] = ()
    denied: tuple[Gap, ...] = ()
    unknown: tuple[str, ...] = ()


REHEARSED: Final = (
    "ec2:AuthorizeSecurityGroupEgress",
    "ec2:AuthorizeSecurityGroupIngress",
    "ec2:CreateNetworkAclEntry",
    "ec2:DeleteNetworkAclEntry",
    "ec2:RevokeSecurityGroupEgress",
    "ec2:RevokeSecurityGroupIngress",
)


def rehearse(account: WriteAccount, region: str, actions: Collection[str], real: Real) -> Rehearsed | Gap:
    """What of these actions the role may do; the gap when it could not be assumed."""
    wanted = [action for action in REHEARSED if action in actions]
    session = _session(account, region, wanted)
    if isinstance(session, Gap):
        return session
    try:
        client = session.create_client("ec2", region_name=region, config=config(ATTEMPTS, READ_TIMEOUT_S))
    except READ_ERRORS:
        return Rehearsed(unknown=tuple(wanted))
    permitted, denied, unknown = [], [], []
    for action in wanted:
        parameters = _parameters(action, real)
        answer = None if parameters is None else _dry(client, action, parameters, account, region)
        if answer is None:
            unknown.append(action)
        elif answer.error == WOULD_HAVE:
            permitted.append(action)
        elif answer.kind == "denied":
            denied.append(answer)
        else:
            unknown.append(action)
    return Rehearsed(tuple(permitted), tuple(denied), tuple(unknown))


def _dry(client: Any, action: str, parameters: Mapping[str, Any], account: WriteAccount, region: str) -> Gap | None:
    """EC2 answers a rehearsal with an error, whatever it finds."""
    try:
        getattr(client, xform_name(action.partition(":")[2]))(**{**parameters, "DryRun": True})
    except READ_ERRORS as error:
        return gap_of(error, action=action, resource="*", region=region, role_arn=account.remediate_role)
    return None


def _session(account: WriteAccount, region: str, actions: Collection[str]) -> botocore.session.Session | Gap:
    own, home = botocore.session.get_session(), region
    try:
        home = own_region(own) or region
        sts = own.create_client("sts", region_name=home, config=config(ATTEMPTS, READ_TIMEOUT_S))
        given = sts.assume_role(**assume_parameters(account, _policy(actions), WHO))["Credentials"]
        session = botocore.session.Session()
        session.set_credentials(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
    except READ_ERRORS as error:
        return gap_of(error, action=ASSUME, resource=account.remediate_role, region=home)
    return session


def _policy(actions: Collection[str]) -> str:
    """What the session is cut to."""
    nothing = {"Effect": "Deny", "Action": "*", "Resource": "*"}
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"} if actions else nothing
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, separators=(",", ":"))


def _parameters(action: str, real: Real) -> dict[str, Any] | None:
    if "SecurityGroup" in action:
        if real.group is None:
            return None
        peer = {"IpProtocol": "tcp", "FromPort": PORT, "ToPort": PORT, "UserIdGroupPairs": [{"GroupId": real.group}]}
        return {"GroupId": real.group, "IpPermissions": [peer]}
    if real.acl is None:
        return None
    entry = {"NetworkAclId": real.acl, "RuleNumber": LAST_RULE, "Egress": False}
    return {**entry, **_ENTRY} if action == "ec2:CreateNetworkAclEntry" else entry


_ENTRY: Final[Mapping[str, Any]] = MappingProxyType(
    {"Protocol": "6", "RuleAction": "deny", "CidrBlock": NOBODY, "PortRange": {"From": PORT, "To": PORT}}
)
