"""What the words of a question can mean: small frozen types that `parse` yields and the search looks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

LoadBalancerType = Literal["application", "network", "gateway", "classic"]


@dataclass(frozen=True, slots=True)
class Home:
    """Where an ARN says that its resource lives. `partition` is ``aws``, ``aws-us-gov``, ``aws-cn``…"""

    partition: str
    region: str
    account: str


@dataclass(frozen=True, slots=True)
class LoadBalancerWanted:
    """A load balancer. `resource_id` is known from an ARN or a CloudWatch dimension (``app/name/id``)."""

    name: str
    type: LoadBalancerType | None = None
    resource_id: str | None = None
    home: Home | None = None


@dataclass(frozen=True, slots=True)
class TargetGroupWanted:
    name: str
    resource_id: str | None = None
    home: Home | None = None


@dataclass(frozen=True, slots=True)
class ListenerWanted:
    """A listener, or one of its rules when `rule_arn` is given."""

    arn: str
    load_balancer_arn: str
    home: Home
    rule_arn: str | None = None


@dataclass(frozen=True, slots=True)
class ServiceWanted:
    """An ECS service; without `cluster` every cluster is searched."""

    name: str
    cluster: str | None = None
    home: Home | None = None


@dataclass(frozen=True, slots=True)
class FunctionWanted:
    """A Lambda function; `qualifier` is an alias or a version."""

    name: str
    qualifier: str | None = None
    home: Home | None = None


@dataclass(frozen=True, slots=True)
class AlarmWanted:
    name: str
    home: Home | None = None


@dataclass(frozen=True, slots=True)
class WebAddress:
    """A URL or a DNS name. `scheme` is None when none was typed; `host` is lower-case ASCII without a final dot."""

    host: str
    scheme: Literal["http", "https"] | None = None
    port: int | None = None
    path: str = "/"
    query: str | None = None


@dataclass(frozen=True, slots=True)
class Pair:
    """``first/second``: a cluster and its service, or a load balancer and one of its target groups."""

    first: str
    second: str


@dataclass(frozen=True, slots=True)
class PlainName:
    """One word: an ECS service, target group, load balancer, Lambda function or alarm may have this name."""

    name: str


@dataclass(frozen=True, slots=True)
class Unusable:
    """Words that nothing can be called, and one line that says why and what to type."""

    message: str


Wanted = (
    LoadBalancerWanted
    | TargetGroupWanted
    | ListenerWanted
    | ServiceWanted
    | FunctionWanted
    | AlarmWanted
    | WebAddress
    | Pair
    | PlainName
)
