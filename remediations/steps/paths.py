"""JMESPath expressions with values in them. https://jmespath.org/specification.html#raw-string-literals"""

from __future__ import annotations

import json
from collections.abc import Iterable


def quoted(text: str) -> str:
    """A raw string, whatever is in the text."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def listed(texts: Iterable[str]) -> str:
    return f"[{', '.join(map(quoted, texts))}]"


def number(value: float) -> str:
    return f"`{json.dumps(value)}`"


def no_less(path: str, least: float) -> str:
    """Whether what the path gives is a number of at least so much."""
    return f"{path} >= {number(least)}"


def none_of(path: str) -> str:
    """Whether the path gives an empty list, or nothing at all."""
    return f"length({path} || `[]`) == {number(0)}"
