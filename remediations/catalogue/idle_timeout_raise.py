"""Let the load balancer wait longer for an answer."""

from __future__ import annotations

import math
from collections.abc import Iterator

from diagnostics.facts import ApplicationLogs, LoadBalancerAttributes, TargetGroups
from diagnostics.rules.runtimes import KeepAlive
from diagnostics.rules.served_by import SERVED_USES, keep_alive
from diagnostics.rules.set_attributes import SET_USES, former_attribute
from remediations.fix import Case, fix
from remediations.plan import Plan
from remediations.steps import idle_timeouts, load_balancers
from remediations.steps.idle_timeouts import KEY
from remediations.steps.own_errors import COUNTS_USES

SPARE = 1.2
STEP_S = 5
MAX_S = 4000
COUNTED_AFTER_S = 600
QUIET_S = 120


@fix(
    id="idle-timeout-raise",
    title="Let the load balancer wait longer for an answer",
    risk="medium",
    causes=("target-slow-response",),
    calls=("elasticloadbalancing:ModifyLoadBalancerAttributes",),
    needs=(LoadBalancerAttributes,),
    uses=(*SERVED_USES, *SET_USES, *COUNTS_USES, TargetGroups),
    docs=("https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-load-balancer-attributes.html",),
)
def idle_timeout_raise(case: Case) -> Iterator[Plan]:
    """Raises idle_timeout.timeout_seconds to what it was before somebody lowered it, or to a fifth more than the
    application's log shows the longest good answer to take. A stop-gap: callers wait longer, and so do connections.

    Dangerous where targets close idle connections sooner than the load balancer: then requests now and then meet a
    connection that is being closed, and get 502. It applies to every listener and every service of the load balancer.
    Not offered where the new value would begin that race. The undo sets the former value again. AWS counts 504 for the
    whole load balancer: where other services stand behind it, only the setting is watched, and a new diagnosis tells.
    """
    attributes = case.facts[LoadBalancerAttributes]
    known = [arn for arn in case.facts.subject.load_balancers if arn in attributes.by_arn]
    if len(known) != 1 or case.cause.band == "possible":
        return
    now_s, setting = attributes.idle_timeout_s(known[0]), keep_alive(case.facts)
    found = _as_before(case, known[0], now_s) or _as_logged(case, now_s)
    if found is not None and not _begins_race(setting, now_s, found[0]):
        wanted_s, why = found
        yield idle_timeouts.plan(
            case,
            known[0],
            now_s,
            wanted_s,
            fix="idle-timeout-raise",
            ends=504,
            not_instead=502,
            within_s=COUNTED_AFTER_S,
            quiet_s=QUIET_S,
            touches=_touches(case, known[0]),
            warnings=(why, *_race(setting, wanted_s), "callers and their connections wait longer for slow answers"),
        )


def _as_before(case: Case, arn: str, now_s: int) -> tuple[int, str] | None:
    lowered = former_attribute(case.facts, arn, KEY, str(now_s), case.facts.observed.onset)
    before = str(lowered.value) if lowered else ""
    if lowered is None or not before.isdigit() or not now_s < int(before) <= MAX_S:
        return None
    return int(before), f"it was {before} s until {lowered.change.at:%H:%M} UTC"


def _begins_race(setting: KeepAlive | None, now_s: int, wanted_s: int) -> bool:
    """It may have been lowered to end one."""
    return setting is not None and not setting.races(now_s) and bool(setting.races(wanted_s))


def _as_logged(case: Case, now_s: int) -> tuple[int, str] | None:
    took = max(_answers(case, now_s), default=0.0)
    wanted = math.ceil(took * SPARE / STEP_S) * STEP_S
    if took < now_s or wanted > MAX_S:
        return None
    return wanted, f"the application's log: good answers took up to {took:.0f} s"


def _answers(case: Case, limit_s: float) -> Iterator[float]:
    """The time of good answers that came too late for the load balancer, in seconds."""
    logs = case.facts.maybe(ApplicationLogs)
    for line in logs.of("request") if isinstance(logs, ApplicationLogs) else ():
        text = line.details.get("seconds", "")
        good = line.details.get("status", "").startswith(("2", "3"))
        if good and text.replace(".", "", 1).isdigit() and float(text) >= limit_s:
            yield float(text)


def _race(setting: KeepAlive | None, wanted_s: int) -> Iterator[str]:
    if setting is None or setting.races(wanted_s) is None:
        yield (
            f"targets that close idle connections after {wanted_s} s or sooner cause 502 now and then; how long they"
            " keep them is not known"
        )
    elif setting.races(wanted_s):
        yield f"{setting.in_words()}: raise that first, or 502 come now and then"
    yield "of other services of this load balancer, their keep-alive time has to be longer as well"


def _touches(case: Case, arn: str) -> str:
    groups = case.facts.maybe(TargetGroups)
    known = groups.items if isinstance(groups, TargetGroups) else ()
    names = ", ".join([group.name for group in known if arn in group.load_balancer_arns][:10])
    return f"every listener and target group of {load_balancers.name_of(arn)}{f': {names}' if names else ''}"
