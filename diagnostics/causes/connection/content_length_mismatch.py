"""The length that the application announces is not the length of what it sends."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.causes.cause import Facts, Finding, cause, supporting
from diagnostics.facts import AccessLogs
from diagnostics.rules.app_lines import LINE_USES, lines_of
from diagnostics.rules.closed_early import CLOSED_USES, closed_early
from diagnostics.rules.row_clusters import RowCluster
from diagnostics.rules.row_evidence import NOT_READ, explained, record, rows_were_read, share_words
from diagnostics.rules.served_by import SERVED_USES
from diagnostics.rules.written import number, written
from diagnostics.rules.written import record as line_record

ENOUGH = 3
LINES_SHARE = 0.5
"""So many lines to errors tell of the same responses."""
ASK_DIRECTLY = "A response of the target whose body is as long as it says: curl -v --raw, asked directly"
ADVICE = (
    "Let the server compute the length: do not set Content-Length by hand, not before compression, not in characters"
    " instead of bytes, and not on a response of which a handler writes more afterwards."
)


@cause(
    code="content-length-mismatch",
    title="The announced length of responses is wrong",
    needs=(),
    uses=(*CLOSED_USES, *SERVED_USES, *LINE_USES),
    clear_needs=(AccessLogs, *LINE_USES),
    shows=("elb_502",),
    docs=("https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html",),
    replaces=("malformed-response", "target-closed-mid-request"),
)
def content_length_mismatch(facts: Facts) -> Iterator[Finding]:
    """Decided by a line of the server about a Content-Length that its response does not have, together with access
    log rows of 502 in which the load balancer could not read the response. Where rows were not read, lines that begin
    with the 502s and are nearly as many make it likely. Without such errors it is a risk: clients get responses that
    are cut off. Refuted by rows that no such line stands beside.
    """
    if not written(facts, "length-mismatch"):
        return
    found = tuple(
        one
        for one in closed_early(facts, "one-route", "unclear", "few-callers", "every-request")
        if written(facts, "length-mismatch", since=one.first, until=one.last)
    )
    count = number(facts, "length-mismatch")
    if found:
        yield _finding(facts, found, count)
    else:
        yield _counted(facts, count) if _fits_the_counters(facts, count) else _risk(facts, count)


def _finding(facts: Facts, found: tuple[RowCluster, ...], count: int) -> Finding:
    lines = written(facts, "length-mismatch", since=found[0].first, until=found[0].last)
    route = found[0].top_route
    where = f", {share_words(route, 'route')}" if route else ""
    return Finding(
        resource=facts.subject.label,
        summary="The application announces a wrong Content-Length:"
        f" {sum(one.count for one in found):,} times 502{where}",
        supports=(
            line_record(lines[0], "writes that the length is wrong", decides=count >= ENOUGH, value=count),
            *(record(facts, one, f"the response could not be read{where}") for one in found),
        ),
        effect_seen=True,
        affects=frozenset[str]().union(*(one.targets for one in found)),
        explains=explained(found),
        since=min(one.first for one in found),
        overturned_by=ASK_DIRECTLY,
        advice=ADVICE,
    )


def _fits_the_counters(facts: Facts, count: int) -> bool:
    """502 that no row tells of, while connections come about and such lines are written as often, and no earlier."""
    observed = facts.observed
    if rows_were_read(facts) or not observed.saw("elb_502") or not observed.errors_are_ours or observed.onset is None:
        return False
    told = lines_of(facts, observed.onset, observed.last_seen or facts.window.end, "length-mismatch")
    in_step = told is not None and told.enough and told.in_step
    return in_step and not observed.counts.connection_errors and count >= LINES_SHARE * (observed.counts.elb_502 or 0)


def _counted(facts: Facts, count: int) -> Finding:
    line, errors = written(facts, "length-mismatch", since=facts.observed.onset)[0], facts.observed.counts.elb("502")
    return Finding(
        resource=facts.subject.label,
        summary=f"The application announces a wrong Content-Length ({count} lines), while the load balancer answers"
        f" {errors:,} times 502",
        supports=(
            line_record(line, "writes that the length is wrong", value=count),
            supporting(f"{errors:,} answers of 502, and no failed connection", "cloudwatch:GetMetricData"),
        ),
        against=(supporting(NOT_READ, "cloudwatch:GetMetricData"),),
        effect_seen=True,
        explains=frozenset({"elb_502"}),
        since=facts.observed.onset,
        overturned_by=ASK_DIRECTLY,
        advice=ADVICE,
        at_most="likely",
    )


def _risk(facts: Facts, count: int) -> Finding:
    line = written(facts, "length-mismatch")[0]
    return Finding(
        resource=facts.subject.label,
        summary=f"The application announces a wrong Content-Length ({count} lines); no errors of its kind were seen",
        supports=(line_record(line, "writes that the length is wrong", decides=False, value=count),),
        effect_seen=False,
        advice="Let the server compute the length of its responses; clients may get some that are cut off.",
    )
