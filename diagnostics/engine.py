"""Snapshot in, report out. Pure: no clock, no network; the same snapshot always gives the same report."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Mapping

from diagnostics import timeline
from diagnostics.causes import catalogue
from diagnostics.causes.cause import CauseSpec, Facts, Finding, supporting
from diagnostics.commands import IF_STILL, NEXT_TIME, without_commands
from diagnostics.facts.access_logs import AccessLogs
from diagnostics.facts.fact import Fact, Frozen, Gap, NotApplicable
from diagnostics.facts.own_changes import OwnChange
from diagnostics.gaps import Undecided, report_gaps
from diagnostics.log_notes import log_notes
from diagnostics.ranking import Ranked, rank
from diagnostics.report import (
    Cause,
    Check,
    EvidenceItem,
    Report,
    ReportTarget,
    ReportWindow,
    Stats,
    Verdict,
)
from diagnostics.rules.ended import Ended
from diagnostics.rules.former_hosts import with_former_hosts
from diagnostics.rules.kubernetes import Controller, controller_of, in_its_terms
from diagnostics.rules.observations import Observations, observe
from diagnostics.rules.own_changes import AUDIT, settling, with_own_changes
from diagnostics.rules.past_stops import PastStops, past_stops
from diagnostics.rules.registered_names import with_registered_names
from diagnostics.rules.seen_code import notes_on_seen
from diagnostics.snapshot import Snapshot, Subject
from diagnostics.symptom import symptom_of
from diagnostics.wording import headline

log = logging.getLogger(__name__)

MAX_FINDINGS_A_CAUSE = 50
NOTHING_TO_DO = "Nothing to do now"
OVERTURN_FIRST = 2
"""For so many of the first causes the report says what would make them wrong."""


class Judged(Frozen):
    """What one cause said about the facts."""

    check: Check
    findings: tuple[Finding, ...] = ()


def diagnose(snapshot: Snapshot) -> Report:
    """Judges every cause of the catalogue against the snapshot.

    A cause whose needed facts are gaps becomes an `unknown` check; one that fails becomes `unknown` too and is logged,
    because one faulty rule must not cost the answer.
    """
    specs, snapshot = catalogue(), as_judged(snapshot)
    observed = observe(snapshot)
    repair = None if observed.ended else settling(snapshot, observed.onset)
    judged = {code: _judge(spec, snapshot, observed, repair) for code, spec in specs.items() if not spec.residual}
    past = past_stops(snapshot, observed)
    judged = judged if past is None else {code: _told_as_past(item, past) for code, item in judged.items()}
    explained = _explained(judged.values())
    judged |= {
        code: _judge(spec, snapshot, observed, repair, explained) for code, spec in specs.items() if spec.residual
    }
    seen = {code: [f for f in item.findings if f.effect_seen] for code, item in judged.items()}
    ranked = rank({code: items for code, items in seen.items() if items}, specs, observed)
    reported = {item.code for item in ranked}
    risks = {
        code: [f for f in item.findings if not f.effect_seen] for code, item in judged.items() if code not in reported
    }
    ranked_risks = rank({code: items for code, items in risks.items() if items}, specs, observed)
    owner = controller_of(snapshot)
    over = observed.ended
    causes = tuple(
        _cause(item, specs[item.code], owner, first=n < OVERTURN_FIRST, over=over, repair=repair)
        for n, item in enumerate(ranked)
    )
    verdict = _verdict(ranked, specs, observed)
    symptom = symptom_of(snapshot, observed)
    return Report(
        id=_report_id(snapshot),
        made_at=snapshot.taken_at,
        target=target_of(snapshot.subject, notes_on_seen(snapshot)),
        window=ReportWindow(start=snapshot.window.start, end=snapshot.window.end),
        symptom=symptom,
        verdict=verdict,
        headline=headline(snapshot, symptom, verdict, observed),
        causes=causes,
        risks=tuple(_cause(item, specs[item.code], owner, first=False) for item in ranked_risks),
        checks=tuple(_settled(item.check, reported, {r.code for r in ranked_risks}) for item in judged.values()),
        gaps=report_gaps(snapshot, specs, _undecided(judged, ranked, specs, observed)),
        timeline=timeline.build(snapshot, observed),
        stats=_stats(snapshot),
    )


def as_judged(snapshot: Snapshot) -> Snapshot:
    """The snapshot with its facts told of one another, as causes and fixes see it."""
    return with_own_changes(with_registered_names(with_former_hosts(snapshot)))


def _judge(
    spec: CauseSpec,
    snapshot: Snapshot,
    observed: Observations,
    repair: OwnChange | None,
    explained: frozenset[str] = frozenset(),
) -> Judged:
    for kind in spec.needs:
        found = snapshot.get(kind)
        if isinstance(found, NotApplicable):
            return Judged(check=Check(code=spec.code, status="not_applicable", reason=found.reason))
        if isinstance(found, Gap):
            reason = f"{_words(kind)} could not be read ({found.action}: {found.error})"
            return Judged(check=Check(code=spec.code, status="unknown", reason=reason))
    facts = Facts(snapshot, observed, spec.needs, spec.uses, explained)
    try:
        findings = tuple(finding for finding, _ in zip(spec.function(facts), range(MAX_FINDINGS_A_CAUSE), strict=False))
    except Exception:
        log.exception("cause %s failed on report %s", spec.code, _report_id(snapshot))
        return Judged(check=Check(code=spec.code, status="unknown", reason="the check itself failed; see the log"))
    if observed.errors_unread:
        findings = tuple(_guessed(finding) for finding in findings)
    if repair is not None:
        findings = tuple(_held(finding, repair) for finding in findings)
    return Judged(check=_check(spec, findings, snapshot, observed), findings=findings)


def _guessed(finding: Finding) -> Finding:
    """Where nothing counts errors, what surely makes them is a guess: nobody could see that there were none."""
    if finding.effect_seen or not finding.surely_hurts:
        return finding
    unseen = supporting("neither counters nor access logs were read, so no error was seen", "cloudwatch:GetMetricData")
    against = (*finding.against, unseen)
    return finding.model_copy(update={"effect_seen": True, "at_most": "possible", "against": against})


def _held(finding: Finding, repair: OwnChange) -> Finding:
    """What fails still while a fix had no time to work says little of how things are now."""
    if not finding.effect_seen or finding.of_before:
        return finding
    text = (
        f"{repair.short}, which may take until {repair.settles_by:%H:%M} UTC to show: what failed before it is no sign"
        " of how things are now"
    )
    against = (*finding.against, supporting(text, AUDIT, at=repair.at))
    return finding.model_copy(update={"at_most": "possible", "against": against})


def _told_as_past(judged: Judged, past: PastStops) -> Judged:
    findings = past.told(judged.findings)
    found = bool(findings) and judged.check.status == "found"
    check = judged.check.model_copy(update={"reason": findings[0].summary}) if found else judged.check
    return Judged(check=check, findings=findings)


def _check(spec: CauseSpec, findings: tuple[Finding, ...], snapshot: Snapshot, observed: Observations) -> Check:
    if any(finding.effect_seen for finding in findings):
        return Check(code=spec.code, status="found", reason=findings[0].summary)
    if findings:
        return Check(code=spec.code, status="risk", reason=findings[0].summary)
    blind = [gap for kind in spec.clear_needs for gap in _blind_spots(snapshot.get(kind))]
    if blind and not observed.known_quiet(spec.shows):
        reason = f"could not be excluded: {blind[0].action} gave {blind[0].error}"
        return Check(code=spec.code, status="unknown", reason=reason)
    unread = [_words(kind) for kind in spec.uses if isinstance(snapshot.get(kind), Gap)]
    reason = "nothing speaks for it" + (f"; not read: {', '.join(unread)}" if unread else "")
    return Check(code=spec.code, status="clear", reason=reason)


def _blind_spots(found: Fact | Gap | NotApplicable) -> tuple[Gap, ...]:
    """What was not read of a fact; of one that was read, the calls beside it that were denied."""
    if isinstance(found, Fact):
        return tuple(gap for gap in found.gaps if gap.kind == "denied")
    return (found,) if isinstance(found, Gap) else ()


def _settled(check: Check, reported: set[str], risks: set[str]) -> Check:
    """A finding that gave way to a more specific cause is not reported as found."""
    if check.status == "found" and check.code not in reported:
        return check.model_copy(update={"status": "clear", "reason": "a more specific cause explains it"})
    if check.status == "risk" and check.code not in risks:
        return check.model_copy(update={"status": "clear", "reason": "a more specific risk covers it"})
    return check


def _undecided(
    judged: Mapping[str, Judged], ranked: Iterable[Ranked], specs: Mapping[str, CauseSpec], observed: Observations
) -> Undecided:
    unknown = frozenset(code for code, item in judged.items() if item.check.status == "unknown")
    fitting = frozenset(code for code in unknown if not observed.known_quiet(specs[code].shows))
    return Undecided(unknown, fitting, tuple(item.code for item in ranked))


def _explained(judged: Iterable[Judged]) -> frozenset[str]:
    return frozenset(
        symptom for item in judged for finding in item.findings if finding.effect_seen for symptom in finding.explains
    )


def _verdict(ranked: tuple[Ranked, ...], specs: Mapping[str, CauseSpec], observed: Observations) -> Verdict:
    if not ranked:
        return "no_fault_found" if observed.kind == "none" or observed.ended else "inconclusive"
    if specs[ranked[0].code].residual:
        return "inconclusive"
    return "causes_found"


def _cause(
    item: Ranked,
    spec: CauseSpec,
    owner: Controller | None,
    *,
    first: bool,
    over: Ended | None = None,
    repair: OwnChange | None = None,
) -> Cause:
    best = item.findings[0]
    summaries = list(dict.fromkeys(finding.summary for finding in item.findings))
    more = f" (and {len(summaries) - 1} more)" if len(summaries) > 1 else ""
    overturned_by = next((finding.overturned_by for finding in item.findings if finding.overturned_by), None)
    advice, commands = without_commands(best.advice) if best.advice else (None, ())
    return Cause(
        code=item.code,
        family=spec.family,
        title=spec.title,
        summary=summaries[0] + more,
        confidence=item.confidence,
        band=item.band,
        role=item.role,
        evidence=tuple(EvidenceItem(text=e.text, source=e.source, at=e.at, value=e.value) for e in item.supports),
        against=tuple(EvidenceItem(text=e.text, source=e.source, at=e.at, value=e.value) for e in item.against),
        overturned_by=overturned_by if first else None,
        advice=_since_over(_after(repair, in_its_terms(advice, spec.family, owner), best), over),
        advice_commands=commands,
        resources=tuple(dict.fromkeys(finding.resource for finding in item.findings)),
        since=item.since,
        docs=spec.docs,
    )


def _since_over(advice: str | None, over: Ended | None) -> str | None:
    if over is None or (advice and advice.startswith(NOTHING_TO_DO)):
        return advice
    return f"{NOTHING_TO_DO}: {over.words}." + (f" {NEXT_TIME}{advice}" if advice else "")


def _after(repair: OwnChange | None, advice: str | None, finding: Finding) -> str | None:
    if repair is None or finding.of_before:
        return advice
    wait = f"Wait until {repair.settles_by:%H:%M} UTC and diagnose again: {repair.short}."
    return f"{wait} {IF_STILL}{advice}" if advice else wait


def target_of(subject: Subject, notes: tuple[str, ...] = ()) -> ReportTarget:
    """What a question turned out to be about, as a report tells it. `notes` come before the subject's own."""
    return ReportTarget(
        query=subject.query,
        kind=subject.kind,
        account=subject.account,
        region=subject.region,
        account_name=subject.account_name,
        load_balancers=subject.load_balancers,
        target_groups=subject.target_groups,
        cluster=subject.cluster,
        service=subject.service,
        function=subject.function,
        label=subject.label,
        runbook=subject.runbook,
        notes=(*notes, *subject.notes),
    )


def _stats(snapshot: Snapshot) -> Stats:
    stats, logs = snapshot.stats, snapshot.get(AccessLogs)
    return Stats(
        aws_calls=stats.aws_calls,
        aws_seconds=stats.aws_seconds,
        longest_chain=stats.longest_chain,
        seconds=stats.seconds,
        cache_hits=stats.cache_hits,
        log_lines=logs.rows + logs.rows_unparsed if isinstance(logs, AccessLogs) else 0,
        log_bytes=logs.bytes if isinstance(logs, AccessLogs) else 0,
        log_notes=log_notes(snapshot),
    )


def _report_id(snapshot: Snapshot) -> str:
    subject = snapshot.subject
    text = f"{subject.account}/{subject.region}/{subject.label}/{snapshot.taken_at.isoformat()}"
    return f"r-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def _words(kind: type[Fact]) -> str:
    return kind.name.replace("_", " ")
