"""Let the load balancer close idle connections before the targets do."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.facts import AccessLogs, LoadBalancerAttributes, Metrics
from diagnostics.printable import counted
from diagnostics.report import SettingChange
from diagnostics.rules.runtimes import KeepAlive
from diagnostics.rules.served_by import SERVED_USES, keep_alive
from remediations.fix import Case, fix
from remediations.plan import Guard, Plan, Success, Undo
from remediations.steps import healthy, load_balancers, own_errors
from remediations.steps.load_balancers import IDLE_TIMEOUT
from remediations.steps.own_errors import COUNTS_USES, NOT_TOLD

LEAST_KEEP_ALIVE_S = 15
SPARE_S = 5
LOOK_BACK_DAYS = 14
EFFECT_S = 60
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
            yield _plan(case, arn, attributes.idle_timeout_s(arn), wanted_s, setting)


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


def _plan(case: Case, arn: str, now_s: int, wanted_s: int, setting: KeepAlive) -> Plan:
    as_read, lowered = (load_balancers.attributes(arn, {IDLE_TIMEOUT: str(value)}) for value in (now_s, wanted_s))
    name = load_balancers.name_of(arn)
    return Plan(
        fix="idle-timeout-lower",
        title=f"Idle timeout of load balancer {name}: {now_s} s -> {wanted_s} s",
        risk="medium",
        resource=arn,
        changes=(SettingChange(resource=arn, setting=IDLE_TIMEOUT, before=str(now_s), after=str(wanted_s)),),
        guards=(as_read, load_balancers.never_slower_than(arn, wanted_s, case.facts.now, LOOK_BACK_DAYS)),
        writes=(load_balancers.set_attributes(arn, {IDLE_TIMEOUT: str(wanted_s)}, lowered),),
        success=_success(case, arn, lowered),
        undo=Undo(
            kind="exact",
            text=f"sets it to {now_s} s again",
            writes=(load_balancers.set_attributes(arn, {IDLE_TIMEOUT: str(now_s)}, as_read),),
            guards=(lowered,),
        ),
        touches=f"every listener and every service of {name}",
        warnings=(
            f"a request that is silent for more than {wanted_s} s becomes a 504",
            "WebSockets, long polls and streams that pause for as long are cut off",
            *_web_sockets(case),
            setting.in_words(),
        ),
        eta_s=EFFECT_S,
    )


def _success(case: Case, arn: str, lowered: Guard) -> Success:
    if not own_errors.are_own(case, arn):
        return Success(text=f"{lowered.text}; {NOT_TOLD}", within_s=EFFECT_S, guards=(lowered,))
    dimension, saw_504 = arn.split(":loadbalancer/", 1)[-1], bool(case.facts.observed.counts.elb_504)
    return Success(
        text="nobody gets 502 any more" + ("" if saw_504 else ", and nobody 504 instead"),
        within_s=COUNTED_AFTER_S,
        guards=(lowered,),
        quiet=tuple(
            healthy.load_balancer_quiet(dimension, f"HTTPCode_ELB_{code}_Count").model_copy(update={"for_s": QUIET_S})
            for code in (502, *(() if saw_504 else (504,)))
        ),
    )
