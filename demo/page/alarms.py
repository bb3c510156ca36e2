"""CloudWatch alarms of the world: set up once, set off by what is wrong, posted in the channel, and over again."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote

from demo.page.place import Front
from demo.page.traffic_watch import TrafficWatch
from demo.slack.identities import ALARM_APP, ALARM_BOT, ALARM_USER, CHANNEL
from demo.world.balancers import dimension, group_dimension
from demo.world.people import BUILDER
from demo.world.world import DEFAULT_REGION

QUIET_S: Final = 10.0
"""So long nothing may be wrong before an alarm is over."""
RECENT_S: Final = 25.0
THRESHOLD: Final = 1.0
NOTHING_WRONG: Final = (
    "No request fails and no target is unhealthy, so no alarm goes off. "
    "Ask for the service, or break something and wait a little."
)

Post = Callable[[dict[str, Any]], object]


@dataclass(frozen=True, slots=True)
class Kind:
    """An alarm on one metric of the load balancer or of the target group."""

    suffix: str
    metric: str
    statistic: str
    of_group: bool


KINDS: Final = (
    Kind("elb-5xx", "HTTPCode_ELB_5XX_Count", "Sum", of_group=False),
    Kind("target-5xx", "HTTPCode_Target_5XX_Count", "Sum", of_group=True),
    Kind("unhealthy-hosts", "UnHealthyHostCount", "Maximum", of_group=True),
)


class Alarms:
    """The alarms of one load balancer and target group."""

    def __init__(self, front: Front, watch: TrafficWatch, post: Post) -> None:
        self._front = front
        self._watch = watch
        self._post = post
        self._quiet_since: dict[str, float] = {}
        self.ringing: set[str] = set()

    def set_up(self) -> None:
        """Makes them, with nothing to complain about yet."""
        cloudwatch = self._cloudwatch()
        for kind in KINDS:
            cloudwatch.put_metric_alarm(
                AlarmName=self.name(kind),
                Namespace="AWS/ApplicationELB",
                MetricName=kind.metric,
                Dimensions=self._dimensions(kind),
                Statistic=kind.statistic,
                Period=60,
                EvaluationPeriods=1,
                Threshold=THRESHOLD,
                ComparisonOperator="GreaterThanOrEqualToThreshold",
                TreatMissingData="notBreaching",
            )
            self._set(kind, "OK", "no datapoints were received")

    def name(self, kind: Kind) -> str:
        return f"{self._front.name}-{kind.suffix}"

    def ring(self) -> str | None:
        """Sets off the alarm that fits and posts it; what to tell instead when none does."""
        kind, count = self._fitting()
        if kind is None:
            return NOTHING_WRONG
        self.ringing.add(kind.suffix)
        self._quiet_since.pop(kind.suffix, None)
        self._tell(kind, "ALARM", count)
        return None

    def look(self, now: float) -> None:
        """Ends the alarms that have nothing to complain about any more."""
        for kind in KINDS:
            if kind.suffix not in self.ringing:
                continue
            if self._count(kind):
                self._quiet_since.pop(kind.suffix, None)
            elif now - self._quiet_since.setdefault(kind.suffix, now) >= QUIET_S:
                self.ringing.discard(kind.suffix)
                self._quiet_since.pop(kind.suffix, None)
                self._tell(kind, "OK", 0)

    def _fitting(self) -> tuple[Kind | None, int]:
        counts = [(kind, self._count(kind)) for kind in KINDS]
        return next(((kind, count) for kind, count in counts if count), (None, 0))

    def _count(self, kind: Kind) -> int:
        if kind.suffix == "unhealthy-hosts":
            health = self._front.region.health
            group = self._front.region.balancers.target_group(self._front.target_group)
            states = [row["TargetHealth"]["State"] for row in health.describe(group, None)] if group else []
            return states.count("unhealthy")
        by_target = kind.of_group
        return self._watch.errors_within(RECENT_S, by_target=by_target)

    def _dimensions(self, kind: Kind) -> list[dict[str, str]]:
        names = {"LoadBalancer": dimension(self._front.balancer.arn)}
        if kind.of_group:
            names["TargetGroup"] = group_dimension(self._front.target_group)
        return [{"Name": name, "Value": value} for name, value in names.items()]

    def _cloudwatch(self) -> Any:
        return self._front.client("cloudwatch", BUILDER)

    def _set(self, kind: Kind, state: str, reason: str) -> None:
        self._cloudwatch().set_alarm_state(AlarmName=self.name(kind), StateValue=state, StateReason=reason)

    def _tell(self, kind: Kind, state: str, count: int) -> None:
        at = datetime.fromtimestamp(time.time(), UTC)
        compared = "greater than or equal to" if state == "ALARM" else "not greater than or equal to"
        point = f"[{count:.1f} ({at:%d/%m/%y %H:%M:%S})]"
        reason = f"Threshold Crossed: 1 datapoint {point} was {compared} the threshold ({THRESHOLD})."
        self._set(kind, state, reason)
        self._post(post_of(self.name(kind), self._front.account, state, reason))


def post_of(name: str, account: str, state: str, reason: str) -> dict[str, Any]:
    """The message that Amazon Q Developer posts about a change of state."""
    console = f"https://{DEFAULT_REGION}.console.aws.amazon.com/cloudwatch/home?region={DEFAULT_REGION}"
    link = f"{console}#alarmsV2:alarm/{quote(name, safe='')}"
    sign = ":rotating_light:" if state == "ALARM" else ":white_check_mark:"
    title = f"{sign} *<{link}|CloudWatch Alarm | {name} | {DEFAULT_REGION} | Account: {account}>*"
    said = f"The alarm {name} changed state to {state}: {reason}"
    return {
        "channel": CHANNEL,
        "user": ALARM_USER,
        "bot_id": ALARM_BOT,
        "app_id": ALARM_APP,
        "bot_profile": {"id": ALARM_BOT, "app_id": ALARM_APP, "name": "Amazon Q", "deleted": False},
        "text": f"{said} <{link}|View in console>",
        "blocks": [_section(title), _section(said)],
    }


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}
