"""Lists in pages, as every List operation of ECS gives them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from demo.aws.call import Call
from demo.aws.paging import make_token, read_token
from demo.world.ecs import errors

MOST = 100


def page(call: Call, key: str, items: Sequence[Any], *, default: int = MOST) -> dict[str, Any]:
    """One page of `items` under `key`. Raises InvalidParameterException for a bad token or page size."""
    size = call.params.get("maxResults") or default
    if not 1 <= size <= MOST:
        raise errors.invalid(f"maxResults must be between 1 and {MOST}.")
    asked = {name: value for name, value in call.params.items() if name not in ("nextToken", "maxResults")}
    try:
        start = read_token(call.params.get("nextToken"), asked)
    except ValueError as bad:
        raise errors.invalid("Invalid token.") from bad
    answer: dict[str, Any] = {key: list(items[start : start + size])}
    if start + size < len(items):
        answer["nextToken"] = make_token(start + size, asked)
    return answer


def failure(arn: str, reason: str = "MISSING") -> dict[str, str]:
    """How a batch describe says that it did not find something."""
    return {"arn": arn, "reason": reason}
