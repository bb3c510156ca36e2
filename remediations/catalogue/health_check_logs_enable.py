"""Let the load balancer write what its health checks find."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.facts import LoadBalancerAttributes, TargetHealth
from remediations.fix import Case, fix
from remediations.plan import Plan
from remediations.steps import log_delivery


@fix(
    id="health-check-logs-enable",
    title="Let the load balancer write health check logs",
    risk="low",
    aim="prevents",
    causes=("insufficient-evidence",),
    calls=("elasticloadbalancing:ModifyLoadBalancerAttributes",),
    needs=(LoadBalancerAttributes, TargetHealth),
    docs=("https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-health-check-logging.html",),
)
def health_check_logs_enable(case: Case) -> Iterator[Plan]:
    """Switches health check logs on while targets are unhealthy and nothing says why, into the bucket that the settings
    name; without such a bucket it is not offered. They tell of each check what came back, and after how long.

    S3 takes money for storage. The bucket's policy has to let Elastic Load Balancing write, or AWS refuses the call.
    Health checks are not touched. The undo switches them off; the bucket's name stays among the attributes, without
    effect.
    """
    bucket = case.preferences.access_log_bucket
    sick = case.facts[TargetHealth].in_state("unhealthy")
    for arn, values in case.facts[LoadBalancerAttributes].by_arn.items():
        if bucket and sick and arn in case.facts.subject.load_balancers:
            yield from log_delivery.plans(arn, values, "health_check_logs", bucket)
