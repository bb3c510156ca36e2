"""Errors that a load balancer counts for all services behind it together, as 502, 503 and 504.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from diagnostics.facts import Fact, Listeners
from remediations.fix import Case

COUNTS_USES: Final[tuple[type[Fact], ...]] = (Listeners,)
"""What a fix declares that asks here."""
NOT_TOLD: Final = (
    "other services stand behind it, and AWS counts these errors for all together: diagnose again in a while"
)


def are_own(case: Case, balancer: str, also: Iterable[str] = ()) -> bool:
    """Whether such a count says something of this one: nobody else, but the groups in `also`, stands behind it."""
    if case.facts.subject.kind == "load-balancer":
        return True
    listeners, own = case.facts.maybe(Listeners), {*case.facts.subject.target_groups, *also}
    if not isinstance(listeners, Listeners) or listeners.gaps:
        return False
    return set(listeners.target_groups_of(balancer)) <= own
