"""ARNs of what the facts know by id only."""

from __future__ import annotations

from collections.abc import Iterable

from diagnostics.snapshot import Subject


def partition_of(subject: Subject) -> str:
    """``aws``, ``aws-cn`` or ``aws-us-gov``, from the region's name."""
    for prefix, partition in (("cn-", "aws-cn"), ("us-gov-", "aws-us-gov")):
        if subject.region.startswith(prefix):
            return partition
    return "aws"


def arn_of(subject: Subject, service: str, resource: str) -> str:
    """``arn:aws:SERVICE:REGION:ACCOUNT:RESOURCE`` in the subject's account and region."""
    return f"arn:{partition_of(subject)}:{service}:{subject.region}:{subject.account}:{resource}"


def ec2_arns(subject: Subject, kind: str, ids: Iterable[str]) -> tuple[str, ...]:
    """ARNs of things of EC2 of one kind, such as ``security-group``."""
    return tuple(arn_of(subject, "ec2", f"{kind}/{one}") for one in ids)
