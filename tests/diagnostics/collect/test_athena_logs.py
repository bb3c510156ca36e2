"""Athena: never a surprise on the bill, never a table that nobody asked for, never a query for nobody."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from moto.moto_api._internal.models import moto_api_backend

from diagnostics.access_logs.athena import Table, queries
from diagnostics.access_logs.places import place_of
from diagnostics.access_logs.questions import COLUMNS, COUNT_COLUMNS, Question
from diagnostics.access_logs.row import FIELDS
from diagnostics.access_logs.scope import Scope
from diagnostics.aws_access import Missing, Reader
from diagnostics.collect.athena_queries import run_queries
from diagnostics.collect.errand import Leash
from diagnostics.collect.log_options import AthenaOptions, LogOptions
from diagnostics.facts import Gap
from tests.diagnostics.collect.log_shop import REGION, WINDOW, Shop, ends
from tests.diagnostics.collect.scripted import ScriptedReader, answered
from tests.diagnostics.collect.test_runner import Shelf

ATHENA = AthenaOptions(workgroup="primary", database="logs", output="s3://results/", seconds=30)
ASKED = LogOptions(wish="always", athena=ATHENA, athena_first=True)


def table_of(shop: Shop) -> Table:
    place = place_of(shop.arn, shop.attributes)
    assert place is not None
    return Table("logs", place)


class Catalogue:
    """Stands for Glue, which the simulated AWS does not have: tables by name with their columns."""

    def __init__(self) -> None:
        self.tables: dict[str, list[str]] = {}

    def make(self, shop: Shop, columns: Sequence[str] = COLUMNS) -> None:
        self.tables[table_of(shop).name] = list(columns)

    def find(self, service: str, operation: str, /, **params: Any) -> dict[str, Any] | Missing:
        assert (service, operation, params["missing"]) == ("glue", "get_table", ("EntityNotFoundException",))
        if params["Name"] not in self.tables:
            return Missing("EntityNotFoundException")
        columns = [{"Name": name, "Type": "string"} for name in self.tables[params["Name"]]]
        return {"Table": {"Name": params["Name"], "StorageDescriptor": {"Columns": columns}}}


@pytest.fixture
def catalogue(monkeypatch: pytest.MonkeyPatch) -> Catalogue:
    made = Catalogue()
    monkeypatch.setattr(Reader, "find", staticmethod(made.find))
    return made


def seed(shop: Shop, *results: tuple[Sequence[str], Sequence[Mapping[str, str]]]) -> None:
    """What Athena will answer, one query after the other."""
    for names, rows in results:
        header = [{"VarCharValue": name} for name in names]
        values = [[{"VarCharValue": row[name]} if name in row else {} for name in names] for row in rows]
        moto_api_backend.set_athena_result(
            rows=[{"Data": cells} for cells in [header, *values]],
            column_info=[{"Name": name, "Type": "varchar"} for name in names],
            account_id=shop.account,
            region=REGION,
        )


def test_the_counts_of_athena_become_the_same_answer(shop: Shop, catalogue: Catalogue) -> None:
    shop.turn_on().deliver(ends()[0], [shop.row(ends()[1])])
    catalogue.make(shop)
    kind = {
        "elb_status_code": "502",
        "target_status_code": "-",
        "row_family": "not-dispatched-fast",
        "error_reason": "-",
        "target_group_arn": shop.group,
    }
    times = {"first_at": "2026-11-20T23:40:00.000000Z", "last_at": "2026-11-20T23:50:00.000000Z"}
    totals = {"question": Question.TOTALS, "row_count": "900", "failures": "3", "damaged": "0", "unknown_fields": "0"}
    errors = {"question": Question.ERRORS, "row_count": "3", "failures": "3", "damaged": "0", "unknown_fields": "0"}
    sample = dict(zip(FIELDS, ["-"] * len(FIELDS), strict=True)) | kind | {"time": times["first_at"]}
    seed(shop, (COUNT_COLUMNS, [totals, {**errors, **kind, **times}]), (FIELDS, [sample]))
    logs = shop.logs(ASKED)
    assert (logs.engine, logs.rows) == ("athena", 900)
    assert [(one.elb_status, one.count) for one in logs.errors] == [(502, 3)]
    assert [row.elb_status for row in logs.sample] == [502]
    assert logs.notes[0].startswith("Athena read")


def test_without_its_table_nothing_is_asked_and_nothing_is_made(shop: Shop, catalogue: Catalogue) -> None:
    shop.turn_on().deliver(ends()[0], [shop.row(ends()[1])])
    gap = shop.gap(ASKED)
    assert (gap.action, gap.error) == ("glue:GetTable", "NoTable")
    assert "--create-table" in gap.message
    assert shop.client("athena").list_query_executions()["QueryExecutionIds"] == []


def test_a_table_is_made_when_a_person_asks_for_it(shop: Shop, catalogue: Catalogue) -> None:
    shop.turn_on().deliver(ends()[0], [shop.row(ends()[1])])
    seed(shop, (("x",), []), (COUNT_COLUMNS, []), (FIELDS, []))
    shop.collect(replace(ASKED, athena=replace(ATHENA, create_table=True)))
    athena = shop.client("athena")
    texts = [
        athena.get_query_execution(QueryExecutionId=one)["QueryExecution"]["Query"]
        for one in athena.list_query_executions()["QueryExecutionIds"]
    ]
    assert sorted(text.split()[0] for text in texts) == ["CREATE", "WITH", "WITH"]


def test_a_table_of_another_shape_is_not_trusted(shop: Shop, catalogue: Catalogue) -> None:
    shop.turn_on().deliver(ends()[0], [shop.row(ends()[1])])
    catalogue.make(shop, ("type", "time", "lambda_error_reason"))
    assert shop.gap(ASKED).error == "OtherColumns"


def test_more_than_the_limit_is_not_read_and_the_price_is_told(shop: Shop, catalogue: Catalogue) -> None:
    shop.turn_on().deliver(ends()[0], [shop.row(ends()[1])])
    catalogue.make(shop)
    gap = shop.gap(replace(ASKED, athena=replace(ATHENA, max_bytes=10)))
    assert gap.error == "TooManyBytes"
    assert "USD" in gap.message


def test_small_windows_are_read_here_even_where_athena_is_on(shop: Shop) -> None:
    shop.turn_on().deliver(ends()[0], [shop.row(ends()[1])])
    assert shop.logs(replace(ASKED, athena_first=False)).engine == "local"


class Athena(ScriptedReader):
    """An Athena whose queries go on until somebody stops them."""

    def __init__(self, states: Sequence[str], scanned: int = 0) -> None:
        super().__init__(lambda *_: answered({"Rows": []}))
        self.states = list(states)
        self.scanned = scanned
        self.stopped: list[str] = []
        self.started: list[str] = []

    def call(self, service: str, operation: str, /, **params: Any) -> dict[str, Any] | Gap:
        if operation == "start_query_execution":
            self.started.append(params["QueryString"])
            return {"QueryExecutionId": f"q{len(self.started)}"}
        if operation == "stop_query_execution":
            self.stopped.append(params["QueryExecutionId"])
            return {}
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        return {"QueryExecution": {"Status": {"State": state}, "Statistics": {"DataScannedInBytes": self.scanned}}}


def leash(seconds: float = 20.0, cache: Shelf | None = None) -> Leash:
    return Leash(time.monotonic() + seconds, lambda _words: None, cache=cache)


def test_time_that_is_up_stops_every_query() -> None:
    athena = Athena(["QUEUED", "RUNNING"])
    gap = run_queries({"counts": "SELECT 1", "sample": "SELECT 2"}, ATHENA, athena, leash(0.5))
    assert isinstance(gap, Gap)
    assert gap.kind == "timeout"
    assert sorted(athena.stopped) == ["q1", "q2"]


def test_reading_more_than_allowed_stops_every_query() -> None:
    athena = Athena(["RUNNING"], scanned=10**12)
    gap = run_queries({"counts": "SELECT 1"}, ATHENA, athena, leash())
    assert isinstance(gap, Gap)
    assert gap.error == "TooManyBytes"
    assert athena.stopped == ["q1"]


def test_a_query_that_fails_stops_the_other_one() -> None:
    athena = Athena(["FAILED", "RUNNING"])
    gap = run_queries({"counts": "SELECT 1", "sample": "SELECT 2"}, ATHENA, athena, leash())
    assert isinstance(gap, Gap)
    assert gap.error == "QueryFailed"
    assert len(athena.stopped) == 1


def test_an_answer_is_kept_for_the_next_who_asks_the_same() -> None:
    shelf, athena = Shelf(), Athena(["SUCCEEDED"])
    first = run_queries({"counts": "SELECT 1"}, ATHENA, athena, leash(cache=shelf))
    second = run_queries({"counts": "SELECT 1"}, ATHENA, athena, leash(cache=shelf))
    run_queries({"counts": "SELECT 2"}, ATHENA, athena, leash(cache=shelf))
    assert not isinstance(first, Gap)
    assert not isinstance(second, Gap)
    assert (first.from_cache, second.from_cache) == (False, True)
    assert first.rows == second.rows
    assert athena.started == ["SELECT 1", "SELECT 2"]


def test_the_table_and_the_queries_name_what_they_read(shop: Shop) -> None:
    table = table_of(shop.turn_on())
    made = table.definition()
    assert f"LOCATION 's3://{shop.bucket}/shop/AWSLogs/{shop.account}/elasticloadbalancing/{REGION}/'" in made
    assert "/${day}'" in made
    assert made.count(" string") == len(COLUMNS) + 1
    texts = queries(Scope(WINDOW.start, WINDOW.end), table, ["app/shop/50dc6c495c0c9188"])
    for text in texts.values():
        assert "day IN ('2026/11/20', '2026/11/21', '2026/11/22')" in text
        assert "elb IN ('app/shop/50dc6c495c0c9188')" in text


@pytest.mark.parametrize("database", ['logs"; DROP TABLE x', "a b", "logs`", ""])
def test_a_database_that_is_no_name_reaches_no_text(shop: Shop, database: str) -> None:
    place = place_of(shop.turn_on().arn, shop.attributes)
    assert place is not None
    with pytest.raises(ValueError, match="database"):
        Table(database, place).definition()
    with pytest.raises(ValueError, match="database"):
        queries(Scope(WINDOW.start, WINDOW.start + timedelta(hours=1)), Table(database, place), ["app/a/1"])
