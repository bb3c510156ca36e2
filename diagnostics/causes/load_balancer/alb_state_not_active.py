"""The load balancer itself is not in working order."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.causes.cause import Facts, Finding, cause, decisive
from diagnostics.facts import LoadBalancer, LoadBalancers
from diagnostics.printable import line
from diagnostics.rules.balancer_trouble import ACTIVE

MAX_REASON = 160
_MEANS = {
    "provisioning": "is still being set up and does not answer yet",
    "active_impaired": "works, and cannot scale",
    "failed": "could not be set up",
}
_ADVICE = {
    "provisioning": "Wait: setting up takes a few minutes. One that stays so longer is a matter for AWS Support.",
    "active_impaired": "It misses what it needs to grow: free addresses in its subnets (at least 8 in each), or its"
    " service-linked role. Repair that; it leaves the state by itself.",
    "failed": "Read the reason, repair it and create the load balancer again: a failed one does not recover.",
}
_WITHOUT_IT = frozenset({"elb_500", "elb_502", "elb_503", "elb_504", "no-requests"})


@cause(
    code="alb-state-not-active",
    title="The load balancer is not active",
    needs=(LoadBalancers,),
    docs=(
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html",
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-subnets.html",
    ),
)
def alb_state_not_active(facts: Facts) -> Iterator[Finding]:
    """DescribeLoadBalancers gives a state other than active: provisioning (just created), active_impaired (it routes
    requests and cannot scale), failed.

    Decided by the state and its reason. Refuted by the state active.
    """
    for balancer in facts[LoadBalancers].items:
        if balancer.state not in {"", ACTIVE}:
            yield _finding(facts, balancer)


def _finding(facts: Facts, balancer: LoadBalancer) -> Finding:
    state = line(balancer.state, MAX_REASON)
    reason = line(balancer.state_reason, MAX_REASON)
    routes = state == "active_impaired"
    return Finding(
        resource=balancer.arn,
        summary=f"Load balancer {balancer.name} {_MEANS.get(state, 'is not active')} (state {state})",
        supports=(
            decisive(
                f"state of {balancer.name}: {state}" + (f" ({reason})" if reason else ""),
                "elbv2:DescribeLoadBalancers",
                value=state,
            ),
        ),
        effect_seen=True,
        affects=frozenset({balancer.arn}),
        explains=frozenset({"balancer-state"}) | (frozenset() if routes else _WITHOUT_IT & facts.observed.symptoms),
        since=balancer.created_at if state == "provisioning" else None,
        overturned_by=f"The state active: aws elbv2 describe-load-balancers --load-balancer-arns {balancer.arn}"
        " --query 'LoadBalancers[].State'",
        advice=_ADVICE.get(state, "Look at its state and reason in the console; ask AWS Support if neither tells."),
    )
