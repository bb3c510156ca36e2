"""A proxy inside of the target answers 502 or 503, because the application behind it failed."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.causes.cause import Facts, Finding, cause
from diagnostics.rules.proxied import FAILS, PROXIED_USES, Proxied, counted, proxied
from diagnostics.rules.row_evidence import explained, record
from diagnostics.rules.served_by import SERVED_USES
from diagnostics.rules.written import record as line_record

STATUSES = frozenset({502, 503})
MAX_LINES = 3


@cause(
    code="target-proxy-upstream-failure",
    title="The proxy inside of the targets cannot use what is behind it",
    needs=(),
    uses=(*PROXIED_USES, *SERVED_USES),
    clear_needs=PROXIED_USES,
    shows=("target_5xx",),
    docs=(
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html",
        "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html",
    ),
    replaces=("target-generated-5xx",),
    leads_to=("health-check-app-error",),
)
def target_proxy_upstream_failure(facts: Facts) -> Iterator[Finding]:
    """Decided by 502 or 503 that the targets sent themselves, together with lines of nginx, Envoy, HAProxy or Apache
    about its upstream: connection refused, closed before an answer, nobody left, headers too large. Refuted by errors
    of the load balancer's own, by an application without a proxy, and by a proxy that writes no such line.
    """
    found = proxied(facts, STATUSES, *FAILS)
    if found:
        yield _finding(facts, found)


def _finding(facts: Facts, found: Proxied) -> Finding:
    to = f" ({found.upstream})" if found.upstream else ""
    group = next(iter(facts.subject.target_groups), facts.subject.label)
    return Finding(
        resource=group,
        summary=f"{found.proxy} inside of the targets {found.words()}{to}, and answers with 502 or 503",
        supports=(
            *(line_record(line, found.words(), value=found.count) for line in found.lines[:1]),
            *(line_record(line, "wrote also", decides=False) for line in found.lines[1:MAX_LINES]),
            *(record(facts, one, f"the target itself answered {one.target_status}") for one in found.rows),
            *counted(facts),
        ),
        effect_seen=True,
        affects=found.affects,
        explains=frozenset({"target_5xx"}) | explained(found.rows),
        since=min((one.first for one in found.rows), default=facts.observed.onset),
        overturned_by="An error of the application's own log for these requests, or the same answer when the proxy is"
        f" left out: curl -v http://{found.upstream or 'UPSTREAM:PORT'}/ inside of the task",
        advice="Let the proxy start after the application (dependsOn with condition HEALTHY), send to the port that it"
        " listens on, and keep connections to it for less time than it does: in nginx keepalive_timeout of the"
        " upstream block, proxy_http_version 1.1 and an empty Connection header. Where headers are too large: shorter"
        " cookies, or larger buffers (proxy_buffer_size, fastcgi_buffer_size).",
    )
