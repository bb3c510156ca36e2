"""A proxy inside of the target gives up waiting for the application and answers 504."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.causes.cause import Evidence, Facts, Finding, cause, supporting
from diagnostics.rules.app_lines import LINE_USES
from diagnostics.rules.proxied import PROXIED_USES, WAITS, Proxied, counted, proxied
from diagnostics.rules.row_clusters import RowCluster
from diagnostics.rules.row_evidence import ROW_USES, clusters, explained, record, seconds
from diagnostics.rules.served_by import SERVED_USES
from diagnostics.rules.written import record as line_record

STATUSES = frozenset({504})


@cause(
    code="target-proxy-timeout",
    title="The proxy inside of the targets gives up waiting",
    needs=(),
    uses=(*PROXIED_USES, *SERVED_USES),
    clear_needs=(*ROW_USES, *LINE_USES),
    shows=("target_5xx",),
    docs=("https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html",),
    replaces=("target-generated-5xx",),
)
def target_proxy_timeout(facts: Facts) -> Iterator[Finding]:
    """Decided by 504 that the targets sent themselves after the same number of seconds each time, or together with
    lines of the proxy about an upstream that timed out (nginx: "upstream timed out"). Refuted by a 504 without a
    status of the target, which is the load balancer's own, and by times that vary.
    """
    found = proxied(facts, STATUSES, *WAITS)
    constant = tuple(
        one
        for one in clusters(facts, "answered")
        if one.target_status in STATUSES and one.target_s and one.target_s.is_constant
    )
    if found:
        yield _finding(facts, found, found.rows)
    elif constant:
        yield _finding(facts, None, constant)


def _finding(facts: Facts, found: Proxied | None, rows: tuple[RowCluster, ...]) -> Finding:
    times = next((one.target_s for one in rows if one.target_s and one.target_s.is_constant), None)
    after = f" after {seconds(times.middle)}" if times else ""
    proxy = found.proxy if found else "A proxy or a timer inside of the targets"
    to = f" for {found.upstream}" if found and found.upstream else ""
    group = next(iter(facts.subject.target_groups), facts.subject.label)
    targets = frozenset[str]().union(*(one.targets for one in rows))
    return Finding(
        resource=group,
        summary=f"{proxy} gives up waiting{to}{after} and answers 504 itself",
        supports=(
            *(
                line_record(line, "waited too long for what stands behind it")
                for line in (found.lines[:1] if found else ())
            ),
            *(record(facts, one, f"the target itself answered 504{after}") for one in rows),
            *(counted(facts) if found and not rows else ()),
        ),
        against=tuple(_against(found)),
        effect_seen=True,
        affects=found.affects if found else _all_of(facts, rows) or targets,
        explains=frozenset({"target_5xx"}) | explained(rows),
        since=min((one.first for one in rows), default=facts.observed.onset),
        overturned_by="A row of these requests whose target_status_code is '-': then the load balancer gave up, not"
        " the target",
        advice="Make the slow request faster, or move it out of the request. Then a longer read time-out of the proxy"
        " (nginx: proxy_read_timeout, fastcgi_read_timeout; Apache: ProxyTimeout; Envoy: the route's timeout; HAProxy:"
        " timeout server), below the load balancer's idle timeout.",
        at_most=None if found else "likely",
    )


def _against(found: Proxied | None) -> Iterator[Evidence]:
    if found is None:
        text = "no line of a proxy about its upstream was read; a timer of the application itself answers the same"
        yield supporting(text, "s3:GetObject")


def _all_of(facts: Facts, rows: tuple[RowCluster, ...]) -> frozenset[str]:
    """The target group where these are all of its 5xx."""
    own = [one for one in clusters(facts, "answered") if one.symptom == "target_5xx"]
    return frozenset(facts.subject.target_groups) if len(own) == len(rows) else frozenset()
