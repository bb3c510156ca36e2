"""The fields of one line of an access log, read with plain Python: slow and tolerant.

A field ends at a space. One that starts with a quote ends at the next quote that no backslash precedes; inside it a
backslash stands for the character after it, and in what a client sent ``\\x22`` for the byte of that number. The load
balancer's fields grow at the end, so any number from `FEWEST_FIELDS` on is a row, and those without a name are kept.
Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html#access-log-entry-format
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

FIELDS = (
    "type",
    "time",
    "elb",
    "client",
    "target",
    "request_processing_time",
    "target_processing_time",
    "response_processing_time",
    "elb_status_code",
    "target_status_code",
    "received_bytes",
    "sent_bytes",
    "request",
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
FEWEST_FIELDS = FIELDS.index("error_reason") + 1
MOST_UNKNOWN = 26
"""How many fields beyond the known ones are kept and counted."""
MAX_LINE_CHARS = 65_536
"""Request line and user agent are at most 16 KB and 8 KB; a longer line is damaged."""

UNREADABLE = "\N{REPLACEMENT CHARACTER}"

_FIELD = re.compile(r'"(?P<quoted>[^"\\]*+(?:\\.[^"\\]*+)*+)"(?= |\Z)|(?P<bare>(?!")[^ ]*+)', re.DOTALL)
_ESCAPED = re.compile(r"(?P<bytes>(?:\\x[0-9A-Fa-f]{2})+)|\\(?P<character>.)", re.DOTALL)
_LITERALLY = re.compile(r"\\(.)", re.DOTALL)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_SENT_BY_CLIENTS = frozenset(
    FIELDS.index(name)
    for name in ("request", "user_agent", "domain_name", "redirect_url", "transformed_host", "transformed_uri")
)
BYTES_ESCAPED = b"\\x"
"""Where a line has this, not every way of reading sees the same text in `_SENT_BY_CLIENTS`."""
_TIME = re.compile(r"....-..-..T..:..")
_STATUS = re.compile(r"[1-9][0-9]{2}")
_INSTANT = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})T((?:[01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}\.[0-9]{3})")
_SECONDS = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,6})?")


@dataclass(frozen=True, slots=True)
class Row:
    """The fields as text, as logged; those that the line does not have are None."""

    fields: tuple[str | None, ...]

    def __getitem__(self, name: str) -> str | None:
        return self.fields[_POSITION[name]]

    @property
    def elb_status(self) -> int:
        return int(self["elb_status_code"] or 0)

    @property
    def target_status(self) -> int | None:
        """What the target answered; None when it did not."""
        return status(self["target_status_code"])

    @property
    def elapsed_s(self) -> float | None:
        """From the arrival of the request to the response, to the millisecond."""
        created, ended = instant(self["request_creation_time"]), instant(self["time"])
        return round((ended - created).total_seconds(), 3) if created and ended else None


_POSITION = {name: position for position, name in enumerate(FIELDS)}


def split_fields(line: str) -> list[str] | None:
    """The fields of a line without quotes and escapes; None when its quotes make no sense.

    A carriage return is no text that a field can hold, and is shown as a character that could not be read.
    """
    line = line.replace("\r", UNREADABLE)
    fields: list[str] = []
    position = 0
    while found := _FIELD.match(line, position):
        quoted = found["quoted"]
        if quoted is None:
            fields.append(found["bare"])
        else:
            fields.append(_unescaped(quoted, len(fields)) if "\\" in quoted else quoted)
        position = found.end() + 1
        if position > len(line):
            return fields
    return None


def _unescaped(quoted: str, position: int) -> str:
    if position in _SENT_BY_CLIENTS:
        return _ESCAPED.sub(_meant, quoted)
    return _LITERALLY.sub(r"\1", quoted)


def _meant(found: re.Match[str]) -> str:
    """What stands behind a backslash; a character that would break a line or a terminal is shown as unreadable."""
    if found["bytes"] is None:
        return found["character"]
    text = bytes.fromhex(found["bytes"].replace("\\x", "")).decode("utf-8", "replace")
    return _CONTROL.sub(UNREADABLE, text)


def joined(fields: list[str]) -> str:
    """The line that `split_fields` reads as these fields, every one in quotes."""
    return " ".join('"' + field.replace("\\", "\\\\").replace('"', '\\"') + '"' for field in fields)


def has_time(text: str | None) -> bool:
    """Whether a field begins like a time stamp, to the minute."""
    return bool(_TIME.match(text or ""))


def status(text: str | None) -> int | None:
    """An HTTP status, or one of the load balancer's own such as 460."""
    return int(text) if text and _STATUS.fullmatch(text) else None


def seconds(text: str | None) -> float | None:
    """A time as logged; -1, when a stage was not reached, is kept, anything else that is no number is None."""
    if text is None:
        return None
    if text.startswith("-1"):
        return -1.0
    return float(text) if _SECONDS.fullmatch(text) else None


def instant(text: str | None) -> datetime | None:
    """A time stamp to the millisecond."""
    found = _INSTANT.match(text or "")
    if found is None:
        return None
    try:
        return datetime.fromisoformat(f"{found[1]}T{found[2]}").replace(tzinfo=UTC)
    except ValueError:
        return None
