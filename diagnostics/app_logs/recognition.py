"""From one line to what it means."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from diagnostics.app_logs.own_words import own_words
from diagnostics.app_logs.sign import Sign
from diagnostics.app_logs.signs import all_signs
from diagnostics.app_logs.wrapping import unwrap
from diagnostics.facts import LogSignature
from diagnostics.redaction import redact_log_line

MAX_KEPT = 400
MAX_DETAIL = 120
_UNITS = {"ms": 1e-3, "us": 1e-6}
_NAME_THE_CLIENT: frozenset[LogSignature] = frozenset({"host-refused"})
_DIGITS = re.compile(r"[0-9]+(?:\.[0-9]+)?")


@dataclass(frozen=True, slots=True)
class Recognised:
    """`text` is what the line says, unwrapped and not yet redacted: `shown` is what may be kept."""

    text: str
    signature: LogSignature | None = None
    runtime: str | None = None
    details: Mapping[str, str] | None = None
    trace_id: str | None = None

    def shown(self) -> str:
        return redact_log_line(self.text, MAX_KEPT)


def recognise(line: str) -> Recognised:
    """What a line means; never raises, and takes a moment whatever stands in it."""
    unwrapped = unwrap(line)
    text, lowered = unwrapped.text, unwrapped.text.lower()
    if unwrapped.function_report:
        details = dict(unwrapped.function_report)
        report = details.pop("type") == "platform.report"
        if report and details.get("status") == "timeout":
            return Recognised(text, "lambda-timeout", "Lambda", _tidy(details), unwrapped.trace_id)
        return Recognised(text, "lambda-report" if report else "lambda-init", "Lambda", _tidy(details))
    signs = iter(()) if unwrapped.is_only_fields else _possible(lowered)
    if found := _found(signs, text, of_a_request=unwrapped.request is not None):
        sign, match = found
        return Recognised(text, sign.signature, sign.runtime, _details(sign, match), unwrapped.trace_id)
    if unwrapped.request is not None:
        return Recognised(text, "request", None, _tidy(unwrapped.request), unwrapped.trace_id)
    return Recognised(text, trace_id=unwrapped.trace_id)


def _found(signs: Iterator[Sign], text: str, *, of_a_request: bool) -> tuple[Sign, re.Match[str]] | None:
    """The first sign of what the program says itself. That a request holds the same words means nothing, so they are
    looked for once more without it; what the line tells of the request itself is read from the whole."""
    own_text: str | None = None
    for sign in signs:
        if sign.general and of_a_request:
            return None
        found = sign.pattern.search(text)
        if found is None:
            continue
        if sign.signature == "request":
            return sign, found
        own_text = own_words(text) if own_text is None else own_text
        if own := sign.pattern.search(own_text):
            return sign, found if sign.signature in _NAME_THE_CLIENT else own
    return None


@cache
def _cues() -> tuple[tuple[str, int], ...]:
    return tuple((cue, number) for number, sign in enumerate(all_signs()) for cue in sign.cues)


def _possible(lowered: str) -> Iterator[Sign]:
    """The signs of which a cue stands in the line, in their order; this loop is where most of the time goes."""
    numbers = [number for cue, number in _cues() if cue in lowered]
    return (all_signs()[number] for number in dict.fromkeys(numbers))


def _details(sign: Sign, match: re.Match[str]) -> dict[str, str]:
    named = {name: value for name, value in match.groupdict().items() if value}
    return _tidy({**sign.details, **named})


def _tidy(details: Mapping[str, str]) -> dict[str, str]:
    """Bounded, without secrets, times in seconds, addresses without brackets."""
    found = {}
    for name, value in details.items():
        if name in _UNITS and _DIGITS.fullmatch(value):
            found["seconds"] = f"{float(value) * _UNITS[name]:.3f}"
        elif name == "address":
            found[name] = value.strip("[]")[:MAX_DETAIL]
        else:
            found[name] = redact_log_line(value.strip(), MAX_DETAIL)
    return found
