"""Puts a Lambda function behind a load balancer, through the API."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

from demo.world.balancers import Request
from demo.world.functions import FunctionApp

if TYPE_CHECKING:
    from demo.world.builder import AccountBuilder

ALIAS = "live"
TIMEOUT_S = 10
MEMORY_MIB = 512


def add_function(acct: AccountBuilder, name: str, *, group: str, app: FunctionApp, rpm: float) -> str:
    """A function with an alias, its target group as the listener's default, and clients. Returns the alias's ARN."""
    balancer, elb, functions = acct.load_balancer(), acct.client("elbv2"), acct.client("lambda")
    role = acct.client("iam").create_role(RoleName=f"{name}-role", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    functions.create_function(
        FunctionName=name,
        Runtime="python3.13",
        Role=role,
        Handler="app.handler",
        Code={"ZipFile": _package()},
        Timeout=TIMEOUT_S,
        MemorySize=MEMORY_MIB,
    )
    functions.publish_version(FunctionName=name)
    alias = str(functions.create_alias(FunctionName=name, Name=ALIAS, FunctionVersion="1")["AliasArn"])
    target_group = elb.create_target_group(Name=group, TargetType="lambda")["TargetGroups"][0]["TargetGroupArn"]
    functions.add_permission(
        FunctionName=name,
        Qualifier=ALIAS,
        StatementId="alb",
        Action="lambda:InvokeFunction",
        Principal="elasticloadbalancing.amazonaws.com",
        SourceArn=target_group,
    )
    elb.register_targets(TargetGroupArn=target_group, Targets=[{"Id": alias}])
    action = {"Type": "forward", "TargetGroupArn": target_group}
    elb.modify_listener(ListenerArn=balancer.listener, DefaultActions=[action])
    acct.world.region(acct.account, acct.region).functions.apps[name] = app
    acct.clients_of(balancer, Request(balancer.dns_name, "/", balancer.port), rpm)
    return alias


def _package() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("app.py", "def handler(event, context): ...\n")
    return packed.getvalue()
