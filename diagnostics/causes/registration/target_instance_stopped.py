"""Registered instances that are stopped or terminated."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from diagnostics.causes.cause import Evidence, Facts, Finding, cause, decisive, supporting
from diagnostics.facts import Changes, Host, Hosts, Listeners, Target, TargetHealth
from diagnostics.printable import part_of
from diagnostics.rules.changes import change_evidence, changes_before_onset
from diagnostics.rules.host_effects import rows_at_end
from diagnostics.rules.routing import CANNOT_SERVE, routes_to, short_name
from diagnostics.rules.row_evidence import ROW_USES, explained

MAX_NAMED = 3
MAX_REASON = 160
EARLY, LATE = timedelta(minutes=1), timedelta(minutes=3)
"""Around the end of an instance, in which its requests are lost; health checks then leave it out."""
MOST = 0.5


@cause(
    code="target-instance-stopped",
    title="Registered instances are stopped or terminated",
    needs=(TargetHealth,),
    uses=(Hosts, Changes, Listeners, *ROW_USES),
    docs=(
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html",
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-register-targets.html",
    ),
    leads_to=("no-registered-targets",),
)
def target_instance_stopped(facts: Facts) -> Iterator[Finding]:
    """Targets are `unused` with Target.InvalidState because their instance does not run; the rest carries their load.

    Decided by the targets' state and by the instances themselves, which also say who ended them and when. When all
    targets are unused, requests get 503. Refuted when the instance runs by now, or when no rule sends requests to the
    group. A scale-in, a Spot interruption or a retirement that ended the instance is the root.
    """
    known = facts.maybe(Hosts)
    hosts = {host.id: host for host in known.items} if isinstance(known, Hosts) else {}
    for group, targets in facts[TargetHealth].by_group.items():
        ended = tuple(target for target in targets if _is_ended(target, hosts))
        if ended and routes_to(facts.maybe(Listeners), group) != ():
            yield _finding(facts, group, ended, targets, hosts)


def _is_ended(target: Target, hosts: dict[str, Host]) -> bool:
    host = hosts.get(target.id)
    runs = host is not None and host.state == "running"
    return target.state == "unused" and target.reason == "Target.InvalidState" and not runs


def _finding(
    facts: Facts, group: str, ended: tuple[Target, ...], targets: tuple[Target, ...], hosts: dict[str, Host]
) -> Finding:
    known = [host for target in ended if (host := hosts.get(target.id))]
    states = " and ".join(sorted({host.state for host in known})) or "stopped or terminated"
    nobody_left = all(target.state in CANNOT_SERVE for target in targets)
    number = part_of(len(ended), len(targets), "target", "The")
    verb = "are" if len(ended) > 1 else "is"
    left = "; nobody is left to answer" if nobody_left else ""
    what = "instances that are" if len(ended) > 1 else "an instance that is"
    return Finding(
        resource=group,
        summary=f"{number} of {short_name(group)} {verb} {what} {states}{left}",
        supports=(*_of_health(ended), *_of_hosts(known), *_of_changes(facts, ended)),
        effect_seen=True,
        affects=frozenset(target.key for target in ended) | frozenset(target.id for target in ended),
        explains=frozenset({"unused"} | ({"elb_503", "no-targets"} if nobody_left else set()))
        | _lost(facts, ended, known),
        since=min((host.ended_at for host in known if host.ended_at), default=None),
        overturned_by="an instance that runs: aws ec2 describe-instances --instance-ids"
        f" {' '.join(target.id for target in ended[:MAX_NAMED])} --query 'Reservations[].Instances[].State'",
        advice=_advice(group, ended, known),
    )


def _advice(group: str, ended: tuple[Target, ...], known: list[Host]) -> str:
    stopped = [host.id for host in known if host.state == "stopped"][:MAX_NAMED]
    ids = " ".join(f"Id={target.id}" + (f",Port={target.port}" if target.port else "") for target in ended[:MAX_NAMED])
    again = (
        f"Start what is stopped: `aws ec2 start-instances --instance-ids {' '.join(stopped)}`, or take"
        if stopped
        else "Take"
    )
    return (
        f"{again} out what does not come back, and let the Auto Scaling group bring another:"
        f" `aws elbv2 deregister-targets --target-group-arn {group} --targets {ids}`. A group that is attached to the"
        " target group deregisters by itself what it ends."
    )


def _lost(facts: Facts, ended: tuple[Target, ...], hosts: list[Host]) -> frozenset[str]:
    """Errors of the moment in which the instances ended: by their rows, else by the minutes of most errors."""
    rows = explained(cluster for target in ended for cluster in rows_at_end(facts, target.id))
    codes = [code for code in ("elb_502", "elb_504") if facts.observed.saw(code) and not facts.observed.rows_tell(code)]
    times = [host.ended_at for host in hosts if host.ended_at]
    total = sum(point.value for point in facts.observed.error_minutes)
    near = sum(
        point.value for point in facts.observed.error_minutes if any(-EARLY <= point.at - at <= LATE for at in times)
    )
    return rows | (frozenset(codes) if total and near / total >= MOST else frozenset())


def _of_health(ended: tuple[Target, ...]) -> Iterator[Evidence]:
    words = next((target.description for target in ended if target.description), "")
    names = ", ".join(target.id for target in ended[:MAX_NAMED])
    text = f"{names} unused with Target.InvalidState{f': {words[:MAX_REASON]}' if words else ''}"
    yield decisive(text, "elbv2:DescribeTargetHealth", value=len(ended))


def _of_hosts(known: list[Host]) -> Iterator[Evidence]:
    for host in known[:MAX_NAMED]:
        why = "; ".join(part for part in (host.reason_code, host.reason[:MAX_REASON]) if part)
        text = f"{host.id} is {host.state}{f': {why}' if why else ''}"
        if host.is_gone:
            yield decisive(text, "ec2:DescribeInstances", at=host.ended_at)
        else:
            yield supporting(text, "ec2:DescribeInstances")


def _of_changes(facts: Facts, ended: tuple[Target, ...]) -> Iterator[Evidence]:
    onset = facts.observed.onset or facts.now
    found = changes_before_onset(
        facts.maybe(Changes),
        resources=tuple(target.id for target in ended),
        names=("StopInstances", "TerminateInstances"),
        onset=onset,
    )
    yield from (change_evidence(change, onset) for change in found[:1])
