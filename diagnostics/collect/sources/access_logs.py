"""The rows of the subject's load balancers, from where they are delivered, within the budget for logs."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from datetime import datetime
from functools import partial

from diagnostics.access_logs.families import Timeouts
from diagnostics.access_logs.places import Place, is_on, newest_complete, place_of
from diagnostics.access_logs.scope import Scope
from diagnostics.aws_access import Pages, Reader
from diagnostics.collect.collector import Later, Now, Reads, Step, collector
from diagnostics.collect.errand import Errand, Leash
from diagnostics.collect.log_options import LogBudget, LogOptions
from diagnostics.collect.log_stream import Streamed, Wanted, stream
from diagnostics.collect.reading_places import WAIT_S, no_place, reading_place
from diagnostics.collect.sources.athena_logs import read_by_athena
from diagnostics.collect.sources.load_balancers import MAX_LOAD_BALANCERS, NO_LOAD_BALANCER
from diagnostics.collect.sources.log_files import GET_OBJECT, distinct_gaps, log_files, off
from diagnostics.collect.sources.log_wish import why_not
from diagnostics.collect.sources.target_groups import own_groups
from diagnostics.collect.sources.vended_events import read_groups
from diagnostics.collect.sources.vended_logs import DESCRIBE_SOURCES, FILTER, LogGroup, log_groups
from diagnostics.facts import (
    AccessLogs,
    Gap,
    LoadBalancerAttributes,
    Metrics,
    NetworkInterfaces,
    TargetGroups,
    TargetHealth,
    Unread,
)
from diagnostics.snapshot import Subject, Window

STORED_LINE_BYTES = 80
PLAIN_LINE_BYTES = 600
CONNECTION_LOGS = "connection logs are on too and are not read: they tell of clients and their TLS, not of targets"


@collector(cached=True, own_budget=True)
def access_logs(
    subject: Subject,
    window: Window,
    now: Now,
    options: LogOptions,
    attributes: LoadBalancerAttributes,
    groups: TargetGroups | Unread,
    metrics: Metrics | Unread,
    health: Later[TargetHealth],
    interfaces: Later[NetworkInterfaces],
) -> Reads[AccessLogs]:
    """https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html"""
    balancers = [arn for arn in subject.load_balancers[:MAX_LOAD_BALANCERS] if arn in attributes.by_arn]
    if not balancers:
        return NO_LOAD_BALANCER
    skipped = why_not(options, subject, window, metrics)
    if skipped:
        return skipped
    places = [place for arn in balancers if (place := place_of(arn, attributes.by_arn[arn])) is not None]
    yield health
    yield interfaces
    own = own_groups(subject, groups)
    scope = Scope(
        since=window.start,
        until=window.end,
        target_groups=own if isinstance(own, tuple) else (),
        timeouts=Timeouts(idle_s=attributes.idle_timeout_s(balancers[0])),
        zones=_zones(health.outcome, interfaces.outcome),
        where=options.where,
    )
    if places:
        on = {place.load_balancer_arn for place in places}
        gaps = tuple(off(arn) for arn in balancers if arn not in on)
        logs = yield from _from_s3(places, window, now, options, scope, gaps)
    else:
        logs = yield from _from_log_groups(balancers, window, options.budget, scope)
    if isinstance(logs, AccessLogs) and any(is_on(attributes.by_arn[arn], "connection") for arn in balancers):
        return logs.model_copy(update={"notes": (*logs.notes, CONNECTION_LOGS)})
    return logs


def _from_s3(
    places: Sequence[Place], window: Window, now: Now, options: LogOptions, scope: Scope, gaps: tuple[Gap, ...]
) -> Reads[AccessLogs]:
    files, refused = yield from log_files(places, window, now)
    gaps += refused
    if not files:
        return gaps[-1]
    if options.athena and (options.athena_first or _is_too_much(files, options.budget)):
        asked = Errand(
            partial(read_by_athena, places, scope, options.athena, options.earlier), seconds=options.athena.seconds
        )
        yield asked
        if isinstance(asked.outcome, AccessLogs):
            return asked.outcome.model_copy(update={"gaps": (*gaps, *asked.outcome.gaps)})
        if options.athena_first:
            return asked.outcome
        gaps += (asked.outcome,)
    errand = Errand(partial(_stream, files, scope, options.budget), seconds=options.budget.seconds + WAIT_S)
    yield errand
    if isinstance(errand.outcome, Gap):
        return errand.outcome
    streamed, logs = errand.outcome
    gaps += tuple(gap for place in places for gap in distinct_gaps(place, _of(place, streamed)))
    if not streamed.read and gaps:
        return gaps[-1]
    covered_from, covered_to = _covered(window, now, streamed)
    return logs.model_copy(
        update={
            "covered_from": covered_from,
            "covered_to": covered_to,
            "files": len(streamed.read),
            "bytes": streamed.plain_bytes,
            "share_read": streamed.share_read,
            "gaps": gaps,
        }
    )


def _stream(
    files: Sequence[Wanted], scope: Scope, budget: LogBudget, reader: Reader, leash: Leash
) -> tuple[Streamed, AccessLogs] | Gap:
    from diagnostics.access_logs.local import LocalEngine  # DuckDB and sqlglot take a while: only who needs them waits

    with reading_place(leash, budget.seconds) as tether:
        if tether is None:
            return no_place(GET_OBJECT, f"s3://{files[0].bucket}")
        with LocalEngine(scope) as engine:
            streamed = stream(files, engine.add, reader, tether, budget)
            return streamed, engine.answer(source="s3", share_read=streamed.share_read)


def _is_too_much(files: Sequence[Wanted], budget: LogBudget) -> bool:
    """Judged by size: a line of a compressed file takes about 80 bytes, 600 without compression."""
    stored = sum(one.file.size for one in files)
    return stored > min(budget.lines * STORED_LINE_BYTES, budget.bytes * STORED_LINE_BYTES // PLAIN_LINE_BYTES)


def _covered(window: Window, now: Now, streamed: Streamed) -> tuple[datetime, datetime]:
    """From the end of the newest file that was left out to the end of the newest that has been delivered."""
    newest = max((one.file.end for one in streamed.read), default=window.start)
    until = min(window.end, max(newest, newest_complete(now.at)))
    since = max((one.file.end for one in streamed.unread), default=window.start)
    return min(max(since, window.start), until), until


def _of(place: Place, streamed: Streamed) -> list[Gap]:
    return [gap for gap in streamed.gaps if gap.resource.startswith(f"s3://{place.bucket}/{place.folder}")]


def _from_log_groups(
    balancers: Sequence[str], window: Window, budget: LogBudget, scope: Scope
) -> Generator[Step, Sequence[Pages], AccessLogs | Unread]:
    """When nothing is written to S3: the log group of a vended delivery, or the reason why there are no logs."""
    found, gaps = yield from log_groups(balancers)
    if not found:
        hidden = next((gap for gap in gaps if gap.action == DESCRIBE_SOURCES), None)
        elsewhere = next((gap for gap in gaps if gap.action != DESCRIBE_SOURCES), None)
        also = (
            f"; whether they go to CloudWatch Logs is not known, {hidden.action} gave {hidden.error}" if hidden else ""
        )
        return elsewhere or off(balancers[0], also)
    errand = Errand(partial(_read_groups, found, window, scope, budget), seconds=budget.seconds + WAIT_S)
    yield errand
    if isinstance(errand.outcome, Gap):
        return errand.outcome
    return errand.outcome.model_copy(update={"gaps": (*gaps, *errand.outcome.gaps)})


def _read_groups(
    groups: Sequence[LogGroup], window: Window, scope: Scope, budget: LogBudget, reader: Reader, leash: Leash
) -> AccessLogs | Gap:
    from diagnostics.access_logs.local import LocalEngine

    with reading_place(leash, budget.seconds) as tether:
        if tether is None:
            return no_place(FILTER, groups[0].arn)
        with LocalEngine(scope) as engine:
            read = read_groups(groups, window.start, window.end, engine.add, reader, tether, budget)
            gaps = tuple(gap for one in read for gap in one.gaps)
            if gaps and not any(one.lines for one in read):
                return gaps[0]
            share = min(one.share for one in read)
            logs = engine.answer(source="cloudwatch-logs", share_read=share)
    since, until = max(one.since for one in read), min(one.until for one in read)
    return logs.model_copy(
        update={
            "bytes": sum(one.plain_bytes for one in read),
            "covered_from": min(since, until),
            "covered_to": until,
            "gaps": gaps,
        }
    )


def _zones(health: TargetHealth | Unread, interfaces: NetworkInterfaces | Unread) -> Mapping[str, str]:
    """Zone by address of the targets."""
    zones: dict[str, str] = {}
    if isinstance(interfaces, NetworkInterfaces):
        for one in interfaces.items:
            zones |= {ip: one.zone for ip in (*one.private_ips, *one.ipv6_addresses) if one.zone}
    if isinstance(health, TargetHealth):
        zones |= {target.id: target.zone for _, target in health.all() if target.zone}
    return zones
