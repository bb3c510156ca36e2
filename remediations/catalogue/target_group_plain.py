"""Reach the targets over plain HTTP, with a target group that speaks it."""

from __future__ import annotations

from collections.abc import Iterator

from remediations.fix import Case, fix
from remediations.plan import Plan
from remediations.steps import listener_rules, other_protocol
from remediations.steps.group_replacements import CALLS, REPLACEMENT_NEEDS, REPLACEMENT_USES


@fix(
    id="target-group-plain",
    title="Reach the targets over plain HTTP, with another target group",
    risk="high",
    causes=("target-tls-handshake-failure",),
    calls=CALLS,
    needs=REPLACEMENT_NEEDS,
    uses=REPLACEMENT_USES,
    docs=("https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-target-groups.html",),
    prepare=listener_rules.PREPARES,
)
def target_group_plain(case: Case) -> Iterator[Plan]:
    """Makes a target group like the present one but of protocol HTTP, puts it in its place in up to three rules, and
    has the targets registered there. The protocol of a target group cannot be changed. Weights, stickiness and all
    other actions of the rules stay. Where another group already reaches the same targets over plain HTTP, the rules get
    that one, and nothing is made.

    Offered where the group gives nobody a good answer, and a record proves that the targets speak plain HTTP on the
    port of the requests: a health check that passes there over HTTP, of a target group or of the container itself, or
    the application's own word that it gets TLS on a port of plain HTTP. Targets that speak TLS with another version or
    other ciphers need a change of their own. Requests between the load balancer and the targets are not encrypted any
    more, so ask first whether they have to be.

    A service that ECS rolls registers its tasks anew, which is a deployment; until the first one is healthy
    requests get 503 instead of 502. Stopped where the group has given somebody a good answer since the diagnosis.
    The undo is another deployment back to the old group, with 503 until its first task is healthy; the new one
    stays, empty. Targets that neither ECS nor an Auto Scaling group nor a load balancer controller keeps are
    registered as they are in the old group; the undo then deletes the new group as well, which AWS refuses where
    another rule uses it by then.
    """
    for plan in other_protocol.plans(case, "target-group-plain", "HTTP"):
        yield plan.model_copy(update={"warnings": (*plan.warnings, UNENCRYPTED)})


UNENCRYPTED = "requests travel unencrypted between the load balancer and the targets from then on"
