"""What a CloudWatch alarm watches: its load balancers, target groups, services and functions. Pure.

Sources: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html and, for the rule of
a composite alarm, https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from diagnostics.locate.arns import split_arn

MAX_RULE_CHARS: Final = 10_240
MAX_CHILDREN: Final = 100

_CHILD = re.compile(
    r"(?P<negated>\bNOT\s+)?\b(?P<state>ALARM|INSUFFICIENT_DATA|OK)\s*\(\s*"
    r"(?:\"(?P<quoted>(?:[^\"\\]|\\.)*)\"|(?P<bare>[^)\"]+))\s*\)"
)
_IN_EXPRESSION = re.compile(
    r"\"?(?P<name>LoadBalancer|TargetGroup|ClusterName|ServiceName|FunctionName)\"?"
    r"\s*=\s*[\"'](?P<value>[^\"']{1,512})[\"']"
)
_OURS: Final = frozenset(
    {"LoadBalancer", "LoadBalancerName", "TargetGroup", "ClusterName", "ServiceName", "FunctionName"}
)


@dataclass(frozen=True, slots=True)
class Watched:
    """The dimensions of one metric that tell where it comes from. `account` is set for another account's metric."""

    dimensions: Mapping[str, str] = field(default_factory=dict)
    account: str | None = None
    resource: str | None = None
    """Lambda's ``function:alias``."""


def watched_by(alarm: Mapping[str, Any]) -> tuple[Watched, ...]:
    """Every metric of a metric alarm that has a dimension we know: plain, math, anomaly band, search or query."""
    found = [_metric(alarm)] if alarm.get("Dimensions") else []
    for query in alarm.get("Metrics") or ():
        account = query.get("AccountId")
        if stat := query.get("MetricStat"):
            found.append(_metric(stat.get("Metric") or {}, account))
        if expression := query.get("Expression"):
            found.extend(_expression(str(expression), account))
    return tuple(watched for watched in found if watched.dimensions)


def children_of(rule: str) -> tuple[str, ...]:
    """Names of the alarms that make a composite alarm go off; what it only waits for (``NOT ALARM(…)``, ``OK(…)``) is
    left out."""
    return tuple(dict.fromkeys(_children(rule[:MAX_RULE_CHARS])))[:MAX_CHILDREN]


def _children(rule: str) -> Iterator[str]:
    for match in _CHILD.finditer(rule):
        if bool(match["negated"]) != (match["state"] == "OK"):
            continue
        quoted = match["quoted"]
        name = re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else match["bare"].strip()
        arn = split_arn(name)
        yield arn.resource.removeprefix("alarm:") if arn else name


def _metric(metric: Mapping[str, Any], account: str | None = None) -> Watched:
    dimensions = {str(item.get("Name")): str(item.get("Value")) for item in metric.get("Dimensions") or ()}
    return Watched(_only_ours(dimensions.items()), account, dimensions.get("Resource"))


def _expression(expression: str, account: str | None) -> Iterator[Watched]:
    """``SELECT … WHERE LoadBalancer = 'app/…'`` and ``SEARCH('… LoadBalancer="app/…" …')``."""
    pairs = [(match["name"], match["value"]) for match in _IN_EXPRESSION.finditer(expression)]
    if pairs:
        yield Watched(_only_ours(pairs), account)


def _only_ours(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    return {name: value for name, value in pairs if name in _OURS and value}
