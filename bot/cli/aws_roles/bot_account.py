"""The CloudFormation template of the account where the bot runs: the identities of its worker and its executor."""

from __future__ import annotations

import json
from typing import Any, Final

from bot.cli.aws_roles import identities
from bot.cli.aws_roles.cloudformation import (
    NO_VALUE,
    filled_in,
    given,
    permissions_boundary,
    role_name_prefix,
    words,
)
from bot.cli.aws_roles.member_account import ACCOUNT, PARTITION

PROVIDER: Final = "${OidcProvider}"
_MADE: Final = "MakesExecutor"
_ORGANISATION: Final = "WithinOrganisation"
_IDENTITIES: Final = ("Worker", "Executor")


def template() -> dict[str, Any]:
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "alb502: the identities of its worker and its executor, in the account where it runs",
        "Parameters": _parameters(),
        "Rules": {
            "ProviderOfTokens": {
                "RuleCondition": {"Fn::Equals": [{"Ref": "Platform"}, "irsa"]},
                "Assertions": [
                    {"Assert": given("OidcProvider"), "AssertDescription": "OidcProvider is needed with Platform irsa"}
                ],
            }
        },
        "Conditions": {
            _MADE: {"Fn::Equals": [{"Ref": "Executor"}, "yes"]},
            _ORGANISATION: given("OrganizationId"),
            "HasBoundary": given("PermissionsBoundaryArn"),
            "OnPodIdentity": {"Fn::Equals": [{"Ref": "Platform"}, "pod-identity"]},
            "OnServiceAccounts": {"Fn::Equals": [{"Ref": "Platform"}, "irsa"]},
            "Associates": {"Fn::And": [{"Condition": "OnPodIdentity"}, given("ClusterName")]},
            "AssociatesExecutor": {"Fn::And": [{"Condition": "Associates"}, {"Condition": _MADE}]},
        },
        "Resources": {name: resource for identity in _IDENTITIES for name, resource in _resources(identity).items()},
        "Outputs": {
            f"{one}RoleArn": _when(one, {"Description": _TOLD[one], "Value": {"Fn::GetAtt": [f"{one}Role", "Arn"]}})
            for one in _IDENTITIES
        },
    }


_TOLD: Final = {
    "Worker": "ReaderArn of the members' template; the annotation of the worker's service account",
    "Executor": "ExecutorArn of the members' template; the annotation of the executor's service account",
}


def _parameters() -> dict[str, Any]:
    name = r"[a-z0-9]([a-z0-9-]{0,251}[a-z0-9])?"
    return {
        "Platform": {
            "Type": "String",
            "Description": "Where the bot runs: EKS Pod Identity, EKS with IAM roles for service accounts, or ECS",
            "Default": identities.PLATFORMS[0],
            "AllowedValues": list(identities.PLATFORMS),
        },
        "Executor": {
            "Type": "String",
            "Description": "no: nobody carries out fixes, and no identity for that is made",
            "Default": "yes",
            "AllowedValues": ["yes", "no"],
        },
        "OidcProvider": words(
            "With irsa: the cluster's issuer without https://, as oidc.eks.REGION.amazonaws.com/id/ID",
            r"[A-Za-z0-9.-]+(/[\w.-]+)*",
            "the issuer without https://, or nothing",
        ),
        "ClusterName": words(
            "With pod-identity: the EKS cluster with which the roles are associated. Empty: you do that yourself.",
            r"[0-9A-Za-z][\w-]{0,99}",
            "the name of an EKS cluster, or nothing",
        ),
        "Namespace": words("The namespace of the bot.", name, "the name of a namespace", "alb502"),
        "WorkerServiceAccount": words("The worker's.", name, "the name of a service account", "alb502-worker"),
        "ExecutorServiceAccount": words("The executor's.", name, "the name of a service account", "alb502-executor"),
        "RoleNamePrefix": role_name_prefix(
            "As in the members' template; the roles here are called so, followed by -worker and -executor."
        ),
        "OrganizationId": words(
            "Only roles of this organisation may be assumed. Empty: those of any account that trusts these identities.",
            r"o-[a-z0-9]{10,32}",
            "the id of an organisation, such as o-exampleorgid, or nothing",
        ),
        "PermissionsBoundaryArn": permissions_boundary(),
    }


def _resources(identity: str) -> dict[str, Any]:
    role = {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "RoleName": {"Fn::Sub": f"${{RoleNamePrefix}}-{identity.lower()}"},
            "Description": f"What the {identity.lower()} of alb502 is in AWS",
            "AssumeRolePolicyDocument": _trust(f"${{{identity}ServiceAccount}}"),
            "Policies": [{"PolicyName": "assume", "PolicyDocument": _assumes(identity)}],
            "PermissionsBoundary": {"Fn::If": ["HasBoundary", {"Ref": "PermissionsBoundaryArn"}, NO_VALUE]},
            "Tags": [{"Key": "alb502:role", "Value": identity.lower()}],
        },
    }
    association = {
        "Type": "AWS::EKS::PodIdentityAssociation",
        "Condition": "Associates" if identity == "Worker" else "AssociatesExecutor",
        "Properties": {
            "ClusterName": {"Ref": "ClusterName"},
            "Namespace": {"Ref": "Namespace"},
            "ServiceAccount": {"Ref": f"{identity}ServiceAccount"},
            "RoleArn": {"Fn::GetAtt": [f"{identity}Role", "Arn"]},
        },
    }
    return {f"{identity}Role": _when(identity, role), f"{identity}Association": association}


def _when(identity: str, part: dict[str, Any]) -> dict[str, Any]:
    return {"Condition": _MADE, **part} if identity == "Executor" else part


def _trust(service_account: str) -> dict[str, Any]:
    """With IRSA the provider is part of a key, into which a template can put nothing: that document is a text."""
    provider = f"arn:{PARTITION}:iam::{ACCOUNT}:oidc-provider/{PROVIDER}"
    by_token = identities.irsa_trust(provider, PROVIDER, "${Namespace}", service_account)
    by_tags = identities.pod_identity_trust("${Namespace}", service_account)
    of_tasks = identities.ecs_trust(ACCOUNT, PARTITION)
    others = {"Fn::If": ["OnPodIdentity", filled_in(by_tags, {}), filled_in(of_tasks, {})]}
    return {"Fn::If": ["OnServiceAccounts", {"Fn::Sub": f"{json.dumps(by_token, indent=2)}\n"}, others]}


def _assumes(identity: str) -> dict[str, Any]:
    read, remediate = (f"arn:{PARTITION}:iam::*:role/${{RoleNamePrefix}}-{ending}" for ending in ("read", "remediate"))
    found = identities.worker(read) if identity == "Worker" else identities.executor(read, remediate)
    anywhere = filled_in(found, {})
    within = filled_in(identities.within_organisation(found, "${OrganizationId}"), {})
    return {"Fn::If": [_ORGANISATION, within, anywhere]}
