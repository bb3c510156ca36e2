"""Services of AWS that give no answer at all, as where a network has no way to them. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Final

from bot.doctor.aws_denials import missed
from bot.doctor.finding import Finding
from diagnostics.permissions.probing import Probed, RegionProbed
from diagnostics.permissions.purposes import is_optional, loss_of

SILENCE: Final = frozenset(
    {
        "ConnectTimeoutError",
        "ConnectionClosedError",
        "EndpointConnectionError",
        "ProxyConnectionError",
        "ReadTimeoutError",
        "SSLError",
    }
)
"""botocore's errors where nobody answered, or not AWS."""

_problem = partial(Finding, status="problem", area="aws")
_less = partial(Finding, status="less", area="aws")


def silences(label: str, regions: Sequence[RegionProbed]) -> Iterator[Finding]:
    """One finding for all services that are silent in the same regions."""
    where: dict[str, list[str]] = defaultdict(list)
    actions: dict[str, set[str]] = defaultdict(set)
    errors: dict[str, str] = {}
    for region in regions:
        for one in silent(region):
            service = _service(one)
            if region.region not in where[service]:
                where[service].append(region.region)
            actions[service].add(one.action)
            errors[service] = one.gap.error if one.gap else ""
    groups: dict[tuple[tuple[str, ...], bool], list[str]] = defaultdict(list)
    for service, places in where.items():
        groups[tuple(places), all(map(is_optional, actions[service]))].append(service)
    for (some, optional), services in groups.items():
        left = sorted(action for service in services for action in actions[service])
        loss = loss_of(left)
        said = ", ".join(f"{service} ({errors[service]})" for service in sorted(services))
        finding = _less if optional else _problem
        yield finding(
            id="service-unreachable",
            where=f"{label} {', '.join(some)}",
            says=f"{missed(left, loss)} in {label} {', '.join(some)}: no answer comes from {said}",
            to_do="let the network reach them: a route to the internet, a proxy (HTTPS_PROXY) or VPC endpoints",
            leaves_open=loss.open,
        )


def silent(region: RegionProbed) -> tuple[Probed, ...]:
    """The actions of services that left everything unanswered that they were asked."""
    unanswered = tuple(one for one in region.actions if _is_unanswered(one))
    heard = {
        _service(one) for one in region.actions if one.status != "unknown" or (one.gap and not _is_unanswered(one))
    }
    return tuple(one for one in unanswered if _service(one) not in heard)


def _is_unanswered(one: Probed) -> bool:
    return one.status == "unknown" and one.gap is not None and one.gap.error in SILENCE


def _service(one: Probed) -> str:
    return one.action.partition(":")[0]
