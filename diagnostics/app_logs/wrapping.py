"""What a line really says: many loggers wrap it into JSON, and some collectors wrap it once more."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

MAX_LINE = 4_000
MAX_JSON = 64_000
MAX_FIELDS = 200
MAX_DEPTH = 4
_MESSAGE = ("message", "msg", "log", "@message", "text", "event", "error", "err", "error_message", "errormessage")
_STACK = (
    "stack_trace",
    "stacktrace",
    "stack",
    "exception",
    "exc_info",
    "err.stack",
    "error.stack_trace",
    "error.stack",
)
_DETAIL = ("err.message", "error.message", "err.code", "errortype", "error", "record.status")
_STATUS = (
    "status",
    "statuscode",
    "status_code",
    "res.statuscode",
    "res.status",
    "response.status",
    "http.status_code",
    "http.response.status_code",
    "response_code",
    "httprequest.status",
)
_SECONDS = {"responsetime": 1e-3, "response_time": 1e-3, "duration_ms": 1e-3, "durationms": 1e-3, "elapsed_ms": 1e-3,
            "latency_ms": 1e-3, "request_time": 1.0, "event.duration": 1e-9, "duration_s": 1.0}  # fmt: skip
_METHOD = ("method", "req.method", "http.request.method", "http.method", "request_method")
_TRACE = re.compile(r"\bRoot=1-[0-9a-fA-F]{8}-[0-9a-fA-F]{24}")
_COLOUR = re.compile(r"\x1b\[[0-9;]{0,12}m")


@dataclass(frozen=True, slots=True)
class Unwrapped:
    """`request` holds status, seconds and method when fields of the wrapping tell of a request. `is_only_fields`: of a
    request and without a message, so that every word in it may be the client's."""

    text: str
    trace_id: str | None = None
    request: Mapping[str, str] | None = None
    function_report: Mapping[str, str] | None = None
    is_only_fields: bool = False


def unwrap(line: str) -> Unwrapped:
    """Never raises, whatever stands there; the text is bounded, without colours and at most one level of wrapping
    around another is taken off."""
    trace = _TRACE.search(line[:MAX_JSON])
    trace_id = trace[0] if trace else None
    fields = _fields(line)
    if fields is None:
        return Unwrapped(_plain(line), trace_id)
    text = _text(fields) or line
    inner = _fields(text)
    if inner:
        fields, text = inner, _text(inner) or text
    request = _request(fields)
    is_only_fields = request is not None and not _text(fields)
    return Unwrapped(_plain(text), trace_id, request, _function_report(fields), is_only_fields)


def _plain(text: str) -> str:
    return _COLOUR.sub("", text[:MAX_LINE]).rstrip()


def _fields(line: str) -> dict[str, Any] | None:
    """The fields by dotted lower-case name."""
    stripped = line.strip()
    if not stripped.startswith("{") or not stripped.endswith("}") or len(stripped) > MAX_JSON:
        return None
    try:
        parsed = json.loads(stripped)
    except (ValueError, RecursionError):
        return None
    found: dict[str, Any] = {}
    for name, value in _flat(parsed, "", 0):
        if len(found) >= MAX_FIELDS:
            break
        found[name] = value
    return found


def _flat(value: Any, name: str, depth: int) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and depth < MAX_DEPTH:
        for key, item in value.items():
            yield from _flat(item, f"{name}.{key}".lstrip(".").lower()[:200], depth + 1)
    elif isinstance(value, str | int | float) and not isinstance(value, bool):
        yield name, value


def _text(fields: Mapping[str, Any]) -> str:
    """The message, what it says about an error, and the first lines of a stack trace."""
    message = next((fields[name] for name in _MESSAGE if isinstance(fields.get(name), str)), "")
    parts = [message, *(fields[name] for name in (*_DETAIL, *_STACK) if isinstance(fields.get(name), str))]
    if isinstance(fields.get("response_flags"), str):
        parts.append(f'"response_flags":"{fields["response_flags"]}"')
    return " | ".join(dict.fromkeys(part for part in parts if part))[:MAX_LINE]


def _request(fields: Mapping[str, Any]) -> dict[str, str] | None:
    status = next((str(fields[name]) for name in _STATUS if name in fields), "")
    if not re.fullmatch(r"[1-5][0-9]{2}", status):
        return None
    found = {"status": status}
    # The largest of these numbers is in nanoseconds. JSON knows integers that no float can hold.
    taken = next((float(fields[n]) * k for n, k in _SECONDS.items() if _is_number(fields.get(n), 1e15)), None)
    if taken is not None and taken < 1e6:
        found["seconds"] = f"{taken:.3f}"
    method = next((str(fields[name]) for name in _METHOD if name in fields), "")
    return found | ({"method": method} if re.fullmatch(r"[A-Z]{3,7}", method) else {})


def _function_report(fields: Mapping[str, Any]) -> dict[str, str] | None:
    """Lambda's own lines as JSON: https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html"""
    if fields.get("type") not in {"platform.report", "platform.initReport"}:
        return None
    names = {"durationms": "ms", "memorysizemb": "memory_mb", "maxmemoryusedmb": "max_memory_mb"}
    found = {"type": str(fields["type"])}
    measures = {k: fields.get(f"record.metrics.{k}") for k in names}
    found |= {names[k]: str(value) for k, value in measures.items() if _is_number(value, 1e9)}
    return found | ({"status": str(fields["record.status"])[:20]} if "record.status" in fields else {})


def _is_number(value: Any, limit: float) -> bool:
    return isinstance(value, int | float) and 0 <= value < limit
