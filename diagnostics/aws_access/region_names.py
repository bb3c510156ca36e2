"""What the names of regions tell: those that people and e-mails use, as botocore lists them, and their partitions."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import botocore.session


def region_named(words: str) -> str | None:
    """``US East (N. Virginia)`` -> ``us-east-1``; None when no region is called so."""
    return _by_name().get(_folded(words))


def partition_of(region: str) -> str:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html"""
    for prefix, partition in (("cn-", "aws-cn"), ("us-gov-", "aws-us-gov"), ("eusc-", "aws-eusc")):
        if region.startswith(prefix):
            return partition
    return "aws"


@cache
def _by_name() -> Mapping[str, str]:
    endpoints = botocore.session.get_session().get_component("data_loader").load_data("endpoints")
    return {
        _folded(region["description"]): name
        for partition in endpoints["partitions"]
        for name, region in partition["regions"].items()
    }


def _folded(words: str) -> str:
    """CloudWatch writes ``EU (Ireland)`` where others write ``Europe (Ireland)``."""
    folded = " ".join(words.casefold().split())
    return "europe" + folded.removeprefix("eu") if folded.startswith("eu (") else folded
