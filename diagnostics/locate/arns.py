"""ARNs of what a load balancer stands among, taken apart and put together.

Formats: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awselasticloadbalancingv2.html and its
neighbours for Amazon ECS, AWS Lambda and Amazon CloudWatch.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from diagnostics.aws_access.region_names import partition_of
from diagnostics.locate.wanted import (
    AlarmWanted,
    FunctionWanted,
    Home,
    ListenerWanted,
    LoadBalancerType,
    LoadBalancerWanted,
    ServiceWanted,
    TargetGroupWanted,
    Unusable,
    Wanted,
)

LOAD_BALANCER_TYPES: Final[dict[str, LoadBalancerType]] = {"app": "application", "net": "network", "gwy": "gateway"}
_ARN = re.compile(
    r"arn:(?P<partition>aws(?:-[a-z]+)*):(?P<service>[a-z0-9-]+):(?P<region>[a-z0-9-]+):(?P<account>[0-9]{12}):"
    r"(?P<resource>.+)"
)
_WORD = re.compile(r"[A-Za-z0-9_.$-]+")
_LISTENER_PARTS: Final = 4  # type, load balancer name, its id, listener id
_RULE_PARTS: Final = 5


@dataclass(frozen=True, slots=True)
class Arn:
    text: str
    home: Home
    service: str
    resource: str


def split_arn(text: str) -> Arn | None:
    """The parts of a regional ARN with an account; None for anything else."""
    found = _ARN.fullmatch(text)
    if found is None:
        return None
    return Arn(text, Home(found["partition"], found["region"], found["account"]), found["service"], found["resource"])


def read_arn(text: str) -> Wanted | Unusable:
    """What an ARN names, else a line that lists the kinds of ARN that lead to a load balancer."""
    arn = split_arn(text)
    readers = {
        "elasticloadbalancing": _load_balancing,
        "ecs": _ecs,
        "lambda": _lambda,
        "cloudwatch": _cloudwatch,
    }
    reader = readers.get(arn.service) if arn else None
    wanted = reader(arn) if arn and reader else None
    return wanted or Unusable(
        "This ARN does not lead to a load balancer: give the whole ARN of a load balancer, listener, listener rule, "
        "target group, ECS service, Lambda function or CloudWatch alarm."
    )


def load_balancer_of_dimension(dimension: str, home: Home | None = None) -> LoadBalancerWanted | None:
    """CloudWatch's ``app/name/id`` (also ``net/…`` and ``gwy/…``)."""
    kind, _, rest = dimension.partition("/")
    name, slash, resource_id = rest.partition("/")
    if kind not in LOAD_BALANCER_TYPES or not slash or not _are_words(name, resource_id):
        return None
    return LoadBalancerWanted(name, LOAD_BALANCER_TYPES[kind], resource_id, home)


def target_group_of_dimension(dimension: str, home: Home | None = None) -> TargetGroupWanted | None:
    """CloudWatch's ``targetgroup/name/id``."""
    kind, _, rest = dimension.partition("/")
    name, slash, resource_id = rest.partition("/")
    if kind != "targetgroup" or not slash or not _are_words(name, resource_id):
        return None
    return TargetGroupWanted(name, resource_id, home)


def dimension_of(arn: str) -> str:
    """The CloudWatch dimension value of a load balancer's or target group's ARN."""
    resource = arn.split(":", 5)[-1]
    return resource.removeprefix("loadbalancer/")


def name_in(arn: str) -> str:
    """The name in the ARN of a load balancer, target group, ECS service or cluster, or Lambda function."""
    resource = arn.split(":", 5)[-1]
    parts = resource.split("/")
    if parts[0] in ("targetgroup", "loadbalancer"):
        return parts[-2] if len(parts) > 2 else parts[-1]
    if resource.startswith("function:"):
        return resource.split(":")[1]
    return parts[-1]


def load_balancer_type(arn: str) -> LoadBalancerType:
    """The kind of load balancer that an ARN names; a classic one has no type in its ARN."""
    kind, slash, _ = dimension_of(arn).partition("/")
    return LOAD_BALANCER_TYPES.get(kind, "classic") if slash else "classic"


def arn_of(wanted: LoadBalancerWanted | TargetGroupWanted, account: str, region: str) -> str | None:
    """The ARN in that place; None when only the name is known."""
    if wanted.resource_id is None:
        return None
    partition = wanted.home.partition if wanted.home else partition_of(region)
    prefix = f"arn:{partition}:elasticloadbalancing:{region}:{account}"
    if isinstance(wanted, TargetGroupWanted):
        return f"{prefix}:targetgroup/{wanted.name}/{wanted.resource_id}"
    short = next((short for short, long in LOAD_BALANCER_TYPES.items() if long == wanted.type), "app")
    return f"{prefix}:loadbalancer/{short}/{wanted.name}/{wanted.resource_id}"


def _load_balancing(arn: Arn) -> Wanted | None:
    kind, _, rest = arn.resource.partition("/")
    parts = rest.split("/")
    if not _are_words(*parts):
        return None
    if kind == "loadbalancer":
        return _load_balancer(rest, parts, arn.home)
    if kind == "targetgroup":
        return target_group_of_dimension(arn.resource, arn.home)
    if kind == "listener" and len(parts) == _LISTENER_PARTS:
        return ListenerWanted(arn.text, _load_balancer_arn(arn.text, parts), arn.home)
    if kind == "listener-rule" and len(parts) == _RULE_PARTS:
        listener_arn = arn.text.rpartition("/")[0].replace(":listener-rule/", ":listener/")
        return ListenerWanted(listener_arn, _load_balancer_arn(arn.text, parts), arn.home, rule_arn=arn.text)
    return None


def _load_balancer(rest: str, parts: list[str], home: Home) -> LoadBalancerWanted | None:
    if len(parts) == 1:
        return LoadBalancerWanted(rest, "classic", None, home)
    return load_balancer_of_dimension(rest, home)


def _load_balancer_arn(text: str, parts: list[str]) -> str:
    before = text.split(":listener", 1)[0]
    return f"{before}:loadbalancer/{'/'.join(parts[:3])}"


def _ecs(arn: Arn) -> Wanted | None:
    """Services have a long ARN with the cluster in it, and a short one from before 2021 without."""
    kind, _, rest = arn.resource.partition("/")
    cluster, slash, name = rest.rpartition("/")
    if kind != "service" or not _are_words(name) or (slash and not _are_words(cluster)):
        return None
    return ServiceWanted(name, cluster or None, arn.home)


def _lambda(arn: Arn) -> Wanted | None:
    kind, _, rest = arn.resource.partition(":")
    name, colon, qualifier = rest.partition(":")
    if kind != "function" or not _are_words(name) or (colon and not _are_words(qualifier)):
        return None
    return FunctionWanted(name, qualifier or None, arn.home)


def _cloudwatch(arn: Arn) -> Wanted | None:
    """An alarm's name may hold colons and slashes."""
    kind, _, name = arn.resource.partition(":")
    return AlarmWanted(name, arn.home) if kind == "alarm" and name else None


def _are_words(*parts: str) -> bool:
    return all(_WORD.fullmatch(part) for part in parts)
