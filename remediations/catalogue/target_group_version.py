"""Give clients a target group of the HTTP version that they speak."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from diagnostics.facts import Listeners, TargetGroup, TargetGroups
from diagnostics.rules.routing import routes_to
from diagnostics.rules.row_evidence import FEW_ROWS, ROW_USES, own_clusters
from remediations.fix import Case, fix
from remediations.plan import Plan
from remediations.steps import group_replacements, listener_rules, spoken
from remediations.steps.group_replacements import CALLS, REPLACEMENT_NEEDS, REPLACEMENT_USES, Swap

REFUSED: Final = 464
WITHOUT_GRPC: Final = frozenset({"http", "https", "h2"})
"""Types of requests that a group of HTTP/1 takes. https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html"""
GRPC_REQUESTS: Final = frozenset({"grpcs"})


@fix(
    id="target-group-version",
    title="Give clients a target group of the HTTP version that they speak",
    risk="high",
    causes=("protocol-version-mismatch",),
    calls=CALLS,
    needs=REPLACEMENT_NEEDS,
    uses=(*REPLACEMENT_USES, *ROW_USES),
    docs=("https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-target-groups.html",),
    prepare=listener_rules.PREPARES,
)
def target_group_version(case: Case) -> Iterator[Plan]:
    """Puts a target group of the protocol version that the clients speak in the place of the present one, in up to
    three rules: HTTP/1 (which takes HTTP/2 clients as well) for one of gRPC or HTTP/2, gRPC for one of HTTP/1. The
    version of a target group cannot be changed. Weights, stickiness and all other actions of the rules stay.

    Offered only where the group has answered nobody in all the time that is known, so that nobody can lose by it, all
    refused requests are of the one kind, and a record proves that the targets answer the other version on the same
    port: another target group of theirs whose health check passes, which the rules then get, or the container's own
    health check (a plain http URL, grpc_health_probe), which the new group's then repeats. Where some clients are
    served, send the others to a group of their own with a rule; that is not offered.

    A service that ECS rolls registers its tasks anew, which is a deployment; until the first one is healthy
    requests get 503 instead of 464. Stopped where the group has given somebody a good answer since the diagnosis.
    The undo is another deployment back to the old group, with 503 until its first task is healthy; the new one
    stays, empty.
    """
    for arn in case.cause.resources if case.cause.band != "possible" else ():
        group = case.facts[TargetGroups].of(arn)
        if group is None or not spoken.never_answered(case.facts, group):
            continue
        found = _proof(case, group)
        if found is not None:
            yield from group_replacements.plans(case, _swap(group, *found))


def _proof(case: Case, group: TargetGroup) -> tuple[str, spoken.Proof] | None:
    """The version that all clients speak, and why the targets are known to speak it."""
    found = own_clusters(case.facts, "refused-by-lb", "other", elb_status=REFUSED, group=group.arn)
    kinds = {row.protocol for cluster in found for row in cluster.rows}
    if sum(cluster.count for cluster in found) < FEW_ROWS or not kinds:
        return None
    if group.protocol_version in ("GRPC", "HTTP2") and kinds <= WITHOUT_GRPC:
        proof = spoken.http1(case.facts, group)
        return ("HTTP1", proof) if proof else None
    if group.protocol_version in (None, "HTTP1") and kinds <= GRPC_REQUESTS and _over_tls(case, group):
        proof = spoken.grpc(case.facts, group)
        return ("GRPC", proof) if proof else None
    return None


def _over_tls(case: Case, group: TargetGroup) -> bool:
    """A listener of plain HTTP takes no group of gRPC."""
    routes = routes_to(case.facts[Listeners], group.arn) or ()
    return all(route.listener.protocol == "HTTPS" for route in routes)


def _swap(group: TargetGroup, version: str, proof: spoken.Proof) -> Swap:
    check = proof.check or group.health_check
    ending = {"HTTP1": "http1", "GRPC": "grpc"}[version]
    new = proof.group or group_replacements.made_like(group, ending, check, protocol_version=version)
    spoken_there = "gRPC" if version == "GRPC" else "HTTP/1"
    through = f"target group {new.name}" if proof.group else f"a new target group {new.name}"
    return Swap(
        fix="target-group-version",
        title=f"Speak {spoken_there} to the targets of {group.name}, through {through}",
        old=group,
        new=new,
        is_there=proof.group is not None,
        why=proof.why,
        quiet=(),
    )
