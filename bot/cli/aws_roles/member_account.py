"""The CloudFormation template of an account that is looked at: the role that reads and, where an executor is named, the
one that approved fixes are carried out with. Made for a StackSet over an organisation, and for one account alone."""

from __future__ import annotations

from typing import Any, Final

from bot.cli.aws_roles import sizes
from bot.cli.aws_roles.cloudformation import (
    NO_VALUE,
    both,
    document,
    filled_in,
    given,
    given_list,
    negated,
    permissions_boundary,
    role_name_prefix,
    several,
    text,
    words,
)
from bot.cli.aws_roles.variants import BUCKETS, GROUPS, KEYS, OBJECTS, When, parts, whole
from diagnostics.aws_access.read_policy import LOG_KEYS, read_trust_policy
from remediations.policy import published_policy, trust_policy

PARTITION: Final = "${AWS::Partition}"
ACCOUNT: Final = "${AWS::AccountId}"
MAY_REMEDIATE: Final = "MayRemediate"
MAY_SIMULATE: Final = "MaySimulate"
_TWO_READERS: Final = "ExecutorIsAnother"
_ROLE_ARN: Final = r"arn:aws[a-z-]*:(iam|sts)::[0-9]{12}:(role|user|assumed-role)/.+"
_KEY_ARN: Final = r"arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/.+"
_BUCKET_ARN: Final = r"arn:aws[a-z-]*:s3:::[a-z0-9][a-z0-9.-]+[a-z0-9]"
_GROUP_ARN: Final = r"arn:aws[a-z-]*:logs:[^:]*:[^:]*:log-group:[^:]+:\*"
_EXECUTOR: Final = "@executor"
_FILES: Final = f"/{LOG_KEYS}"


def _lists() -> dict[str, Any]:
    """Each as one text with commas, since a template cannot put two lists together."""
    each = {"Fn::Join": [f"{_FILES},", {"Ref": "LogBucketArns"}]}
    anywhere = f"arn:{PARTITION}:s3:::*"
    return {
        BUCKETS: {"Fn::If": ["NarrowBuckets", _joined("LogBucketArns"), text(anywhere)]},
        OBJECTS: {
            "Fn::If": [
                "NarrowBuckets",
                {"Fn::Sub": [f"${{Buckets}}{_FILES}", {"Buckets": each}]},
                text(f"{anywhere}{_FILES}"),
            ]
        },
        GROUPS: {
            "Fn::If": [
                "NarrowLogGroups",
                _joined("LogGroupArns"),
                text(f"arn:{PARTITION}:logs:*:{ACCOUNT}:log-group:*:*"),
            ]
        },
        KEYS: _joined("KmsKeyArns"),
    }


def _joined(parameter: str) -> dict[str, Any]:
    return {"Fn::Join": [",", {"Ref": parameter}]}


def template() -> dict[str, Any]:
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "alb502: the role that reads this account and, if wanted, the role that approved fixes use",
        "Metadata": {"AWS::CloudFormation::Interface": {"ParameterGroups": _groups()}},
        "Parameters": _parameters(),
        "Rules": _rules(),
        "Conditions": {
            MAY_REMEDIATE: given("ExecutorArn"),
            MAY_SIMULATE: {
                "Fn::And": [{"Condition": MAY_REMEDIATE}, {"Fn::Equals": [{"Ref": "DoctorMaySimulate"}, "yes"]}]
            },
            _TWO_READERS: {
                "Fn::And": [
                    {"Condition": MAY_REMEDIATE},
                    {"Fn::Not": [{"Fn::Equals": [{"Ref": "ReaderArn"}, {"Ref": "ExecutorArn"}]}]},
                ]
            },
            "HasBoundary": given("PermissionsBoundaryArn"),
            "NarrowBuckets": given_list("LogBucketArns"),
            "NarrowLogGroups": given_list("LogGroupArns"),
            str(When.KEYS): given_list("KmsKeyArns"),
            str(When.NO_KEYS): negated(When.KEYS),
            str(When.ATHENA): given("AthenaWorkgroup"),
            str(When.NO_ATHENA): negated(When.ATHENA),
            str(When.KEYS_AND_ATHENA): both(When.KEYS, When.ATHENA),
            str(When.KEYS_ALONE): both(When.KEYS, When.NO_ATHENA),
        },
        "Resources": _policies() | _roles() | _simulation(),
        "Outputs": _outputs(),
    }


def _groups() -> list[dict[str, Any]]:
    groups = {
        "Who may assume the roles": ["ReaderArn", "ExecutorArn", "ExternalId", "DoctorMaySimulate"],
        "What is read of logs": ["LogBucketArns", "LogGroupArns", "KmsKeyArns"],
        "Athena, if it is used": ["AthenaWorkgroup", "AthenaDatabase", "AthenaBucket", "AthenaPrefix"],
        "How the roles are made": ["RoleNamePrefix", "PermissionsBoundaryArn"],
    }
    return [{"Label": {"default": label}, "Parameters": names} for label, names in groups.items()]


def _parameters() -> dict[str, Any]:
    identity = "the ARN of a role or a user"
    return {
        "ReaderArn": words(
            "The identity that diagnoses: the worker's role, or that of --role all. It has to exist already.",
            _ROLE_ARN,
            identity,
            None,
        ),
        "ExecutorArn": words(
            "The identity that carries out approved fixes. Empty: no role that can change anything is made.",
            _ROLE_ARN,
            f"{identity}, or nothing",
        ),
        "ExternalId": words(
            "One for your installation of alb502, of 16 characters or more: openssl rand -hex 16",
            r"[\w+=,.@:/-]{16,1224}",
            "16 to 1224 letters, digits and any of _+=,.@:/-",
            None,
        )
        | {"NoEcho": True},
        "DoctorMaySimulate": {
            "Type": "String",
            "Description": "yes: the read role may ask IAM what the remediation role is allowed, for alb502 doctor",
            "Default": "no",
            "AllowedValues": ["yes", "no"],
        },
        "LogBucketArns": several(
            "Buckets with access logs, as arn:aws:s3:::NAME. Empty: every bucket, of it only load balancers' logs.",
            _BUCKET_ARN,
            "ARNs of buckets with commas between them, or nothing",
        ),
        "LogGroupArns": several(
            "Groups of CloudWatch Logs that may be read, as arn:aws:logs:*:*:log-group:/ecs/*:*. Empty: all.",
            _GROUP_ARN,
            "ARNs of log groups that end in :*, with commas between them, or nothing",
        ),
        "KmsKeyArns": several(
            "Keys with which logs are encrypted. Empty: nothing is ever decrypted.",
            _KEY_ARN,
            "ARNs of keys with commas between them, or nothing",
        ),
        "AthenaWorkgroup": words("Empty: no Athena.", r"[\w.-]{1,128}", "the name of a work group, or nothing"),
        "AthenaDatabase": words("The database of the table.", r"[\w.-]{1,128}", "the name of a database, or nothing"),
        "AthenaBucket": words(
            "The bucket that Athena writes results to.",
            r"[a-z0-9][a-z0-9.-]+[a-z0-9]",
            "the name of a bucket, or nothing",
        ),
        "AthenaPrefix": words(
            "Where in that bucket, with / at its end.", r"[^*?]*/", "a prefix that ends in /", "alb502/"
        ),
        "RoleNamePrefix": role_name_prefix("The roles are called so, followed by -read and -remediate."),
        "PermissionsBoundaryArn": permissions_boundary(),
    }


def _rules() -> dict[str, Any]:
    wanted = ("AthenaDatabase", "AthenaBucket")
    return {
        "AthenaIsWhole": {
            "RuleCondition": given("AthenaWorkgroup"),
            "Assertions": [
                {"Assert": given(name), "AssertDescription": f"{name} is needed with AthenaWorkgroup"}
                for name in wanted
            ],
        }
    }


def _policies() -> dict[str, Any]:
    found = {}
    reach = whole(PARTITION, ACCOUNT, lambda name: f"${{Athena{name.capitalize()}}}")
    for name, statements in parts(reach).items():
        logical = "NeverContentsPolicy" if name == "contents" else f"Read{name.capitalize()}Policy"
        found[logical] = _policy(_ABOUT[name], document(statements, _lists()))
    remediate = published_policy(account=ACCOUNT, partition=PARTITION)
    for number, part in enumerate(sizes.divided(remediate), start=1):
        policy = _policy("What approved fixes may change", filled_in(part, {}))
        found[f"RemediatePolicy{number}"] = {**policy, "Condition": MAY_REMEDIATE}
    return found


_ABOUT: Final = {
    "describe": "What is described to diagnose, and to look around a fix",
    "logs": "Which logs may be read",
    "limits": "Files and keys that are never read, whatever else is allowed",
    "contents": "Secrets, parameters, code and rows that are never read, whatever else is allowed",
}


def _policy(description: str, policy: dict[str, Any]) -> dict[str, Any]:
    return {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"Description": description, "PolicyDocument": policy}}


def _roles() -> dict[str, Any]:
    policies = _policies()
    reading = [{"Ref": name} for name in policies if not name.startswith("RemediatePolicy")]
    writing = [{"Ref": name} for name in policies if name.startswith(("RemediatePolicy", "NeverContents"))]
    trust = filled_in(read_trust_policy(["${ReaderArn}", _EXECUTOR], "${ExternalId}"), {})
    for statement in trust["Statement"]:
        executor = {"Fn::If": [_TWO_READERS, {"Ref": "ExecutorArn"}, NO_VALUE]}
        statement["Principal"]["AWS"] = [executor if one == _EXECUTOR else one for one in statement["Principal"]["AWS"]]
    return {
        "ReadRole": _role("read", "alb502 reads this account with it", trust, reading),
        "RemediateRole": {
            **_role(
                "remediate",
                "alb502 carries out approved fixes with it, each with a session of its own",
                filled_in(trust_policy("${ExecutorArn}", "${ExternalId}"), {}),
                writing,
            ),
            "Condition": MAY_REMEDIATE,
        },
    }


def _role(ending: str, description: str, trust: dict[str, Any], policies: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "RoleName": {"Fn::Sub": f"${{RoleNamePrefix}}-{ending}"},
            "Description": description,
            "AssumeRolePolicyDocument": trust,
            "ManagedPolicyArns": policies,
            "MaxSessionDuration": 3600,
            "PermissionsBoundary": {"Fn::If": ["HasBoundary", {"Ref": "PermissionsBoundaryArn"}, NO_VALUE]},
            "Tags": [{"Key": "alb502:role", "Value": ending}],
        },
    }


def _simulation() -> dict[str, Any]:
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html"""
    statement = {
        "Effect": "Allow",
        "Action": "iam:SimulatePrincipalPolicy",
        "Resource": {"Fn::GetAtt": ["RemediateRole", "Arn"]},
    }
    properties = {
        "PolicyName": "simulate",
        "PolicyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        "Roles": [{"Ref": "ReadRole"}],
    }
    return {"SimulatePolicy": {"Type": "AWS::IAM::Policy", "Condition": MAY_SIMULATE, "Properties": properties}}


def _outputs() -> dict[str, Any]:
    written = '- name: account-${AWS::AccountId}\n  id: "${AWS::AccountId}"\n  regions: [${AWS::Region}]\n'
    read = f"{written}  read_role: ${{ReadRole.Arn}}\n"
    external = "  external_id_file: /run/secrets/alb502-external-id\n"
    remediate = "  remediate_role: ${RemediateRole.Arn}\n"
    return {
        "ReadRoleArn": {"Description": "accounts[].read_role", "Value": {"Fn::GetAtt": ["ReadRole", "Arn"]}},
        "RemediateRoleArn": {
            "Condition": MAY_REMEDIATE,
            "Description": "accounts[].remediate_role",
            "Value": {"Fn::GetAtt": ["RemediateRole", "Arn"]},
        },
        "Settings": {
            "Description": "An entry of accounts in the settings; name, regions and the file are yours to choose",
            "Value": {
                "Fn::If": [
                    MAY_REMEDIATE,
                    {"Fn::Sub": f"{read}{remediate}{external}"},
                    {"Fn::Sub": f"{read}{external}"},
                ]
            },
        },
    }
