"""Characters in AWS's answers that no output can hold: halves of a pair that stand alone.

JSON can say them, inside of texts that are JSON themselves too, as CloudTrail's events are.
"""

from __future__ import annotations

import re
from typing import Any

_HALVES = re.compile(
    rb"(?P<whole>(?P<slashes>\\{1,8})u[dD][89abAB][0-9a-fA-F]{2}(?P=slashes)u[dD][c-fC-F][0-9a-fA-F]{2})"
    rb"|\\u[dD][89a-fA-F][0-9a-fA-F]{2}"
)
_REPLACEMENT = rb"\ufffd"


def without_halves(response_dict: dict[str, Any], **_: Any) -> None:
    """For botocore's event before it reads an answer."""
    body = response_dict.get("body")
    if isinstance(body, bytes) and (b"\\ud" in body or b"\\uD" in body):
        response_dict["body"] = _HALVES.sub(lambda found: found["whole"] or _REPLACEMENT, body)
