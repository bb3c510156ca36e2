"""Rows that reach CloudWatch Logs instead of S3: plain lines, or JSON whose key casing AWS does not document.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-logs.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

MAX_MESSAGE: Final = 65_536
FIELDS: Final = (
    "type",
    "time",
    "elb",
    "client_port",
    "target_port",
    "request_processing_time",
    "target_processing_time",
    "response_processing_time",
    "elb_status_code",
    "target_status_code",
    "received_bytes",
    "sent_bytes",
    "request_line",
    "user_agent",
    "ssl_cipher",
    "ssl_protocol",
    "target_group_arn",
    "trace_id",
    "domain_name",
    "chosen_cert_arn",
    "matched_rule_priority",
    "request_creation_time",
    "actions_executed",
    "redirect_url",
    "error_reason",
    "target_port_list",
    "target_status_code_list",
    "classification",
    "classification_reason",
    "conn_trace_id",
    "transformed_host",
    "transformed_uri",
    "request_transform_status",
    "ip_address",
)
"""The order of a plain line. https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html"""

QUOTED: Final = frozenset(
    {
        "request_line",
        "user_agent",
        "trace_id",
        "domain_name",
        "chosen_cert_arn",
        "actions_executed",
        "redirect_url",
        "error_reason",
        "target_port_list",
        "target_status_code_list",
        "classification",
        "classification_reason",
        "transformed_host",
        "transformed_uri",
        "request_transform_status",
    }
)
_OTHER_NAMES: Final = {"request": "request_line", "client": "client_port", "target": "target_port"}
_BY_LETTERS: Final = {name.replace("_", ""): name for name in FIELDS}
_NOT_A_LETTER: Final = re.compile(r"[^a-z0-9]")


def line_of(message: str) -> str | None:
    """The message of one log event as a plain line; None for anything that is no row."""
    text = message.strip()[:MAX_MESSAGE]
    if not text.startswith("{"):
        return text.replace("\n", " ") or None
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
    return " ".join(_value(name, by_field.get(name)) for name in FIELDS)


def _field(key: str) -> str | None:
    letters = _NOT_A_LETTER.sub("", key.lower())
    return _BY_LETTERS.get(letters) or _OTHER_NAMES.get(letters)


def _value(name: str, value: object) -> str:
    text = "-" if value is None or value == "" else str(value)
    text = text.replace("\r", " ").replace("\n", " ")
    if name in QUOTED:
        escaped = text.replace('"', '\\"')
        return f'"{escaped}"'
    return text.replace(" ", "_") or "-"
