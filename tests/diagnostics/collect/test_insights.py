"""CloudWatch Logs Insights: asked only about what is left and still open, never more than allowed, never for nobody."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from demo.aws.guards import Faults
from diagnostics.aws_access import Pages
from diagnostics.collect import errand, insights_queries
from diagnostics.collect.collector import Read
from diagnostics.collect.errand import Errand, Leash
from diagnostics.collect.insights_queries import LogQuery, Scanned, run_query
from diagnostics.collect.log_options import LogOptions
from diagnostics.collect.sources import application_logs as source
from diagnostics.collect.sources.insights_logs import query_text
from diagnostics.facts import AccessLogs, ApplicationLogs, Gap, Metrics, NotApplicable, Point, Series, StoppedTasks
from tests.diagnostics.collect import test_application_logs as shop_logs
from tests.diagnostics.collect.driving import Driven, drive, settled
from tests.diagnostics.collect.log_shop import Shop
from tests.diagnostics.collect.scripted import SUBJECT, ScriptedReader, answered
from tests.diagnostics.collect.test_application_logs import DENIED, GROUP, NOW, WINDOW
from tests.diagnostics.collect.test_runner import Shelf
from tests.diagnostics.standstill import Standstill

QUERY = LogQuery("fields @message", (GROUP,), WINDOW.start, WINDOW.end)
LIMIT = 2_000_000_000
REFUSED = Gap(action="logs:StartQuery", resource=GROUP, error="AccessDeniedException", kind="denied")


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(insights_queries, "FIRST_PAUSE_S", 0.001)


def row(message: str, at: str = "2026-11-21 08:59:00.000", stream: str = "app/web/x") -> dict[str, str]:
    return {"@timestamp": at, "@message": message, "@logStream": stream, "@log": f"111122223333:{GROUP}"}


class Insights(ScriptedReader):
    """Scans half a gigabyte between two looks, and finds these lines at once."""

    def __init__(self, statuses: Sequence[str], *lines: dict[str, str], refuse: str = "") -> None:
        super().__init__(lambda *_: answered())
        self.statuses, self.lines, self.refuse = list(statuses), lines, refuse
        self.calls: list[str] = []
        self.started: list[dict[str, Any]] = []
        self.looks = 0

    def call(self, service: str, operation: str, /, **params: Any) -> dict[str, Any] | Gap:
        assert service == "logs"
        self.calls.append(operation)
        if operation == self.refuse:
            return REFUSED
        if operation == "start_query":
            self.started.append(params)
            return {"queryId": "q1"}
        if operation == "stop_query":
            return {"success": True}
        self.looks += 1
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        results = [[{"field": name, "value": value} for name, value in line.items()] for line in self.lines]
        statistics = {"bytesScanned": self.looks * 5e8, "recordsMatched": float(len(results))}
        return {"status": status, "results": results, "statistics": statistics}


def leash(seconds: float = 20.0, cache: Shelf | None = None, tell: Callable[[str], None] = lambda _: None) -> Leash:
    return Leash(time.monotonic() + seconds, tell, cache=cache)


def test_a_query_that_ends_is_not_stopped() -> None:
    insights = Insights(["Scheduled", "Running", "Complete"], row("panic: x"))
    scanned = run_query(QUERY, LIMIT, insights, leash())
    assert scanned == Scanned((row("panic: x"),), 1, 1_500_000_000)
    assert insights.calls == ["start_query", *["get_query_results"] * 3]
    assert insights.started[0]["startTime"] == int(WINDOW.start.timestamp())


def test_scanning_more_than_allowed_stops_it_and_keeps_what_was_found() -> None:
    insights = Insights(["Running"], row("panic: x"))
    scanned = run_query(QUERY, 900_000_000, insights, leash())
    assert isinstance(scanned, Scanned)
    assert scanned.ended is not None
    assert (scanned.ended.error, len(scanned.lines), insights.looks) == ("TooManyBytes", 1, 2)
    assert insights.calls[-1] == "stop_query"


def test_time_that_is_up_stops_it(monkeypatch: pytest.MonkeyPatch) -> None:
    standstill = Standstill()
    monkeypatch.setattr(errand, "time", standstill.clock)
    insights = Insights(["Running"], row("panic: x"))
    scanned = run_query(QUERY, 10**18, insights, leash(20, tell=lambda _: standstill.pass_by(30)))
    assert isinstance(scanned, Scanned)
    assert scanned.ended is not None
    assert (scanned.ended.kind, len(scanned.lines), insights.calls[-1]) == ("timeout", 1, "stop_query")


def test_who_is_called_back_stops_it_and_begins_nothing() -> None:
    insights, called = Insights(["Running"]), leash()
    called.called_back.set()
    gap = run_query(QUERY, LIMIT, insights, called)
    assert isinstance(gap, Gap)
    assert insights.calls == []

    def call_back(_: str) -> None:
        later.called_back.set()

    later = leash(tell=call_back)
    run_query(QUERY, LIMIT, insights, later)
    assert insights.calls == ["start_query", "get_query_results", "stop_query"]


@pytest.mark.parametrize(("refuse", "calls"), [("start_query", 1), ("get_query_results", 3), ("stop_query", 4)])
def test_what_is_denied_is_a_gap(refuse: str, calls: int) -> None:
    insights = Insights(["Running", "Failed"] if refuse != "stop_query" else ["Running"], refuse=refuse)
    outcome = run_query(QUERY, 600_000_000, insights, leash())
    gap = outcome if isinstance(outcome, Gap) else outcome.ended
    assert gap is not None
    assert (gap.kind, len(insights.calls)) == ("not-read" if refuse == "stop_query" else "denied", calls)


def test_a_query_that_fails_at_aws_is_a_gap_and_is_not_kept() -> None:
    shelf = Shelf()
    scanned = run_query(QUERY, LIMIT, Insights(["Failed"]), leash(cache=shelf))
    assert isinstance(scanned, Scanned)
    assert scanned.ended is not None
    assert (scanned.ended.error, shelf.kept) == ("QueryFailed", {})


def test_an_answer_is_kept_without_secrets_for_who_asks_the_same() -> None:
    shelf, insights = Shelf(), Insights(["Complete"], row("error: login failed, password=hunter2"))
    first = run_query(QUERY, LIMIT, insights, leash(cache=shelf))
    second = run_query(QUERY, LIMIT, insights, leash(cache=shelf))
    assert isinstance(first, Scanned)
    assert isinstance(second, Scanned)
    assert (first.from_cache, second.from_cache, len(insights.started)) == (False, True, 1)
    assert "login failed" in second.lines[0]["@message"]
    assert "hunter2" not in str(shelf.kept)
    run_query(QUERY, LIMIT + 1, insights, leash(cache=shelf))
    assert len(insights.started) == 2


def test_an_answer_of_a_strange_form_is_bounded() -> None:
    insights = Insights(["Complete"], *[row("x" * 50_000)] * 3, {"@ptr": "no message"})
    scanned = run_query(QUERY, LIMIT, insights, leash())
    assert isinstance(scanned, Scanned)
    assert [len(line["@message"]) for line in scanned.lines] == [20_000] * 3


def test_the_query_is_made_of_own_words_that_mean_themselves() -> None:
    text = query_text(('"timeout"', "a/b", "no.dot [x]"))
    found = re.search(r"like /(?P<pattern>.*)/ \| sort", text)
    assert found is not None
    assert [bool(re.search(found["pattern"], line)) for line in ('is "timeout"', "a/b", "no.dot [x]", "noXdot x")] == [
        *[True] * 3,
        False,
    ]
    for words in (source.PROBLEMS, source.FUNCTION_FAILURES):
        assert len(query_text(words)) < 1_000


def series_of_errors(*minutes_ago: int) -> Metrics:
    points = tuple(Point(at=NOW - timedelta(minutes=ago), value=3.0) for ago in minutes_ago)
    errors = Series(
        namespace="AWS/ApplicationELB",
        metric="HTTPCode_ELB_502_Count",
        dimensions=(),
        statistic="Sum",
        period_s=60,
        points=points,
    )
    return Metrics(covered_from=WINDOW.start, covered_to=WINDOW.end, series=(errors,))


def half_read(read: Read) -> Pages:
    """A search that its limit ended 20 minutes ago."""
    if read.operation != "filter_log_events":
        return answered()
    when = int((NOW - timedelta(minutes=20)).timestamp() * 1000)
    event = {"timestamp": when, "message": "panic: the first", "logStreamName": "app/web/y"}
    gap = Gap(action="logs:FilterLogEvents", resource=GROUP, error="TooManyPages", kind="not-read")
    return Pages(items=(event,), gaps=(gap,), truncated=True, calls=3)


def asked(insights: Insights, errors: Metrics | None = None, answer: Any = half_read, **options: Any) -> Driven:
    given: dict[str, Any] = shop_logs.facts(stopped=StoppedTasks(items=()), metrics=errors or series_of_errors(5))
    collector = source.application_logs(
        subject=SUBJECT,
        window=WINDOW,
        options=LogOptions(**options),
        rows=settled(AccessLogs, NotApplicable(reason="off")),
        **given,
    )

    def work(errand: Errand[Any]) -> Any:
        return errand.run(insights, leash(errand.seconds))

    return drive(collector, answer, work)


def a_moment(ago: float) -> str:
    at: datetime = NOW - timedelta(minutes=ago)
    return f"{at:%Y-%m-%d %H:%M:%S}.250"


def test_what_was_not_read_page_by_page_is_scanned_and_the_price_is_told() -> None:
    insights = Insights(["Complete"], row("panic: the last", a_moment(5)), row("panic: another", a_moment(6)))
    logs = asked(insights).outcome
    assert isinstance(logs, ApplicationLogs)
    assert ([line.text for line in logs.of("crash")], logs.count("crash")) == (
        ["panic: the first", "panic: the last"],
        3,
    )
    assert (logs.source, logs.share_read, logs.gaps) == ("insights", 1.0, ())
    (price,) = [note for note in logs.notes if "USD" in note]
    assert "at most 2.0 GB (logs.app_log_scan_bytes), about 0.010 USD, and scanned 0.5 GB, about 0.003 USD" in price
    assert "other regions have other prices" in price
    (started,) = insights.started
    assert started["startTime"] == int((NOW - timedelta(minutes=20)).timestamp())
    assert started["logGroupNames"] == [GROUP]
    assert "the first" not in started["queryString"]


def test_what_was_stopped_counts_but_is_not_all() -> None:
    insights = Insights(["Running"], row("panic: the last", a_moment(5)))
    logs = asked(insights, app_log_scan_bytes=600_000_000).outcome
    assert isinstance(logs, ApplicationLogs)
    assert (logs.source, logs.count("crash"), logs.share_read) == ("insights", 2, 0.5)
    assert [gap.error for gap in logs.gaps] == ["TooManyBytes"]
    assert any("there is more" in note for note in logs.notes)


def test_without_the_permission_what_was_read_stays() -> None:
    logs = asked(Insights(["Complete"], refuse="start_query")).outcome
    assert isinstance(logs, ApplicationLogs)
    assert (logs.source, logs.count("crash"), logs.share_read, logs.gaps) == ("filter", 1, 0.5, (REFUSED,))


def test_what_nobody_may_look_at_is_no_answer_of_it() -> None:
    logs = asked(Insights(["Complete"], refuse="get_query_results")).outcome
    assert isinstance(logs, ApplicationLogs)
    assert (logs.source, logs.share_read, logs.gaps) == ("filter", 0.5, (REFUSED,))
    assert any("did not say what it scanned" in note for note in logs.notes)


def test_nothing_is_paid_for_what_is_read_not_allowed_or_already_explained() -> None:
    insights = Insights(["Complete"])
    assert asked(insights, answer=lambda _: answered()).outcome.share_read == 1.0
    assert asked(insights, app_log_scan_bytes=0).outcome.share_read == 0.5
    only_before = series_of_errors(38, 30)
    assert asked(insights, only_before).outcome.share_read == 0.5
    assert asked(insights, series_of_errors(), wish="always").outcome.share_read == 0.5
    assert insights.calls == []


def test_more_lines_than_come_back_make_a_share() -> None:
    class Many(Insights):
        def call(self, service: str, operation: str, /, **params: Any) -> dict[str, Any] | Gap:
            answer = super().call(service, operation, **params)
            if isinstance(answer, dict) and "statistics" in answer:
                answer["statistics"]["recordsMatched"] = 9.0
            return answer

    logs = asked(Many(["Complete"], row("panic: the last", a_moment(5)))).outcome
    assert logs.share_read == pytest.approx(2 / 10)


def crowded(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """More lines than reading page by page is allowed to read."""
    monkeypatch.setattr(source, "PROBLEM_PAGES", 1)
    monkeypatch.setattr(source, "LINES_PER_PAGE", 2)
    lines = [(30 - number, f"ERROR number {number}") for number in range(4)]
    shop_logs.write(shop, shop_logs.stream_of(shop_logs.a_task(77)), *lines, (2, "panic: nobody knows why"))


def test_over_http_the_rest_of_a_log_group_is_found(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    crowded(shop, monkeypatch)
    logs = shop_logs.over_http(shop).get(ApplicationLogs)
    assert isinstance(logs, ApplicationLogs)
    assert (logs.source, logs.share_read, logs.gaps, logs.lines_read) == ("insights", 1.0, (), 5)
    (crash,) = logs.of("crash")
    assert (crash.text, crash.log_group) == ("panic: nobody knows why", GROUP)
    assert crash.task == shop_logs.a_task(77).id


def test_over_http_a_denied_query_names_its_action(shop: Shop, faults: Faults, monkeypatch: pytest.MonkeyPatch) -> None:
    crowded(shop, monkeypatch)
    faults.fail("logs", "StartQuery", error=DENIED, times=None)
    logs = shop_logs.over_http(shop).get(ApplicationLogs)
    assert isinstance(logs, ApplicationLogs)
    assert [(gap.action, gap.kind) for gap in logs.gaps] == [("logs:StartQuery", "denied")]
    assert (logs.source, logs.lines_read) == ("filter", 2)
