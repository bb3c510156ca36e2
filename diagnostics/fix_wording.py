"""Fixes of a report in words: the same for Slack, terminal and Markdown."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Final

from pydantic import JsonValue

from diagnostics.report import Cause, Remediation, Report, SettingChange, Undo

MINUTE_S: Final = 60
LONG_S: Final = 90
_ARN: Final = re.compile(r"arn:[a-z0-9-]+:[a-z0-9-]+:[a-z0-9-]*:\d*:(?P<kind>[a-z-]+)[/:](?P<rest>\S+)")
_OF_BALANCER: Final = {
    "loadbalancer": "load balancer ",
    "listener": "listener of ",
    "listener-rule": "listener rule of ",
}
_BEFORE_NAME: Final = {"service": "service ", "function": "function "}


def fixes(report: Report) -> Iterator[tuple[Cause, Remediation]]:
    """Those for its causes, in the report's order."""
    for cause in report.causes:
        for remediation in cause.remediations:
            yield cause, remediation


def fixes_of_risks(report: Report) -> Iterator[tuple[Cause, Remediation]]:
    for risk in report.risks:
        for remediation in risk.remediations:
            yield risk, remediation


def change_in_words(change: SettingChange) -> str:
    """``target group checkout: HealthCheckPath: /old → /healthz``"""
    before, after = values_in_words(change)
    return f"{name_of(change.resource)}: {change.setting}: {before or 'none'} → {after or 'none'}"


def values_in_words(change: SettingChange) -> tuple[str | None, str | None]:
    """Before and after; None where there is nothing. Of a list that grows or shrinks the difference is told."""
    before, after = change.before, change.after
    if isinstance(before, list) and isinstance(after, list) and before and after:
        added = [one for one in after if one not in before]
        gone = [one for one in before if one not in after]
        if added and not gone:
            return _listed(before), f"these and {_listed(added)}"
        if gone and not added:
            return _listed(before), f"these without {_listed(gone)}"
    return _value(before), _value(after)


def name_of(resource: str) -> str:
    """``target group checkout`` of its ARN; what is no ARN, or of another kind, stays as it is."""
    found = _ARN.fullmatch(resource)
    if found is None:
        return resource
    kind, rest = found["kind"], found["rest"]
    parts = rest.split("/")
    if kind == "targetgroup":
        return f"target group {parts[0]}"
    if kind in _OF_BALANCER and len(parts) > 1:
        return f"{_OF_BALANCER[kind]}{parts[1]}"
    if kind in {"service", "task-definition", "function"}:
        return f"{_BEFORE_NAME.get(kind, '')}{parts[-1]}"
    return resource


def risk_in_words(remediation: Remediation) -> str:
    """``low risk, works within 4 min``"""
    parts = [f"{remediation.risk} risk"]
    if remediation.eta_seconds is not None:
        parts.append(f"works within {within_words(remediation.eta_seconds)}")
    return ", ".join(parts)


def undo_in_words(undo: Undo) -> str:
    """``undo: removes that rule``; ``no undo: …``"""
    return f"{'no undo' if undo.kind == 'none' else 'undo'}: {undo.text}"


def _value(value: JsonValue) -> str | None:
    if value is None:
        return None
    if isinstance(value, list) and value and all(isinstance(one, str | int) for one in value):
        return _listed(value)
    return name_of(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _listed(values: list[JsonValue]) -> str:
    return ", ".join(_value(one) or "none" for one in values)


def within_words(seconds: int) -> str:
    """``90 s``, ``4 min``: a limit, so it is never rounded down."""
    return f"{seconds} s" if seconds <= LONG_S else f"{-(-seconds // MINUTE_S)} min"
