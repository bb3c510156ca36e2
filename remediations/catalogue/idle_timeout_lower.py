"""Let the load balancer close idle connections before the targets do."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.facts import AccessLogs, LoadBalancerAttributes, Metrics
from diagnostics.printable import counted
from diagnostics.rules.served_by import SERVED_USES, keep_alive
from remediations.fix import Case, fix
from remediations.plan import Plan
from remediations.steps import idle_timeouts, load_balancers
from remediations.steps.own_errors import COUNTS_USES

LEAST_KEEP_ALIVE_S = 15
SPARE_S = 5
LOOK_BACK_DAYS = 14
COUNTED_AFTER_S = 900
QUIET_S = 300


@fix(
    id="idle-timeout-lower",
    title="Let the load balancer close idle connections before the targets do",
    risk="medium",
    causes=("keepalive-race",),
    calls=("elasticloadbalancing:ModifyLoadBalancerAttributes",),
    needs=(LoadBalancerAttributes, Metrics),
    uses=(*SERVED_USES, *COUNTS_USES, AccessLogs),
    docs=("https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-load-balancer-attributes.html",),
)
def idle_timeout_lower(case: Case) -> Iterator[Plan]:
    """Lowers idle_timeout.timeout_seconds to five seconds less than the targets keep idle connections. A stop-gap that
    needs no deployment; the lasting cure is a longer keep-alive time of the application.

    Dangerous: every request that is silent for longer than the new value becomes a 504, of every service of the load
    balancer, and so do WebSockets, long polls and streams that pause. Offered only where the targets' time is known
    and longer than 15 s, and no answer took as long as the new value, neither in the window nor, as is looked up just
    before, in the last 14 days. The undo sets the former value again. AWS counts 502 for the whole load balancer: where
    other services stand behind it, only the setting is watched, and a new diagnosis tells.
    """
    attributes, setting = case.facts[LoadBalancerAttributes], keep_alive(case.facts)
    if setting is None or setting.seconds is None or setting.seconds <= LEAST_KEEP_ALIVE_S:
        return
    wanted_s, slowest = int(setting.seconds) - SPARE_S, _slowest(case)
    if case.cause.band == "possible" or slowest is None or slowest >= wanted_s:
        return
    for arn in case.facts.subject.load_balancers:
        if arn in attributes.by_arn and setting.races(attributes.idle_timeout_s(arn)):
            yield idle_timeouts.plan(
                case,
                arn,
                attributes.idle_timeout_s(arn),
                wanted_s,
                fix="idle-timeout-lower",
                ends=502,
                not_instead=504,
                within_s=COUNTED_AFTER_S,
                quiet_s=QUIET_S,
                touches=f"every listener and every service of {load_balancers.name_of(arn)}",
                guards=(load_balancers.never_slower_than(arn, wanted_s, case.facts.now, LOOK_BACK_DAYS),),
                warnings=(
                    f"a request that is silent for more than {wanted_s} s becomes a 504",
                    "WebSockets, long polls and streams that pause for as long are cut off",
                    *_web_sockets(case),
                    setting.in_words(),
                ),
            )


def _slowest(case: Case) -> float | None:
    """The longest answer that was counted or logged, whoever's of the load balancer it was."""
    logs = case.facts.maybe(AccessLogs)
    series = case.facts[Metrics].with_metric("TargetResponseTime", "Maximum")
    points = [point.value for one in series for point in one.points]
    if isinstance(logs, AccessLogs) and logs.latency.max is not None:
        points.append(logs.latency.max)
    return max(points, default=None)


def _web_sockets(case: Case) -> Iterator[str]:
    """Of a WebSocket the log has one row, written when it ends."""
    logs = case.facts.maybe(AccessLogs)
    if isinstance(logs, AccessLogs) and logs.web_sockets:
        least = "" if logs.share_read >= 1 else "at least "
        since, until = (at.strftime("%H:%M") for at in (logs.covered_from, logs.covered_to))
        yield (
            f"{least}{counted(logs.web_sockets, 'WebSocket')} of this load balancer ended between {since} and {until}"
            " UTC, by its access log: ask whoever uses them how often they send something"
        )
