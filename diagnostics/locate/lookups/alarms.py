"""Amazon CloudWatch alarms by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from diagnostics.locate.alarm_dimensions import Watched, children_of, watched_by
from diagnostics.locate.search import Looked, Place, looked
from diagnostics.locate.seen import Where

MAX_NAMES: Final = 100


@dataclass(frozen=True, slots=True)
class SeenAlarm:
    """`watched` is empty for an alarm about other things; `children` are those of a composite alarm.

    `changed_at`: since when it has its state.
    """

    where: Where
    name: str
    state: str
    watched: tuple[Watched, ...] = ()
    children: tuple[str, ...] = ()
    metric: str = ""
    arn: str = ""
    changed_at: datetime | None = None


def alarms_named(names: Sequence[str]) -> Callable[[Place], Looked[SeenAlarm]]:
    """Metric and composite alarms; without AlarmTypes AWS answers with metric alarms only.

    Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html
    """

    def look(place: Place) -> Looked[SeenAlarm]:
        answer = place.reader.call(
            "cloudwatch",
            "describe_alarms",
            AlarmNames=list(names[:MAX_NAMES]),
            AlarmTypes=["MetricAlarm", "CompositeAlarm"],
            MaxRecords=MAX_NAMES,
        )
        return looked(
            answer,
            lambda found: (
                _alarm(place, raw) for kind in ("MetricAlarms", "CompositeAlarms") for raw in found.get(kind) or ()
            ),
        )

    return look


def _alarm(place: Place, raw: Mapping[str, Any]) -> SeenAlarm:
    return SeenAlarm(
        where=place.where,
        name=str(raw.get("AlarmName", "")),
        state=str(raw.get("StateValue", "")),
        watched=watched_by(raw),
        children=children_of(str(raw.get("AlarmRule") or "")),
        metric=" ".join(str(raw[key]) for key in ("Namespace", "MetricName") if raw.get(key)),
        arn=str(raw.get("AlarmArn") or ""),
        changed_at=_time(raw.get("StateTransitionedTimestamp") or raw.get("StateUpdatedTimestamp")),
    )


def _time(value: object) -> datetime | None:
    return value.astimezone(UTC) if isinstance(value, datetime) else None
