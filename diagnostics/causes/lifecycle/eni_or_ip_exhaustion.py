from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence

from diagnostics.causes.cause import Evidence, Facts, Finding, cause, decisive, supporting
from diagnostics.facts import EcsService, Metrics, ServiceEvent, StoppedTasks, Subnet, Subnets, Task
from diagnostics.rules import start_failures, task_stops
from diagnostics.rules.missing_tasks import failed_lately, lacks_tasks, said_lately

_NO_ADDRESS = (
    "insufficientfreeaddresses",
    "not have enough free addresses",
    "no free addresses",
    "insufficient free addresses",
    "not enough free addresses",
)
_NO_INTERFACE = ("resource:eni", "networkinterfacelimitexceeded", "attachmentlimitexceeded", "network interface limit")
_UNCLEAR = ("network interface provisioning", "attempting to create network interface")
WORDS = (*_NO_ADDRESS, *_NO_INTERFACE, *_UNCLEAR)
FEW = 2
"""So few free addresses of a subnet are as good as none: AWS frees them with a delay."""
_SUBNET = re.compile(r"\bsubnet-[0-9a-f]{1,32}\b")
_KINDS = (
    start_failures.Kind(
        "no network interface is left",
        _NO_INTERFACE,
        "Use larger or more instances or ENI trunking, or ask for a higher quota of network interfaces.",
    ),
    start_failures.Kind(
        "no network interface came about",
        WORDS,
        "Give the service subnets with free addresses, or free some: old load balancers, functions and tasks hold"
        " them.",
    ),
)


@cause(
    code="eni-or-ip-exhaustion",
    title="No network interface or address is left for new tasks",
    needs=(EcsService,),
    uses=(StoppedTasks, Subnets, Metrics),
    clear_needs=(StoppedTasks, Metrics),
    docs=(
        "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-networking-awsvpc.html",
        "https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html",
    ),
    replaces=("resource-initialization-failed", "task-placement-failed"),
    leads_to=("deployment-failing-loop", "no-registered-targets"),
    helped_by=("deployment-regression", "deployment-min-healthy-too-low", "insufficient-task-count"),
)
def eni_or_ip_exhaustion(facts: Facts) -> Iterator[Finding]:
    """Decided by a service event or stop reason about network interfaces or free addresses while tasks are missing,
    and by subnets with hardly any free address. Refuted when the service has its tasks, or when its subnets have room
    and the words do not name a limit. Subnets too full for the next deployment are a risk.
    """
    events, failed = said_lately(facts, WORDS), failed_lately(facts, WORDS)
    found = start_failures.finding(facts, failed, events, words=WORDS, kinds=_KINDS, what="get no network interface")
    if found is not None and lacks_tasks(facts, failed, events):
        yield _weighed(found, facts, _said(failed, events))
    elif found is None:
        yield from _too_full(facts)


def _weighed(found: Finding, facts: Facts, said: str) -> Finding:
    """Free addresses contradict words that may have many reasons; their lack confirms any."""
    named = {*_SUBNET.findall(said)}
    own = [subnet for subnet in _own_subnets(facts) if not named or subnet.id in named]
    full = [subnet for subnet in own if subnet.available_ips is not None and subnet.available_ips <= FEW]
    clear = any(words in said for words in (*_NO_ADDRESS, *_NO_INTERFACE))
    roomy = bool(own) and not full and all(subnet.available_ips is not None for subnet in own)
    where = f" in {' and '.join(subnet.id for subnet in full)}" if full else ""
    against = [_free(own)] if roomy and not any(words in said for words in _NO_INTERFACE) else []
    return found.model_copy(
        update={
            "summary": f"{found.summary}{where}",
            "supports": (*found.supports, *(_lack(subnet) for subnet in full)),
            "against": (*found.against, *against),
            "overturned_by": f"free addresses: aws ec2 describe-subnets --subnet-ids"
            f" {' '.join(sorted(named) or facts[EcsService].subnets) or 'SUBNET'}"
            " --query 'Subnets[].[SubnetId,AvailableIpAddressCount]'",
            "at_most": "possible" if against and not clear else "likely" if not full and not clear else None,
        }
    )


def _said(failed: Sequence[Task], events: Sequence[ServiceEvent]) -> str:
    texts = [text for task in failed for text in task_stops.reasons(task)] + [event.message for event in events]
    return " ".join(texts).lower()


def _own_subnets(facts: Facts) -> list[Subnet]:
    known = facts.maybe(Subnets)
    ids = facts[EcsService].subnets
    return [known.by_id[item] for item in ids if item in known.by_id] if isinstance(known, Subnets) else []


def _lack(subnet: Subnet) -> Evidence:
    text = f"{subnet.id} ({subnet.cidr}) has {subnet.available_ips} free addresses"
    return decisive(text, "ec2:DescribeSubnets", value=subnet.available_ips)


def _free(own: Sequence[Subnet]) -> Evidence:
    least = min(subnet.available_ips or 0 for subnet in own)
    return supporting(f"each of its subnets has at least {least} free addresses", "ec2:DescribeSubnets", value=least)


def _too_full(facts: Facts) -> Iterator[Finding]:
    """A deployment needs addresses for the new tasks while the old ones still hold theirs."""
    service, own = facts[EcsService], _own_subnets(facts)
    if not own or len(own) < len(service.subnets) or any(subnet.available_ips is None for subnet in own):
        return
    free = sum(subnet.available_ips or 0 for subnet in own)
    surge = max(1, math.floor(service.desired * (service.maximum_percent - 100) / 100)) if service.desired else 0
    if free < surge:
        yield Finding(
            resource=own[0].id,
            summary=f"The service's subnets have {free} free addresses, and a deployment starts up to {surge} tasks",
            supports=tuple(_lack(subnet) for subnet in own),
            effect_seen=False,
            advice="Give the service larger or more subnets, or lower the deployment's maximum percent.",
        )
