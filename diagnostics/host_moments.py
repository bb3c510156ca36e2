"""What happened to the hosts, as moments for the timeline."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from diagnostics.facts import Hosts, ScalingActivities
from diagnostics.moments import Moment
from diagnostics.printable import line
from diagnostics.snapshot import Snapshot

MAX_TEXT: Final = 300
WEIGHT: Final = 2


def hosts(snapshot: Snapshot) -> Iterator[Moment]:
    """Instances that ended or fell ill in the window, and what Auto Scaling did."""
    known, done, since = snapshot.get(Hosts), snapshot.get(ScalingActivities), snapshot.window.start
    for host in known.items if isinstance(known, Hosts) else ():
        if host.is_gone and host.ended_at and host.ended_at >= since:
            why = f": {host.reason_code}" if host.reason_code else ""
            yield Moment(
                at=host.ended_at,
                event=line(f"instance {host.id} {host.state}{why}", MAX_TEXT),
                source="ec2:DescribeInstances",
                weight=WEIGHT,
            )
        if host.is_impaired and host.impaired_since and host.impaired_since >= since:
            yield Moment(
                at=host.impaired_since,
                event=f"instance {host.id} fails its status checks",
                source="ec2:DescribeInstanceStatus",
                weight=WEIGHT,
            )
    for activity in done.items if isinstance(done, ScalingActivities) else ():
        if activity.started_at >= since:
            yield Moment(
                at=activity.started_at,
                event=line(f"Auto Scaling {activity.group}: {activity.description}", MAX_TEXT),
                source="autoscaling:DescribeScalingActivities",
                weight=WEIGHT,
            )
