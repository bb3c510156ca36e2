"""Tags that forbid a change. They are read just before it; what cannot be read counts as protected."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from diagnostics.facts.fact import Gap
from diagnostics.redaction import redact_tag
from remediations.plan import Call, Plan

if TYPE_CHECKING:
    from remediations.reading import Reads

_NOT_THERE = ("NotFound", "NotFoundException", "NotFoundFault", "ResourceNotFound")
_ARN_PARTS = 6
_BELOW_A_BALANCER = re.compile(
    r"(?P<place>arn:[^:]+:elasticloadbalancing:[^:]*:[^:]*):listener(?:-rule)?/(?P<name>\w+/[\w-]+/\w+)/.+"
)
_WITHOUT_TAGS = ":service-deployment/"
"""The tags of the service speak for its deployments, which have none:
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListTagsForResource.html"""


@dataclass(frozen=True, slots=True)
class Protection:
    """A tag that forbids changes; without a value, any value of it does.

    Case does not matter: people write ``True``, and a protection too many harms nobody.
    """

    key: str
    value: str | None = None

    def fits(self, key: str, value: str) -> bool:
        wanted = self.value is None or value.strip().casefold() == self.value.strip().casefold()
        return wanted and key.casefold() == self.key.casefold()


def judged_arns(plan: Plan) -> tuple[str, ...]:
    """Everything that exists and whose tags may forbid the plan."""
    written = (arn for write in plan.writes for arn in write.resources)
    arns = dict.fromkeys((plan.resource, *plan.judged_by_tags_of, *written))
    return tuple(arn for arn in arns if "*" not in arn and _WITHOUT_TAGS not in arn)


def tagged_arns(plan: Plan) -> tuple[str, ...]:
    """Those, and the load balancers whose listeners and rules are among them: people tag the load balancer."""
    arns = judged_arns(plan)
    return tuple(dict.fromkeys((*arns, *filter(None, map(_balancer_of, arns)))))


def _balancer_of(arn: str) -> str | None:
    found = _BELOW_A_BALANCER.fullmatch(arn)
    return f"{found['place']}:loadbalancer/{found['name']}" if found else None


def forbidden_by_tags(reads: Reads, arns: Iterable[str], protections: Sequence[Protection]) -> str | None:
    """Why none of this may be changed, or None. Reads nothing when no tag is protective."""
    if not protections:
        return None
    for arn in arns:
        tags = tags_of(reads, arn)
        if isinstance(tags, Gap):
            return (
                f"the tags of {arn} could not be read ({tags.action}, {tags.error}), so it counts as protected;"
                " allow that action to the role that reads"
            )
        for key, value in tags.items():
            if any(protection.fits(key, value) for protection in protections):
                return f"{arn} is protected by its tag {key}={redact_tag(key, value)}"
    return None


def tags_of(reads: Reads, arn: str) -> dict[str, str] | Gap:
    """The tags of a resource by key. A thing that does not exist yet has none."""
    parts = arn.split(":", _ARN_PARTS - 1)
    asked = _question(parts[2], arn, parts[5]) if len(parts) == _ARN_PARTS else None
    if asked is None:
        return Gap(action="tag:Unknown", resource=arn, error="NoSuchTagCall")
    call, path = asked
    answer = reads.read(call)
    if isinstance(answer, Gap):
        return {} if answer.error.endswith(_NOT_THERE) else answer
    return _by_key(answer, path)


def _question(service: str, arn: str, resource: str) -> tuple[Call, str] | None:
    match service:
        case "elasticloadbalancing":
            return Call.of("elbv2", "describe_tags", ResourceArns=[arn]), "TagDescriptions"
        case "ec2":
            one = resource.rsplit("/", 1)[-1]
            return Call.of("ec2", "describe_tags", Filters=[{"Name": "resource-id", "Values": [one]}]), "Tags"
        case "ecs":
            return Call.of("ecs", "list_tags_for_resource", resourceArn=arn), "tags"
        case "lambda":
            function = ":".join(arn.split(":")[:7])  # an alias has the tags of its function
            return Call.of("lambda", "list_tags", Resource=function), "Tags"
        case "cloudwatch" | "application-autoscaling":
            return Call.of(service, "list_tags_for_resource", ResourceARN=arn), "Tags"
        case "codedeploy":
            return Call.of(service, "list_tags_for_resource", ResourceArn=arn), "Tags"
    return None


def _by_key(answer: dict[str, Any], path: str) -> dict[str, str] | Gap:
    tags: Any = answer.get(path)
    if path == "TagDescriptions" and tags:
        tags = [tag for one in tags for tag in one.get("Tags") or ()]
    elif path == "TagDescriptions":  # every resource that exists is described, also without a tag
        return Gap(action="elasticloadbalancing:DescribeTags", resource="*", error="NoTagDescription")
    if isinstance(tags, Mapping):
        return {str(key): str(value) for key, value in tags.items()}
    return {_either(tag, "Key"): _either(tag, "Value") for tag in tags or ()}


def _either(tag: Mapping[str, Any], name: str) -> str:
    """Services write the names of the members in their own case."""
    return str(tag.get(name, tag.get(name.lower(), "")))
