"""Targets that speak the other one of HTTP and HTTPS, in all of their requests: a group of that protocol for them."""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.facts import HealthCheck, TargetGroup, TargetGroups
from remediations.fix import Case
from remediations.plan import Plan
from remediations.steps import group_replacements, spoken
from remediations.steps.group_replacements import Swap
from remediations.steps.new_target_groups import asks_port_of_requests

NOT_SHOWN = "no health check has shown it yet: the new group's asks the same path over {}"


def plans(case: Case, fix: str, protocol: str) -> Iterator[Plan]:
    """For each group of the cause that is of the other protocol, serves nobody, and whose targets are proven to speak
    this one."""
    for arn in case.cause.resources if case.cause.band != "possible" else ():
        group = case.facts[TargetGroups].of(arn)
        if group is None or group.protocol != spoken.OTHER[protocol] or not spoken.serves_nobody(case.facts, group):
            continue
        proof = spoken.over(case.facts, group, protocol)
        if proof is not None:
            yield from _plan(case, fix, group, protocol, proof)


def _plan(case: Case, fix: str, group: TargetGroup, protocol: str, proof: spoken.Proof) -> Iterator[Plan]:
    check = _check(case, group, protocol, proof)
    new = proof.group or group_replacements.made_like(group, protocol.lower(), check, protocol=protocol)
    how = "TLS" if protocol == "HTTPS" else "plain HTTP"
    through = f"target group {new.name}" if proof.group else f"a new target group {new.name}"
    swap = Swap(
        fix=fix,
        title=f"Reach the targets of {group.name} over {how}, through {through}",
        old=group,
        new=new,
        is_there=proof.group is not None,
        why=f"{proof.why}; {NOT_SHOWN.format(protocol)}" if proof.is_said else proof.why,
        quiet=("HTTPCode_ELB_502_Count",),
    )
    yield from group_replacements.plans(case, swap)


def _check(case: Case, group: TargetGroup, protocol: str, proof: spoken.Proof) -> HealthCheck:
    """What asks the port of the requests speaks their protocol, as it is known to pass; a port of its own stays."""
    check, ports = group.health_check, {target.port for target in spoken.members(case.facts, group)}
    if not asks_port_of_requests(check, ports):
        return check
    return proof.check or check.model_copy(update={"protocol": protocol})
