"""The name of a scalable target. AWS makes one up; here it follows from what it scales, so that IAM can be asked."""

from __future__ import annotations

import hashlib


def scalable_target_arn(account: str, region: str, resource_id: str) -> str:
    name = hashlib.sha256(f"{account} {region} {resource_id}".encode()).hexdigest()[:32]
    return f"arn:aws:application-autoscaling:{region}:{account}:scalable-target/0ec5{name}"
