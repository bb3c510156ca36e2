"""Amazon EC2: which security groups are let in by others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from diagnostics.aws_access import Missing
from diagnostics.facts.fact import Gap
from diagnostics.locate.search import Looked, Place

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
        if isinstance(answer, Missing):
            return Looked()
        if isinstance(answer, Gap):
            return Looked(gaps=(answer,))
        pairs = [
            str(pair.get("GroupId", ""))
            for group in answer["SecurityGroups"]
            for permission in group.get("IpPermissions") or ()
            for pair in permission.get("UserIdGroupPairs") or ()
        ]
        return Looked(tuple(dict.fromkeys(pairs)))

    return look
