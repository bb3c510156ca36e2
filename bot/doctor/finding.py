"""What the doctor found, as other programs read it: `alb502 doctor --json`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal, Self

from pydantic import Field

from bot.telemetry.logs import hidden
from diagnostics import printable
from diagnostics.facts.fact import Frozen

SCHEMA: Final = "alb502.doctor/1"
MAX_SENTENCE: Final = 600
MAX_WHERE: Final = 200
MAX_PASTE: Final = 6_000
MAX_FINDINGS: Final = 500

Status = Literal["problem", "less", "unchecked", "well"]
Area = Literal["settings", "slack", "redis", "aws", "fixes"]
Verdict = Literal["well", "problems"]
Role = Literal["all", "web", "worker", "executor"]

ORDER: Final[tuple[Status, ...]] = ("problem", "less", "unchecked", "well")
"""Worst first."""
AREAS: Final[tuple[Area, ...]] = ("settings", "slack", "redis", "aws", "fixes")


class Paste(Frozen):
    """Something to paste as it stands. `into`: where."""

    into: str
    text: str


class Finding(Frozen):
    """`problem`: something will not work. `less`: it works with less. `unchecked`: nobody knows, and `why`. `well`: it
    was looked at and works.

    `id` names the kind of finding and stays the same. `where`: the account and region, channel or setting. `says`: what
    it means for people who use the bot. `leaves_open`: codes of causes that cannot be judged.
    """

    status: Status
    area: Area
    id: str
    where: str = ""
    says: str
    why: str = ""
    to_do: str = ""
    paste: tuple[Paste, ...] = ()
    leaves_open: tuple[str, ...] = ()


class Examination(Frozen):
    """Everything that was found, worst first. `role`: whose part was looked at; null: of all, wherever this is."""

    schema_: Literal["alb502.doctor/1"] = Field(SCHEMA, alias="schema", serialization_alias="schema")
    role: Role | None
    verdict: Verdict
    findings: tuple[Finding, ...]

    @classmethod
    def of(cls, role: Role | None, found: Iterable[Finding]) -> Self:
        findings = sorted(found, key=lambda one: (ORDER.index(one.status), AREAS.index(one.area)))[:MAX_FINDINGS]
        verdict: Verdict = "problems" if any(one.status == "problem" for one in findings) else "well"
        return cls(role=role, verdict=verdict, findings=tuple(map(_safe, findings)))

    def with_status(self, status: Status) -> tuple[Finding, ...]:
        return tuple(one for one in self.findings if one.status == status)

    def to_json(self) -> str:
        return self.model_dump_json(by_alias=True, indent=2)


def _safe(finding: Finding) -> Finding:
    """Bounded, on one line each, and without a secret: AWS, Slack and Redis may repeat what they were given."""
    return finding.model_copy(
        update={
            "where": printable.line(hidden(finding.where), MAX_WHERE),
            "says": printable.line(hidden(finding.says), MAX_SENTENCE),
            "why": printable.line(hidden(finding.why), MAX_SENTENCE),
            "to_do": printable.line(hidden(finding.to_do), MAX_SENTENCE),
            "paste": tuple(
                Paste(into=printable.line(one.into, MAX_WHERE), text=printable.lines(hidden(one.text), MAX_PASTE))
                for one in finding.paste
            ),
        }
    )
