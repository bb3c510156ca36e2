"""Rows that reach CloudWatch Logs instead of S3: plain lines, or JSON whose key casing AWS does not document.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-logs.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from diagnostics.access_logs.row import FIELDS, joined

MAX_MESSAGE: Final = 65_536
_OTHER_NAMES: Final = {
    "clientport": "client",
    "elbstatus": "elb_status_code",
    "requestline": "request",
    "targetport": "target",
    "timestamp": "time",
}
_BY_LETTERS: Final = {name.replace("_", ""): name for name in FIELDS}
_BREAK: Final = re.compile(r"[\r\n]+")
_NOT_A_LETTER: Final = re.compile(r"[^a-z0-9]")


def line_of(message: str) -> str | None:
    """The message of one log event as a plain line; None for anything that is no row."""
    text = message.strip()[:MAX_MESSAGE]
    if not text.startswith("{"):
        return _BREAK.sub(" ", text) or None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return _from_json(found) if isinstance(found, Mapping) else None


def _from_json(found: Mapping[str, Any]) -> str | None:
    """`elb_status_code`, `elbStatusCode` and `ELB-Status-Code` are the same field."""
    by_field = {name: value for name, value in ((_field(str(key)), value) for key, value in found.items()) if name}
    if "elb_status_code" not in by_field or "time" not in by_field:
        return None
    values = (by_field.get(name) for name in FIELDS)
    return joined(["-" if value in (None, "") else _BREAK.sub(" ", str(value)) for value in values])


def _field(key: str) -> str | None:
    letters = _NOT_A_LETTER.sub("", key.lower())
    return _BY_LETTERS.get(letters) or _OTHER_NAMES.get(letters)
