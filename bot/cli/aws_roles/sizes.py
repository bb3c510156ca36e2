"""What fits into one managed policy, and how a larger document is divided.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""

from __future__ import annotations

import json
from typing import Any, Final

MAX_CHARS: Final = 6_144
"""White space does not count."""
MAX_PARTS: Final = 10
"""So many managed policies may be attached to a role."""

Document = dict[str, Any]


class TooLargeError(Exception):
    """One statement alone is larger than a policy may be."""

    def __init__(self, statement: str) -> None:
        super().__init__(f"the statement {statement} alone has more than {MAX_CHARS:,} characters")


def chars(document: Document) -> int:
    return len(json.dumps(document, separators=(",", ":")))


def divided(document: Document) -> list[Document]:
    """As few documents as the order of the statements allows, which together say the same. Raises `TooLargeError`."""
    parts: list[Document] = []
    for statement in document["Statement"]:
        if chars({**document, "Statement": [statement]}) > MAX_CHARS:
            raise TooLargeError(str(statement.get("Sid", statement["Action"])))
        if parts:
            longer = {**document, "Statement": [*parts[-1]["Statement"], statement]}
            if chars(longer) <= MAX_CHARS:
                parts[-1] = longer
                continue
        parts.append({**document, "Statement": [statement]})
    return parts
