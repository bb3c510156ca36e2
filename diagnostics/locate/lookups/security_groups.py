"""Amazon EC2: which security groups are let in by others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from diagnostics.locate.search import Looked, Place, looked

MAX_GROUPS: Final = 50

_NO_GROUP: Final = ("InvalidGroup.NotFound", "InvalidGroupId.Malformed")


def let_in_by(groups: Sequence[str]) -> Callable[[Place], Looked[str]]:
    """Ids of the security groups that the ingress rules of `groups` refer to.

    Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSecurityGroups.html
    """

    def look(place: Place) -> Looked[str]:
        answer = place.reader.find(
            "ec2",
            "describe_security_groups",
            missing=_NO_GROUP,
            resource=", ".join(groups),
            expects=("SecurityGroups",),
            GroupIds=list(groups[:MAX_GROUPS]),
        )
        return looked(answer, lambda found: dict.fromkeys(_referred_to(found)))

    return look


def _referred_to(answer: Mapping[str, Any]) -> Iterator[str]:
    for group in answer["SecurityGroups"]:
        for permission in group.get("IpPermissions") or ():
            yield from (str(pair.get("GroupId", "")) for pair in permission.get("UserIdGroupPairs") or ())
