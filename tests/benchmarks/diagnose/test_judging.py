"""A benchmark that could not say MISS would be worth nothing."""

from __future__ import annotations

from collections import Counter

import pytest

from benchmarks.diagnose.__main__ import COLD, COMMAND, SCRIPT, WARM, judged
from benchmarks.diagnose.ways import Measured

GOOD = {
    COLD: Measured(1.0, 6, Counter({"ec2:DescribeSubnets": 60, "cloudtrail:LookupEvents": 3})),
    COMMAND: Measured(2.0, 7, Counter({"ec2:DescribeSubnets": 60})),
    WARM: Measured(0.2, 2, Counter({"elasticloadbalancing:DescribeTargetHealth": 1})),
    SCRIPT: Measured(5.0, 11, Counter({"ecs:DescribeServices": 11})),
}


def test_what_is_promised_is_met() -> None:
    assert all(target.met for target in judged({name: [one] for name, one in GOOD.items()}))


@pytest.mark.parametrize(
    ("name", "worse", "promise"),
    [
        (COLD, Measured(1.0, 11, Counter()), "delays"),
        (COLD, Measured(1.0, 6, Counter({"cloudwatch:GetMetricData": 61})), "describe and metric calls"),
        (COLD, Measured(1.7, 6, Counter()), "in process"),
        (COMMAND, Measured(2.6, 7, Counter()), "as a command"),
        (WARM, Measured(0.2, 2, Counter({"ec2:DescribeSecurityGroups": 1})), "second question"),
    ],
)
def test_what_is_worse_is_missed(name: str, worse: Measured, promise: str) -> None:
    rounds = {key: [worse if key == name else one] for key, one in GOOD.items()}
    (found,) = [target.promise for target in judged(rounds) if not target.met]
    assert promise in found
