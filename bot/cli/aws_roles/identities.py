"""The identities that the processes of the bot have themselves: whom AWS lets have them, and what they may do.

`web` has none: it never asks AWS anything.
"""

from __future__ import annotations

from typing import Any, Final

from diagnostics.aws_access.read_policy import reader_policy
from remediations.policy import executor_policy

Document = dict[str, Any]
PLATFORMS: Final = ("pod-identity", "irsa", "ecs")
"""EKS Pod Identity, IAM roles for service accounts, or a task of ECS."""
_TAG: Final = "aws:RequestTag/kubernetes-{}"


def worker(read_role: str) -> Document:
    """It diagnoses, with the roles that read."""
    return reader_policy([read_role])


def executor(read_role: str, remediate_role: str) -> Document:
    return executor_policy([remediate_role], [read_role])


def within_organisation(document: Document, organisation: str) -> Document:
    """Only roles of accounts of this organisation: a name is easily used by somebody else's account, too."""
    condition = {"StringEquals": {"aws:ResourceOrgID": organisation}}
    return {**document, "Statement": [{**one, "Condition": condition} for one in document["Statement"]]}


def pod_identity_trust(namespace: str, service_account: str) -> Document:
    """https://docs.aws.amazon.com/eks/latest/userguide/pod-id-role.html"""
    tags = {_TAG.format("namespace"): namespace, _TAG.format("service-account"): service_account}
    return _trust(["sts:AssumeRole", "sts:TagSession"], {"Service": "pods.eks.amazonaws.com"}, {"StringEquals": tags})


def irsa_trust(provider_arn: str, provider: str, namespace: str, service_account: str) -> Document:
    """`provider`: its address without https://.
    https://docs.aws.amazon.com/eks/latest/userguide/associate-service-account-role.html"""
    token = {
        f"{provider}:aud": "sts.amazonaws.com",
        f"{provider}:sub": f"system:serviceaccount:{namespace}:{service_account}",
    }
    return _trust("sts:AssumeRoleWithWebIdentity", {"Federated": provider_arn}, {"StringEquals": token})


def ecs_trust(account: str, partition: str) -> Document:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html"""
    from_here = {
        "StringEquals": {"aws:SourceAccount": account},
        "ArnLike": {"aws:SourceArn": f"arn:{partition}:ecs:*:{account}:*"},
    }
    return _trust("sts:AssumeRole", {"Service": "ecs-tasks.amazonaws.com"}, from_here)


def _trust(actions: str | list[str], principal: dict[str, str], condition: Document) -> Document:
    statement = {"Effect": "Allow", "Principal": principal, "Action": actions, "Condition": condition}
    return {"Version": "2012-10-17", "Statement": [statement]}
