"""The finding about health checks that failed under settings that have been put right since."""

from __future__ import annotations

from diagnostics.causes.cause import Evidence, Facts, Finding, supporting
from diagnostics.rules import health_case
from diagnostics.rules.ended import SETTLES
from diagnostics.rules.health_case import HealthCase
from diagnostics.rules.health_reasons import codes_in_words
from diagnostics.rules.mended import Mended
from diagnostics.rules.routing import short_name


def finding(case: HealthCase, facts: Facts, *keys: str) -> Finding | None:
    """None unless an edit of one of these settings ended the failure, or it ended and nothing tells why: the present
    settings are then not at fault, or nobody knows whether they are."""
    mended = case.mended
    key = mended.changed(*keys) if mended else None
    if mended is not None and key is not None:
        former, fails_since = mended.former(key), _fails_since(mended, facts)
        return _past(case, facts, mended.summary(key, _did(case))).model_copy(
            update={
                "against": fails_since,
                "at_most": "possible" if fails_since else None,
                "supports": (
                    health_case.answers(case),
                    *mended.records(key),
                    *health_case.served(case),
                    *health_case.replaced(case),
                ),
                "since": former.at if former else case.since,
            }
        )
    if mended is not None or case.sick.going_on:
        return None
    # CloudTrail tells of an edit minutes later, so the settings that were read may not be those that failed.
    at = case.reports[0].at if case.reports else case.since
    until = f" until {at:%H:%M} UTC" if at else ""
    text = f"health checks of target group {short_name(case.group.arn)} {_did(case)}{until}; none fails now"
    return _past(case, facts, text).model_copy(update={"at_most": "possible"})


def _fails_since(mended: Mended, facts: Facts) -> tuple[Evidence, ...]:
    """What failed when the edit had had its time to work: another fault, which one asks about."""
    last, settled_at = facts.observed.last_seen, mended.edit.at + SETTLES
    if mended.settles_by is not None or last is None or last <= settled_at:
        return ()
    text = f"requests failed after {settled_at:%H:%M} UTC, which the former setting cannot have done"
    return (supporting(text, "cloudwatch:GetMetricData", at=last),)


def _past(case: HealthCase, facts: Facts, summary: str) -> Finding:
    return Finding(
        resource=case.group.arn,
        summary=summary,
        supports=(health_case.answers(case), *health_case.replaced(case)),
        effect_seen=True,
        affects=case.affects,
        explains=case.explains(facts.observed),
        since=case.since,
        of_before=True,
        overturned_by=f"a target that fails its health check again: {health_case.health_command(case)}",
        advice=_advice(case),
    )


def _advice(case: HealthCase) -> str:
    settles_by = case.mended.settles_by if case.mended else None
    if settles_by is None:
        return "Nothing to do now; no target fails its health check any more."
    return f"Wait until {settles_by:%H:%M:%S} UTC and diagnose again: `{health_case.health_command(case)}`"


def _did(case: HealthCase) -> str:
    return {
        "answer": f"answered {codes_in_words(case.sick.codes)}",
        "timeout": "got no answer in time",
        "connection": "got no connection",
    }[case.sick.kind]
