"""A log group is read from its newest events back to its oldest, although CloudWatch Logs gives them the other way."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from diagnostics.access_logs.scope import Scope
from diagnostics.collect.collector import Now
from diagnostics.collect.errand import Leash
from diagnostics.collect.log_options import LogBudget, LogOptions
from diagnostics.collect.sources import vended_events
from diagnostics.collect.sources.access_logs import _read_groups
from diagnostics.collect.sources.health_check_logs import OFF, health_check_logs
from diagnostics.collect.sources.vended_events import Delivered, read_group, read_groups
from diagnostics.collect.sources.vended_logs import LogGroup
from diagnostics.facts import (
    AccessLogs,
    Gap,
    HealthCheckLogs,
    LoadBalancerAttributes,
    Metrics,
    NotApplicable,
    Target,
    TargetHealth,
)
from diagnostics.snapshot import Window
from tests.diagnostics.collect.driving import drive
from tests.diagnostics.collect.scripted import BALANCER, NOW, SUBJECT, ScriptedReader, answered, refused
from tests.diagnostics.collect.scripted import GROUP as TARGET_GROUP
from tests.diagnostics.collect.test_log_stream import count_lines, leash
from tests.diagnostics.collect.test_vended_logs import answering

GROUP = LogGroup("arn:aws:logs:us-east-1:111122223333:log-group:/alb/shop:*")
OTHER = LogGroup("arn:aws:logs:us-east-1:111122223333:log-group:/alb/other:*")
START = NOW - timedelta(hours=1)
PLENTY = LogBudget()
Event = tuple[datetime, str]


class Group(ScriptedReader):
    """A log group that answers as FilterLogEvents does: both ends of the time belong to it, the oldest come first."""

    def __init__(self, events: Sequence[Event], page: int = 100, failing_at: int | None = None) -> None:
        super().__init__(lambda *_: answered())
        self.events = events
        self.stamped = sorted((round(at.timestamp() * 1000), message) for at, message in events)
        self.page = page
        self.failing_at = failing_at
        self.calls: list[dict[str, Any]] = []
        self.given: list[str] = []

    def call(self, service: str, operation: str, /, **params: Any) -> dict[str, Any] | Gap:
        self.calls.append(params)
        if len(self.calls) == self.failing_at:
            return Gap(action="logs:FilterLogEvents", resource=GROUP.arn, error="ThrottlingException")
        begin = bisect_left(self.stamped, (params["startTime"], ""))
        inside = self.stamped[begin : bisect_left(self.stamped, (params["endTime"] + 1, ""))]
        first = int(params.get("nextToken", 0))
        page = inside[first : first + self.page]
        self.given += [message for _, message in page]
        following = {"nextToken": str(first + self.page)} if len(inside) > first + self.page else {}
        return {"events": [{"message": message, "timestamp": at} for at, message in page], **following}

    @property
    def slices(self) -> list[tuple[datetime, datetime]]:
        """Of each call that began one."""
        begun = [call for call in self.calls if "nextToken" not in call]
        return [(_time(call["startTime"]), _time(call["endTime"])) for call in begun]


def _time(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def every_second(start: datetime = START, end: datetime = NOW, rows: int = 1) -> list[Event]:
    seconds = int((end - start).total_seconds())
    return [(start + timedelta(seconds=n), f"{n}.{row}") for n in range(seconds) for row in range(rows)]


def read(group: Group, budget: LogBudget = PLENTY, tether: Leash | None = None) -> Delivered:
    return read_group(GROUP, START, NOW, count_lines, group, tether or leash(), budget)


def test_every_event_is_read_once_the_newest_slice_first() -> None:
    group = Group(every_second(), page=1000)
    found = read(group)
    assert found == Delivered(3600, found.plain_bytes, START, NOW)
    assert len(set(group.given)) == len(group.given) == 3600
    begins = [begin for begin, _ in group.slices]
    assert begins == sorted(begins, reverse=True)
    assert group.slices[0] == (NOW - timedelta(minutes=1), NOW)


def test_an_event_at_the_edge_of_two_slices_counts_once() -> None:
    group = Group([(NOW - timedelta(minutes=1), "edge"), (NOW, "last"), (START, "first")])
    assert read(group).lines == 3


def test_a_quiet_group_is_read_in_a_handful_of_calls_however_long_the_window_is() -> None:
    group = Group([])
    assert read(group) == Delivered(0, 0, START, NOW)
    assert len(group.calls) <= 8
    long = Group([])
    read_group(GROUP, NOW - timedelta(days=14), NOW, count_lines, long, leash(), PLENTY)
    assert len(long.calls) <= 24


def test_what_the_budget_leaves_out_is_the_oldest_and_the_share_is_that_of_the_time() -> None:
    group = Group(every_second())
    found = read(group, LogBudget(lines=900, bytes=10**9, seconds=9))
    assert 900 <= found.lines < 1000
    assert (found.until, found.gaps) == (NOW, ())
    newest = {message for at, message in group.events if at >= found.since}
    assert newest <= set(group.given)
    assert timedelta(minutes=7) <= NOW - found.since <= timedelta(minutes=15)
    assert found.share == pytest.approx(found.lines / 3600, abs=0.01)


def test_where_not_even_the_newest_minute_fits_what_was_read_of_it_is_told() -> None:
    found = read(Group(every_second(rows=100)), LogBudget(lines=3000, bytes=10**9, seconds=9))
    assert (found.since, found.lines) == (NOW - timedelta(minutes=1), 3000)
    assert timedelta(seconds=29) <= found.until - found.since <= timedelta(seconds=31)
    assert 0 < found.share < 0.01


def test_slices_become_shorter_where_there_is_much_and_pages_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vended_events, "MAX_EVENT_PAGES", 50)
    group = Group(every_second(rows=20))
    found = read(group)
    assert len(group.calls) == 50
    assert group.slices[-1][1] - group.slices[-1][0] < timedelta(minutes=1)
    assert found.share < 0.1


def test_a_page_that_fails_keeps_the_newer_ones() -> None:
    found = read(Group(every_second(), page=1000, failing_at=3))
    assert [gap.error for gap in found.gaps] == ["ThrottlingException"]
    assert (found.since, found.until, found.lines) == (NOW - timedelta(minutes=3), NOW, 180)
    assert found.share == pytest.approx(3 / 60)


def test_a_leash_that_is_over_ends_it_after_a_page() -> None:
    found = read(Group(every_second(), page=10), tether=leash(seconds=0))
    assert found.lines == 10


def test_json_and_plain_lines_count_alike() -> None:
    row = json.dumps({"time": "2026-11-21T09:00:00.1Z", "elbStatusCode": 502})
    assert read(Group([(START, row), (START, "plain line"), (NOW, "{}"), (NOW, row)])).lines == 3


def test_two_groups_share_the_budget() -> None:
    group = Group(every_second(rows=10))
    budget = LogBudget(lines=2000, bytes=10**9, seconds=9)
    first, second = read_groups([GROUP, OTHER], START, NOW, count_lines, group, leash(), budget)
    assert 1000 <= first.lines <= 1100
    assert second.lines <= 1100
    assert {call["logGroupIdentifier"] for call in group.calls} == {GROUP.arn[:-2], OTHER.arn[:-2]}


def test_the_fact_says_from_when_on_everything_was_read() -> None:
    window = Window(start=START, end=NOW)
    rows = [(at, _row(at)) for at, _ in every_second()]
    budget = LogBudget(lines=600, bytes=10**9, seconds=9)
    logs = _read_groups([GROUP], window, Scope(since=START, until=NOW), budget, Group(rows), leash())
    assert isinstance(logs, AccessLogs)
    assert logs.covered_to == NOW
    assert START < logs.covered_from <= NOW - timedelta(minutes=7)
    assert logs.share_read == pytest.approx(logs.rows / 3600, abs=0.02)
    minutes = sorted(one.key for one in logs.by_minute)
    assert minutes[-1].startswith("2026-11-21T08:59")


def checks(
    health: TargetHealth,
    group: Group | None = None,
    answer: Any = None,
    attributes: Mapping[str, str] = {},
    metrics: Metrics | NotApplicable = NotApplicable(reason="not asked"),  # noqa: B008
) -> Any:
    """What the collector makes of health check logs that go to `group`; None: of none."""
    collector = health_check_logs(
        SUBJECT,
        Window(start=START, end=NOW),
        Now(NOW),
        LogOptions(),
        LoadBalancerAttributes(by_arn={BALANCER: dict(attributes)}),
        NotApplicable(reason="not asked"),
        metrics,
        health,
    )
    found = answer or answering(log_type="ALB_HEALTH_CHECK_LOGS" if group else "ALB_ACCESS_LOGS")
    return drive(collector, found, lambda errand: errand.run(group or Group([]), leash(errand.seconds)))


SICK = TargetHealth(by_group={TARGET_GROUP: (Target(id="10.0.1.11", port=80, state="unhealthy"),)})


def test_health_check_logs_are_read_likewise() -> None:
    failed = "http {:%Y-%m-%dT%H:%M:%SZ} 0.004 10.0.1.11:80 checkout FAIL 503 TargetError app/public/1 203.0.113.7"
    rows = [(at, failed.format(at)) for at, _ in every_second()[::10]]
    logs = checks(SICK, Group(rows)).outcome
    assert isinstance(logs, HealthCheckLogs)
    assert (logs.failed_total, logs.covered_from, logs.covered_to) == (360, START, NOW)
    assert logs.failed[0].reason == "TargetError"
    denied = checks(SICK, Group(rows, failing_at=1)).outcome
    assert isinstance(denied, Gap)


def test_health_checks_written_as_json_count_as_well() -> None:
    failed = {"targetAddr": "10.0.1.11:80", "targetGroupId": "checkout", "status": "FAIL", "reasonCode": "TargetError"}
    rows = [(at, json.dumps({"time": f"{at:%Y-%m-%dT%H:%M:%SZ}", **failed})) for at, _ in every_second()[::10]]
    assert checks(SICK, Group(rows)).outcome.failed_total == 360


def test_where_no_health_check_logs_are_written_they_are_off() -> None:
    assert checks(SICK).outcome == OFF
    assert checks(SICK, answer=lambda _: refused("logs:DescribeDeliverySources")).outcome == OFF
    in_s3 = checks(SICK, attributes={"access_logs.s3.enabled": "true", "access_logs.s3.bucket": "logs"})
    assert (in_s3.outcome, in_s3.asked) == (OFF, [])
    well = checks(TargetHealth(by_group={}), metrics=Metrics(covered_from=START, covered_to=NOW, series=()))
    assert (well.outcome, well.asked) == (OFF, [])


def _row(at: datetime) -> str:
    return (
        f"http {at:%Y-%m-%dT%H:%M:%S.%fZ} app/public/1111111111111111 198.51.100.9:4711 10.0.1.11:8080 -1 -1 -1 502 - "
        '300 200 "GET http://shop.example.com:80/cart HTTP/1.1" "curl/8" - - - "Root=1-5f-1" "-" "-" 10 '
        f'{at:%Y-%m-%dT%H:%M:%S.%fZ} "forward" "-" "-" "10.0.1.11:8080" "-" "-" "-" TID_1 "-" "-" "-" 203.0.113.7'
    )
