"""What STS accepts in a request for a session: characters and lengths of names, tags and policy.

https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from demo.aws.layer import AwsError, AwsLayer, Call

MAX_POLICY_CHARS = 2_048
MAX_TAGS = 50
_NAME = re.compile(r"[\w+=,.@-]{2,64}\Z", re.ASCII)
_TAG = re.compile(r"[\w\s.:/=+\-@]*\Z")


class SessionLimits:
    """Refuses what STS would refuse, before it looks who asks."""

    def install(self, layer: AwsLayer) -> None:
        layer.before.insert(0, self)

    def __call__(self, call: Call) -> None:
        if call.service == "sts" and call.operation == "AssumeRole":
            for member in _unacceptable(call):
                message = f"1 validation error detected: Value at '{member}' failed to satisfy constraint"
                raise AwsError("ValidationError", message, 400)


def _unacceptable(call: Call) -> Iterator[str]:
    given = call.params
    if not _NAME.match(str(given.get("RoleSessionName"))):
        yield "roleSessionName"
    if given.get("SourceIdentity") is not None and not _NAME.match(str(given["SourceIdentity"])):
        yield "sourceIdentity"
    if len(str(given.get("Policy") or "")) > MAX_POLICY_CHARS:
        yield "policy"
    tags = given.get("Tags") or ()
    if len(tags) > MAX_TAGS:
        yield "tags"
    for tag in tags:
        if not (0 < len(tag["Key"]) <= 128 and _TAG.match(tag["Key"])):
            yield "tags.key"
        if not (len(tag["Value"]) <= 256 and _TAG.match(tag["Value"])):
            yield "tags.value"
    if not 900 <= int(given.get("DurationSeconds") or 3_600) <= 43_200:
        yield "durationSeconds"
