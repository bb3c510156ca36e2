"""Reach the targets over TLS, with a target group that speaks it."""

from __future__ import annotations

from collections.abc import Iterator

from remediations.fix import Case, fix
from remediations.plan import Plan
from remediations.steps import listener_rules, other_protocol
from remediations.steps.group_replacements import CALLS, REPLACEMENT_NEEDS, REPLACEMENT_USES


@fix(
    id="target-group-tls",
    title="Reach the targets over TLS, with another target group",
    risk="high",
    causes=("target-protocol-mismatch",),
    calls=CALLS,
    needs=REPLACEMENT_NEEDS,
    uses=REPLACEMENT_USES,
    docs=("https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-target-groups.html",),
    prepare=listener_rules.PREPARES,
)
def target_group_tls(case: Case) -> Iterator[Plan]:
    """Makes a target group like the present one but of protocol HTTPS, puts it in its place in up to three rules, and
    has the targets registered there. The protocol of a target group cannot be changed. Weights, stickiness and all
    other actions of the rules stay. Where another group already reaches the same targets over TLS, the rules get that
    one, and nothing is made.

    Offered where the group gives nobody a good answer, and a record proves that the targets speak TLS on the port of
    the requests: a health check that passes there over HTTPS, of a target group or of the container itself, or the
    application's own word that it gets plain HTTP on a port of TLS. A port's number proves nothing. The certificate of
    the targets is not checked.

    A service that ECS rolls registers its tasks anew, which is a deployment; until the first one is healthy
    requests get 503 instead of 502. Stopped where the group has given somebody a good answer since the diagnosis.
    The undo is another deployment back to the old group, with 503 until its first task is healthy; the new one
    stays, empty. Targets that neither ECS nor an Auto Scaling group nor a load balancer controller keeps are
    registered as they are in the old group; the undo then deletes the new group as well, which AWS refuses where
    another rule uses it by then.
    """
    yield from other_protocol.plans(case, "target-group-tls", "HTTPS")
