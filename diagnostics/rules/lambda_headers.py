"""Which of two shapes a target group uses for headers: one value each, or lists of values.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html#multi-value-headers
"""

from __future__ import annotations

import re

from diagnostics.facts import Read, TargetGroupAttributes

ATTRIBUTE = "lambda.multi_value_headers.enabled"
LISTS = ("multiValueHeaders", "multiValueQueryStringParameters", "multi_value_headers")
_PLAIN = re.compile(r"\b(headers|queryStringParameters|query_string_parameters)\b")


def multi_value(attributes: Read[TargetGroupAttributes], target_group: str) -> bool | None:
    """Whether headers are lists; None when it was not read."""
    if not isinstance(attributes, TargetGroupAttributes) or target_group not in attributes.by_arn:
        return None
    return attributes.by_arn[target_group].get(ATTRIBUTE, "false") == "true"


def misses_the_other_shape(text: str, *, lists: bool) -> bool:
    """Whether an error's line speaks of a member that requests of this shape do not have."""
    if lists:
        return _PLAIN.search(text) is not None and not any(name in text for name in LISTS)
    return any(name in text for name in LISTS)
