"""What an attribute of a load balancer or target group was before somebody set it, as CloudTrail tells."""

from __future__ import annotations

from datetime import datetime, timedelta

from diagnostics.causes.cause import Facts
from diagnostics.facts import Changes, Fact
from diagnostics.rules.changes import attributes_in, changes_before_onset
from diagnostics.rules.function_history import Before

SET_USES: tuple[type[Fact], ...] = (Changes,)
"""What asks here has to declare."""
SETS = ("ModifyLoadBalancerAttributes", "ModifyTargetGroupAttributes")


def former_attribute(facts: Facts, arn: str, key: str, present: str, onset: datetime | None) -> Before | None:
    """None where nobody set it to its present value before the onset, or where no record tells what it was."""
    name = arn.split("/")[-2]
    found = changes_before_onset(facts.maybe(Changes), resources=(arn, name), names=SETS, onset=onset)
    change = next((one for one in found if key in attributes_in(one.request)), None)
    if change is None or attributes_in(change.request)[key] != present:
        return None
    earlier = changes_before_onset(
        facts.maybe(Changes), resources=(arn, name), names=SETS, onset=change.at, tolerance=timedelta(0)
    )
    for one in earlier:
        value = (attributes_in(one.response) | attributes_in(one.request)).get(key)
        if one.id != change.id and value is not None:
            return Before(value, change) if value != present else None
    return None
