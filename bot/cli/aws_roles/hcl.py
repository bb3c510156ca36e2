"""JSON-like values as Terraform writes them, formatted as `terraform fmt` does.

https://developer.hashicorp.com/terraform/language/expressions/strings
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
INDENT: Final = "  "


class Expression(str):
    """Text that is Terraform's own: a reference, a call, or a quoted template."""

    __slots__ = ()


def template(text: str) -> Expression:
    """A string in which ``${…}`` is filled in by Terraform."""
    return Expression(json.dumps(text, ensure_ascii=False))


def hcl(value: Any, depth: int = 0) -> str:
    """The value as an expression. What looks like a template in a plain string stays as it is written."""
    match value:
        case Expression():
            return str(value)
        case str():
            return json.dumps(value, ensure_ascii=False).replace("${", "$${").replace("%{", "%%{")
        case None | bool() | int() | float():
            return json.dumps(value)
        case Mapping():
            return _block("{", _pairs(value, depth + 1), "}", depth) if value else "{}"
        case Iterable():
            items = [hcl(one, depth + 1) for one in value]
            if len(items) <= 1 and "\n" not in "".join(items):
                return f"[{''.join(items)}]"
            return _block("[", [f"{one}," for one in items], "]", depth)
    raise TypeError(f"Terraform has no {type(value).__name__}")


def attributes(values: Mapping[str, Any], depth: int = 1) -> str:
    """`name = value` lines, with the signs of equality of neighbouring lines below one another."""
    return "\n".join(INDENT * depth + line for line in _pairs(values, depth))


def _pairs(values: Mapping[str, Any], depth: int) -> list[str]:
    pairs = [(_key(key), hcl(value, depth)) for key, value in values.items()]
    widths = [0] * len(pairs)
    start = 0
    for index in range(len(pairs) + 1):
        if index == len(pairs) or "\n" in pairs[index][1]:
            widest = max((len(key) for key, _ in pairs[start:index]), default=0)
            widths[start:index] = [widest] * (index - start)
            start = index + 1
    return [f"{key:<{width}} = {value}" for (key, value), width in zip(pairs, widths, strict=True)]


def _key(key: str) -> str:
    return str(key) if isinstance(key, Expression) or _NAME.fullmatch(key) else hcl(key)


def _block(opened: str, lines: Iterable[str], closed: str, depth: int) -> str:
    inside = "\n".join(INDENT * (depth + 1) + line for line in lines)
    return f"{opened}\n{inside}\n{INDENT * depth}{closed}"
