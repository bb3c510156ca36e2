"""Rules of Grafana. No alarm of CloudWatch stands behind them: they have to name a load balancer or a target group.
https://grafana.com/docs/grafana/latest/alerting/configure-notifications/template-notifications/"""

from __future__ import annotations

import re
from typing import Final

from handlers.alarm_formats.format import alarm_format
from handlers.alarm_formats.post import AlarmPost, State
from handlers.alarm_formats.said import Said

_TITLE: Final = re.compile(
    r"(?:^|\n)\[(?P<what>FIRING|RESOLVED)(?::\d{1,6})?(?:, RESOLVED:\d{1,6})?\] (?P<title>[^\n]{0,120})"
)


@alarm_format("Grafana")
def grafana(said: Said) -> AlarmPost | None:
    """``[FIRING:1] …``; labels name the load balancer. Prometheus' Alertmanager writes the same."""
    title = _TITLE.search(said.whole)
    if title is None:
        return None
    state: State = "ALARM" if title["what"] == "FIRING" else "OK"
    return AlarmPost(at=said.posted_at, state=state, title=title["title"].strip() or None)
