"""Let the load balancer write access logs."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.facts import LoadBalancerAttributes
from remediations.fix import Case, fix
from remediations.plan import Plan
from remediations.steps import log_delivery


@fix(
    id="access-logs-enable",
    title="Let the load balancer write access logs",
    risk="low",
    aim="prevents",
    causes=("insufficient-evidence",),
    calls=("elasticloadbalancing:ModifyLoadBalancerAttributes",),
    needs=(LoadBalancerAttributes,),
    docs=("https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html",),
)
def access_logs_enable(case: Case) -> Iterator[Plan]:
    """Switches access logs on, into the bucket that the settings name; without such a bucket it is not offered. They
    tell of each request which target failed, and how. They say nothing about what is over, and mend nothing.

    S3 takes money for storage. The bucket's policy has to let Elastic Load Balancing write, or AWS refuses the call.
    Requests are not touched. The undo switches them off; the bucket's name stays among the attributes, without effect.
    """
    bucket = case.preferences.access_log_bucket
    for arn, values in case.facts[LoadBalancerAttributes].by_arn.items():
        if bucket and arn in case.facts.subject.load_balancers:
            yield from log_delivery.plans(arn, values, "access_logs", bucket)
