"""Fixes of a report in words: the same for Slack, terminal and Markdown."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final

from pydantic import JsonValue

from diagnostics.report import Cause, Remediation, Report, SettingChange, Undo

MINUTE_S: Final = 60
LONG_S: Final = 90
UNDO_WORDS: Final = {"exact": "undo", "compensating": "way back", "none": "no undo"}


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
    """``checkout: HealthCheckPath: /old → /healthz``"""
    return f"{change.resource}: {change.setting}: {_value(change.before)} → {_value(change.after)}"


def risk_in_words(remediation: Remediation) -> str:
    """``low risk, works within 4 min``"""
    parts = [f"{remediation.risk} risk"]
    if remediation.eta_seconds is not None:
        parts.append(f"works within {_duration(remediation.eta_seconds)}")
    return ", ".join(parts)


def undo_in_words(undo: Undo) -> str:
    """``undo: removes that rule``; ``no undo: …``"""
    return f"{UNDO_WORDS[undo.kind]}: {undo.text}"


def _value(value: JsonValue) -> str:
    if value is None:
        return "none"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _duration(seconds: int) -> str:
    return f"{seconds} s" if seconds <= LONG_S else f"{-(-seconds // MINUTE_S)} min"
