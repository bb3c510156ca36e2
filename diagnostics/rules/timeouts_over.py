"""Connections that failed and do not any more, or before somebody opened the way: no sign of how things are now.

Rules are those of now; what failed before they came into force proves nothing about them. CloudTrail tells of a change
minutes later, and meanwhile the absence of new timeouts has to do:
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/how-cloudtrail-works.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from diagnostics.causes.cause import Evidence, Facts, Finding, supporting
from diagnostics.facts import (
    AccessLogs,
    Change,
    Changes,
    Fact,
    Frozen,
    Metrics,
    OwnChanges,
    Series,
    Target,
    TargetGroups,
    TargetHealth,
    known,
)
from diagnostics.rules.change_words import change_in_words, event_name, is_of_people
from diagnostics.rules.changes import change_evidence, permissions_in
from diagnostics.rules.counters import of_balancers, series_at, series_of
from diagnostics.rules.dropped_packets import is_timeout
from diagnostics.rules.ended import MINUTE, QUIET, TIMES
from diagnostics.rules.own_changes import AUDIT, is_own, known_changes
from diagnostics.rules.row_traffic import minute_of
from diagnostics.rules.security_group import covers_port

OVER_USES: tuple[type[Fact], ...] = (AccessLogs, Changes, Metrics, OwnChanges)
"""What a cause declares that asks whether its timeouts are over."""
OF_SECURITY_GROUPS: Final = frozenset(
    {"AuthorizeSecurityGroupEgress", "AuthorizeSecurityGroupIngress", "ModifySecurityGroupRules"}
)
OPENS: Final = OF_SECURITY_GROUPS | {
    "AssociateRouteTable",
    "CreateNetworkAclEntry",
    "CreateRoute",
    "DeleteNetworkAclEntry",
    "ModifyNetworkInterfaceAttribute",
    "ReplaceNetworkAclAssociation",
    "ReplaceNetworkAclEntry",
    "ReplaceRoute",
    "ReplaceRouteTableAssociation",
    "SetSecurityGroups",
}
"""Events that can open the way between a load balancer and a target."""
FAILED: Final = "TargetConnectionErrorCount"
TIMED_OUT: Final = "HTTPCode_ELB_504_Count"
REFUSED: Final = "HTTPCode_ELB_502_Count"


_RULES_OF_NOW: Final = supporting(
    "the rules that were read are those of now, and tell nothing about connections that failed before",
    "ec2:DescribeSecurityGroups",
)


class PastFailures(Frozen):
    """`last`: the last sign of them. `opened`: what opened the way, where it is known. `quiet`: requests have gone on
    for long enough without another. `did`: what the connections did; `again`: what would tell that they do again."""

    last: datetime
    opened: Change | None = None
    quiet: bool
    did: str = "timed out"
    again: str = "504 after ten seconds"
    against: Evidence = _RULES_OF_NOW

    def summary(self, what: str) -> str:
        """``12 connections timed out until 16:03 UTC; none did since (rule added 16:04 by role/ops)``"""
        if self.opened is None:
            return f"{what} {self.did} until {self.last:%H:%M} UTC; none did since, while requests went on"
        by = change_in_words(self.opened)
        if self.quiet:
            return f"{what} {self.did} until {self.last:%H:%M} UTC; none did since ({by})"
        return f"{what} {self.did} until {self.last:%H:%M} UTC, before the way was opened ({by})"

    @property
    def records(self) -> tuple[Evidence, ...]:
        if self.opened is None:
            return ()
        told = change_evidence(self.opened)
        return (told.model_copy(update={"source": AUDIT}) if is_own(self.opened) else told,)

    @property
    def advice(self) -> str:
        if self.quiet:
            return f"Nothing to do now; no connection to a target failed this way since {self.last:%H:%M} UTC."
        return "Diagnose again in five minutes: whether connections fail still cannot be seen yet."

    def told(self, finding: Finding, what: str) -> Finding:
        """The finding as one about the past."""
        return finding.model_copy(
            update={
                "summary": self.summary(what),
                "supports": (*finding.supports, *self.records),
                "against": (*finding.against, self.against),
                "of_before": True,
                "circumstantial": True,
                "at_most": "possible",
                "overturned_by": f"connections that fail again: {self.again} in newer access log rows, or"
                " TargetConnectionErrorCount above 0",
                "advice": self.advice,
            }
        )


def past_timeouts(
    facts: Facts, rows: Iterable[datetime], targets: frozenset[str], ports: frozenset[int]
) -> PastFailures | None:
    """None while connections time out, as far as can be seen. `rows`: when some did, by access log rows; `targets`:
    those that they were for, or none for all; `ports`: those that a rule has to be about."""
    signs = sorted({*rows, *_counted(facts, TIMED_OUT)})
    if not signs:
        return None
    opened = _opened(facts, signs[0], signs[-1], ports)
    if any(is_timeout(target) for target in _of(facts, targets)):
        # Without requests of its own no connection to it fails: its checks are what tells.
        recovery_s = max((group.health_check.recovery_s for group in facts[TargetGroups].items), default=0)
        is_new = opened is not None and facts.now - opened.at < timedelta(seconds=recovery_s)
        return PastFailures(last=signs[-1], opened=opened, quiet=False) if is_new else None
    quiet = _is_quiet(facts, signs, TIMED_OUT)
    return PastFailures(last=signs[-1], opened=opened, quiet=quiet) if opened or quiet else None


def past_refusals(facts: Facts, rows: Iterable[datetime], targets: frozenset[str]) -> PastFailures | None:
    """The same of connections that were refused, which no rule on the way does: only that they ended tells."""
    signs = sorted({*rows, *_counted(facts, REFUSED)})
    well = [target.state == "healthy" for target in _of(facts, targets)]
    if not signs or not well or not all(well) or not _is_quiet(facts, signs, REFUSED):
        return None
    text = "all of these targets pass their health checks, and no connection was refused since"
    return PastFailures(
        last=signs[-1],
        quiet=True,
        did="were refused",
        again="502 without a connection",
        against=supporting(text, "elbv2:DescribeTargetHealth"),
    )


def _counted(facts: Facts, code: str) -> Iterator[datetime]:
    """Minutes in which connections to these target groups failed and the load balancer answered with the code."""
    both = _minutes(_of_own_groups(facts, FAILED)) & _minutes(_of_balancers(facts, code))
    yield from (at for at in both if facts.window.start <= at <= facts.now)


def _minutes(counted: Iterable[Series]) -> set[datetime]:
    return {point.at for series in counted for point in series.points if point.value > 0}


def _of_own_groups(facts: Facts, metric: str) -> tuple[Series, ...]:
    return series_of(facts.maybe(Metrics), metric, "Sum", facts.subject.target_groups)


def _of_balancers(facts: Facts, metric: str) -> tuple[Series, ...]:
    return series_at(facts.maybe(Metrics), metric, of_balancers(facts.subject))


def _opened(facts: Facts, first: datetime, last: datetime, ports: frozenset[int]) -> Change | None:
    """The first change that can have opened the way after which nothing timed out, as far as is known."""
    found = (
        change
        for change in known_changes(facts.maybe(Changes), facts.maybe(OwnChanges))
        if first < change.at <= facts.now and change.at >= last - MINUTE and _opens(change, ports)
    )
    return min(found, key=lambda change: change.at, default=None)


def _opens(change: Change, ports: frozenset[int]) -> bool:
    name = event_name(change)
    if name not in OPENS or change.error is not None or not is_of_people(change):
        return False
    if name.endswith("NetworkAclEntry") and not name.startswith("Delete"):
        return change.request.get("ruleAction") != "deny"
    named = permissions_in(change) if name in OF_SECURITY_GROUPS else ()
    return not named or not ports or any(covers_port(rule, port) for rule in named for port in ports)


def _is_quiet(facts: Facts, signs: list[datetime], code: str) -> bool:
    """Whether requests went on without another for longer than the pauses between them were."""
    longest = max((after - before for before, after in pairwise(signs)), default=MINUTE)
    served = [at for at in _served(facts, code) if at > signs[-1]]
    return bool(served) and max(served) - signs[-1] >= max(QUIET, TIMES * longest)


def _served(facts: Facts, code: str) -> Iterator[datetime]:
    """Minutes with requests to these target groups in what tells of failures, too. A counter without a point is 0."""
    if _of_own_groups(facts, FAILED) and _of_balancers(facts, code):
        yield from (at for at in _minutes(_of_own_groups(facts, "RequestCount")) if at <= facts.now)
        return
    logs = known(facts.maybe(AccessLogs))
    for key in logs.by_minute if logs else ():
        at = minute_of(key.key)
        if logs and at and (key.rows or 0) > key.errors and at <= logs.covered_to:
            yield at


def _of(facts: Facts, targets: frozenset[str]) -> Iterator[Target]:
    health = known(facts.maybe(TargetHealth))
    yield from (one for _, one in (health.all() if health else ()) if not targets or one.key in targets)
