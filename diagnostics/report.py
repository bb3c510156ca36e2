"""The report: one object that the terminal, Slack and ``--json`` are drawn from (schema ``alb502.report/1``)."""

from __future__ import annotations

import operator
from datetime import datetime
from typing import Literal

from pydantic import Field, JsonValue

from diagnostics.facts.fact import Frozen

SCHEMA = "alb502.report/1"

Band = Literal["confirmed", "likely", "possible"]
Role = Literal["root", "contributing", "consequence"]
Verdict = Literal["causes_found", "no_fault_found", "inconclusive"]
CheckStatus = Literal["found", "risk", "clear", "unknown", "not_applicable"]
Risk = Literal["low", "medium", "high"]


class ReportTarget(Frozen):
    query: str
    kind: str
    account: str
    region: str
    account_name: str | None = None
    load_balancers: tuple[str, ...] = ()
    target_groups: tuple[str, ...] = ()
    cluster: str | None = None
    service: str | None = None
    function: str | None = None
    label: str
    runbook: str | None = None
    notes: tuple[str, ...] = ()
    """What was taken for granted on the way to the target, and where it was not possible to look; one line each."""


class ReportWindow(Frozen):
    start: datetime = Field(alias="from", serialization_alias="from")
    end: datetime = Field(alias="to", serialization_alias="to")


class Concentration(Frozen):
    """Where the errors gather: `share` 0-1 of them at `key`."""

    by: Literal["target", "zone", "route", "none"] = "none"
    key: str | None = None
    share: float | None = None


class ErrorsOverTime(Frozen):
    """Errors by kind, one number for each `step_seconds` from `from` on, 60 at most.

    `counts` is named like the counts of the symptom (``elb_502``); a kind without an error is left out.
    """

    start: datetime = Field(alias="from", serialization_alias="from")
    step_seconds: int = Field(gt=0)
    counts: dict[str, tuple[int, ...]]


class Symptom(Frozen):
    """What was observed. A number that was not read is None and has a gap, never 0."""

    kind: Literal["errors", "capacity", "deployment", "none"]
    scope: Literal["target-group", "load-balancer"]
    elb_502: int | None = None
    elb_503: int | None = None
    elb_504: int | None = None
    elb_500: int | None = None
    elb_561: int | None = None
    target_5xx: int | None = None
    elb_460: int | None = None
    elb_463: int | None = None
    elb_464: int | None = None
    requests: int | None = None
    error_rate: float | None = None
    pattern: Literal["constant", "intermittent", "deployment", "burst", "none"] = "none"
    onset: datetime | None = None
    last_seen: datetime | None = None
    over: bool = False
    """Errors came and went, and nothing of their kind is seen any more."""
    concentration: Concentration = Concentration()
    generated_by: Literal["load-balancer", "target", "mixed", "none"] = "none"
    over_time: ErrorsOverTime | None = Field(default=None, exclude_if=operator.not_)
    """Left out where nothing fails, and where no error was counted."""


class EvidenceItem(Frozen):
    """`source` names the AWS call that said so, such as ``elbv2:DescribeTargetHealth``."""

    text: str
    source: str
    at: datetime | None = None
    value: JsonValue = None


class SettingChange(Frozen):
    resource: str
    setting: str
    before: JsonValue = None
    after: JsonValue = None


class Undo(Frozen):
    kind: Literal["exact", "compensating", "none"]
    text: str
    aws_cli: tuple[str, ...] = ()


class Remediation(Frozen):
    """A fix for this report. `touches`: who or what else notices it; `warnings`: what to know before it is made."""

    id: str
    title: str
    risk: Risk
    eta_seconds: int | None = None
    allowed: bool
    why_not: str | None = None
    changes: tuple[SettingChange, ...] = ()
    touches: str = ""
    warnings: tuple[str, ...] = ()
    aws_cli: tuple[str, ...] = ()
    undo: Undo


class Cause(Frozen):
    code: str
    family: str
    title: str
    summary: str
    confidence: float = Field(ge=0.0, le=1.0)
    band: Band
    role: Role
    evidence: tuple[EvidenceItem, ...] = ()
    against: tuple[EvidenceItem, ...] = ()
    overturned_by: str | None = None
    advice: str | None = None
    advice_commands: tuple[str, ...] = ()
    """The commands that `advice` speaks of, in its order; words in capitals stand for what only a person can know."""
    resources: tuple[str, ...] = ()
    since: datetime | None = None
    remediations: tuple[Remediation, ...] = ()
    docs: tuple[str, ...] = ()


class Check(Frozen):
    code: str
    status: CheckStatus
    reason: str


class ReportGap(Frozen):
    """Something that could not be read; `fix` is a policy statement or a sentence to act on."""

    action: str
    resource: str
    error: str
    affects: tuple[str, ...] = ()
    fix: str | None = None


class TimelineEntry(Frozen):
    at: datetime
    event: str
    source: str
    actor: str | None = None


class Stats(Frozen):
    aws_calls: int = 0
    aws_seconds: float = 0.0
    longest_chain: int = 0
    seconds: float = 0.0
    cache_hits: int = 0
    log_lines: int = 0
    log_bytes: int = 0
    log_notes: tuple[str, ...] = Field(default=(), exclude_if=operator.not_)
    """What share of logs was read where it was not all, and what a scan for money cost; left out where it is empty."""


class Report(Frozen):
    schema_id: Literal["alb502.report/1"] = Field(
        default="alb502.report/1", alias="schema", serialization_alias="schema"
    )
    id: str
    made_at: datetime
    target: ReportTarget
    window: ReportWindow
    symptom: Symptom
    verdict: Verdict
    headline: str
    causes: tuple[Cause, ...] = ()
    risks: tuple[Cause, ...] = ()
    checks: tuple[Check, ...] = ()
    gaps: tuple[ReportGap, ...] = ()
    timeline: tuple[TimelineEntry, ...] = ()
    stats: Stats = Stats()

    def to_json(self, indent: int | None = 2) -> str:
        """The report as ``--json`` prints it."""
        return self.model_dump_json(by_alias=True, indent=indent)

    @classmethod
    def from_json(cls, text: str | bytes) -> Report:
        return cls.model_validate_json(text)
