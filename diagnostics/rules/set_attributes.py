"""What an attribute of a load balancer or target group was before somebody set it, as CloudTrail tells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from diagnostics.causes.cause import Facts
from diagnostics.facts import Change, Changes, Fact
from diagnostics.rules.changes import changes_before_onset

SET_USES: tuple[type[Fact], ...] = (Changes,)
"""What asks here has to declare."""
SETS = ("ModifyLoadBalancerAttributes", "ModifyTargetGroupAttributes")


class Former(NamedTuple):
    """The value before, and the change that ended it."""

    value: str
    change: Change


def former_attribute(facts: Facts, arn: str, key: str, present: str, onset: datetime | None) -> Former | None:
    """None where nobody set it to its present value before the onset, or where no record tells what it was."""
    name = arn.split("/")[-2]
    found = changes_before_onset(facts.maybe(Changes), resources=(arn, name), names=SETS, onset=onset)
    change = next((one for one in found if key in dict(_pairs(one.request))), None)
    if change is None or dict(_pairs(change.request))[key] != present:
        return None
    earlier = changes_before_onset(
        facts.maybe(Changes), resources=(arn, name), names=SETS, onset=change.at, tolerance=timedelta(0)
    )
    for one in earlier:
        value = (dict(_pairs(one.response)) | dict(_pairs(one.request))).get(key)
        if one.id != change.id and value is not None:
            return Former(value, change) if value != present else None
    return None


def _pairs(record: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    attributes = record.get("attributes")
    for item in attributes if isinstance(attributes, list) else ():
        if isinstance(item, dict) and isinstance(item.get("key"), str) and isinstance(item.get("value"), str):
            yield item["key"], item["value"]
