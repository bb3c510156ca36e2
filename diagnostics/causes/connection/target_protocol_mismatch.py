"""The load balancer speaks one protocol to the targets, and they speak another."""

from __future__ import annotations

import re
from collections.abc import Iterator

from diagnostics.causes.cause import Evidence, Facts, Finding, cause, decisive, supporting
from diagnostics.facts import AccessLogs, TargetGroup, TargetGroups, TargetHealth
from diagnostics.printable import counted
from diagnostics.rules.app_lines import LINE_USES
from diagnostics.rules.closed_early import CLOSED_USES, closed_early
from diagnostics.rules.row_clusters import RowCluster
from diagnostics.rules.row_evidence import record, seconds
from diagnostics.rules.served_by import SERVED_USES, log_search, serving_container
from diagnostics.rules.written import record as line_record
from diagnostics.rules.written import written

TLS_PORTS = frozenset({443, 8443, 9443})
FASTCGI_PORT = 9000
_TLS_NAME = re.compile(r"(?:^|_)(?:SSL|TLS|HTTPS|KEYSTORE)(?:_|$)")
_OF_OTHERS = re.compile(r"^(?:DB|DATABASE|PG|POSTGRES|MYSQL|REDIS|KAFKA|SMTP|MAIL|NODE|CLIENT|OTEL)_?")


@cause(
    code="target-protocol-mismatch",
    title="Load balancer and targets speak different protocols",
    needs=(TargetGroups,),
    uses=(*CLOSED_USES, *SERVED_USES, TargetHealth, *LINE_USES),
    clear_needs=(AccessLogs,),
    shows=("elb_502",),
    docs=(
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-target-groups.html",
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html",
    ),
    replaces=("malformed-response", "target-closed-mid-request", "port-not-listening", "container-port-mismatch"),
    leads_to=("all-targets-unhealthy-fail-open", "deployment-failing-loop", "no-registered-targets"),
    helped_by=("deployment-regression", "deployment-min-healthy-too-low"),
)
def target_protocol_mismatch(facts: Facts) -> Iterator[Finding]:
    """A target group of protocol HTTP whose targets speak TLS, FastCGI or another version of HTTP on the port.

    Decided by access log rows in which nearly every request, on all routes and targets, ends in a 502 because the
    target closed the connection within milliseconds. A setting that names the other protocol confirms it. Refuted by
    good answers of the same port. Health checks on another port may well pass.
    """
    for cluster in closed_early(facts, "every-request"):
        group = facts[TargetGroups].of(cluster.target_group or "")
        if group is not None and group.protocol != "HTTPS":
            yield _finding(facts, cluster, group)


def _finding(facts: Facts, cluster: RowCluster, group: TargetGroup) -> Finding:
    times, signs = cluster.target_s, tuple(_signs(facts, cluster, group))
    spoken = f"HTTP ({group.protocol_version})" if group.protocol_version not in {None, "HTTP1"} else "plain HTTP"
    took = f" within {seconds(times.high)}" if times else ""
    target = min(cluster.targets, default="TARGET:PORT")
    return Finding(
        resource=group.arn,
        summary=f"The targets of group {group.name} do not speak {spoken} here: they close every request at once",
        supports=(
            record(
                facts,
                cluster,
                f"nearly every request ended in 502 because the target closed the connection{took}, on"
                f" {counted(len(cluster.targets), 'target')} and all routes",
            ),
            *signs,
        ),
        against=()
        if signs
        else (supporting("no setting that was read names another protocol", "ecs:DescribeTaskDefinition"),),
        effect_seen=True,
        affects=cluster.targets,
        explains=cluster.explains | _unhealthy(facts, group),
        since=cluster.first,
        overturned_by=f"An answer to plain HTTP: curl -v http://{target}/ (and curl -vk https://{target}/ for TLS);"
        f" or an error of the application: {log_search(facts, cluster.rows)}",
        advice="Let the target group and the application agree. The protocol of a target group cannot be changed: a new"
        " one is needed, unless the application can speak plain HTTP on this port.",
        at_most=None if signs else "likely",
    )


def _signs(facts: Facts, cluster: RowCluster, group: TargetGroup) -> Iterator[Evidence]:
    ports = {int(port) for target in cluster.targets if (port := target.rpartition(":")[2]).isdigit()}
    container = serving_container(facts, group.arn)
    said = written(facts, "plain-to-tls-port", "bad-request-line", since=cluster.first, until=cluster.last)
    if said:
        yield line_record(said[0], "cannot read what the load balancer sends", value=said[0].signature)
    if ports and ports <= TLS_PORTS:
        text = f"the registered port is {min(ports)}, the customary one of TLS, and the target group speaks HTTP"
        yield decisive(text, "elbv2:DescribeTargetHealth", value=min(ports))
    if container is None:
        return
    image = container.image.rsplit("/", 1)[-1]
    if "fpm" in image and FASTCGI_PORT in ports:
        yield decisive(f"image {image} speaks FastCGI on port {FASTCGI_PORT}", "ecs:DescribeTaskDefinition")
    names = [n for n in container.environment_names if _TLS_NAME.search(n) and not _OF_OTHERS.match(n)]
    if names:
        yield supporting(f"variable {names[0]} sets up TLS in the application", "ecs:DescribeTaskDefinition")


def _unhealthy(facts: Facts, group: TargetGroup) -> frozenset[str]:
    """Health checks that are closed in the same way."""
    health = facts.maybe(TargetHealth)
    targets = health.by_group.get(group.arn, ()) if isinstance(health, TargetHealth) else ()
    sick = [target for target in targets if target.state == "unhealthy"]
    same = bool(sick) and all(target.reason == "Target.FailedHealthChecks" for target in sick)
    return frozenset({"unhealthy"}) if same else frozenset()
