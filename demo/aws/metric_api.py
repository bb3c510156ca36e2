"""GetMetricData, GetMetricStatistics, ListMetrics and PutMetricData over a MetricStore.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from demo.aws.layer import AwsError, AwsLayer, Call
from demo.aws.metric_math import MathError, TimeSeries, evaluate, names_in
from demo.aws.metrics import MetricStore, SeriesKey
from demo.aws.paging import make_token, start_of
from demo.aws.series import is_statistic

MAX_QUERIES = 500
MAX_DATAPOINTS = 100_800
MAX_STATISTICS_POINTS = 1_440
METRICS_PER_PAGE = 500
RECENT_S = 3 * 3600
_QUERY_ID = re.compile(r"^[a-z][a-zA-Z0-9_]{0,254}$")
_SEARCH = re.compile(
    r"""^SEARCH\(\s*'\{(?P<schema>[^}]*)\}(?P<terms>[^']*)'\s*,"""
    r"""\s*'(?P<stat>[^']+)'\s*(?:,\s*(?P<period>\d+)\s*)?\)$"""
)
_TERM = re.compile(r"""(?P<name>[\w:]+)\s*=\s*(?:"(?P<quoted>[^"]*)"|(?P<plain>[^\s"]+))""")


@dataclass(frozen=True, slots=True)
class _Result:
    id: str
    label: str
    points: tuple[tuple[int, float], ...]


@dataclass(frozen=True, slots=True)
class _Window:
    start_s: int
    end_s: int


def install(layer: AwsLayer, store: MetricStore) -> None:
    """Register GetMetricData, GetMetricStatistics, ListMetrics and PutMetricData with `layer`."""

    @layer.op("cloudwatch", "GetMetricData")
    def get_metric_data(call: Call) -> dict[str, Any]:
        return _get_metric_data(store, call)

    @layer.op("cloudwatch", "GetMetricStatistics")
    def get_metric_statistics(call: Call) -> dict[str, Any]:
        return _get_metric_statistics(store, call)

    @layer.op("cloudwatch", "ListMetrics")
    def list_metrics(call: Call) -> dict[str, Any]:
        return _list_metrics(store, call)

    @layer.op("cloudwatch", "PutMetricData")
    def put_metric_data(call: Call) -> dict[str, Any]:
        return _put_metric_data(store, call)


def _get_metric_data(store: MetricStore, call: Call) -> dict[str, Any]:
    window = _window(call.params)
    queries: Sequence[Mapping[str, Any]] = call.params["MetricDataQueries"]
    _check_queries(queries)
    results = _results(store, call, queries, window)
    if call.params.get("ScanBy") != "TimestampAscending":
        results = [_Result(result.id, result.label, result.points[::-1]) for result in results]
    offset, bound = start_of(call.params, "InvalidNextToken")
    limit = min(int(call.params.get("MaxDatapoints") or MAX_DATAPOINTS), MAX_DATAPOINTS)
    return _page(results, offset, limit, bound)


def _check_queries(queries: Sequence[Mapping[str, Any]]) -> None:
    if len(queries) > MAX_QUERIES:
        raise _invalid(f"The collection MetricDataQueries must not have a size greater than {MAX_QUERIES}.")
    ids = [str(query["Id"]) for query in queries]
    for id_ in ids:
        if not _QUERY_ID.match(id_):
            raise _invalid(f"The value {id_} for parameter Id is not matching the pattern ^[a-z][a-zA-Z0-9_]*$.")
    if len(set(ids)) != len(ids):
        raise _invalid("The values for parameter id in MetricDataQueries are not unique.")
    for query in queries:
        if ("Expression" in query) == ("MetricStat" in query):
            raise _invalid("Each MetricDataQuery must have either MetricStat or Expression.")


def _results(store: MetricStore, call: Call, queries: Sequence[Mapping[str, Any]], window: _Window) -> list[_Result]:
    by_id = {str(query["Id"]): query for query in queries}
    known: dict[str, TimeSeries] = {}
    results: list[_Result] = []
    for id_, query in by_id.items():
        expression = str(query.get("Expression", ""))
        if expression.lstrip().startswith("SEARCH"):
            found = list(_search(store, call, expression, query, window))
            results += [_Result(id_, label, points) for label, points in found if query.get("ReturnData", True)]
            continue
        series = _resolve(store, call, by_id, id_, window, known, frozenset())
        if query.get("ReturnData", True):
            results.append(_Result(id_, _label(query), tuple(sorted(series.points.items()))))
    return results


def _resolve(
    store: MetricStore,
    call: Call,
    by_id: Mapping[str, Mapping[str, Any]],
    id_: str,
    window: _Window,
    known: dict[str, TimeSeries],
    pending: frozenset[str],
) -> TimeSeries:
    if id_ in known:
        return known[id_]
    if id_ in pending:
        raise _invalid(f"The expression {id_} refers to itself.")
    if id_ not in by_id:
        raise _invalid(f"Error in expression: no query has the id {id_!r}.")
    query = by_id[id_]
    if "MetricStat" in query:
        known[id_] = _metric_series(store, call, query["MetricStat"], window)
        return known[id_]
    try:
        names = names_in(str(query["Expression"]))
        inputs = {name: _resolve(store, call, by_id, name, window, known, pending | {id_}) for name in names}
        known[id_] = evaluate(str(query["Expression"]), inputs, window.start_s, window.end_s)
    except MathError as error:
        raise _invalid(f"Error in expression '{id_}': {error}") from error
    return known[id_]


def _metric_series(store: MetricStore, call: Call, stat: Mapping[str, Any], window: _Window) -> TimeSeries:
    return _read(store, _key(call, stat["Metric"]), window, int(stat["Period"]), str(stat["Stat"]))


def _key(call: Call, metric: Mapping[str, Any]) -> SeriesKey:
    dimensions = _dimensions(metric.get("Dimensions"))
    return SeriesKey.of(call.account, call.region, str(metric["Namespace"]), str(metric["MetricName"]), dimensions)


def _read(store: MetricStore, key: SeriesKey, window: _Window, period_s: int, stat: str) -> TimeSeries:
    if period_s <= 0 or period_s % 60:
        raise _invalid(f"Period must be a multiple of 60 seconds, not {period_s}: all metrics here are by the minute.")
    if not is_statistic(stat):
        raise _invalid(f"The value {stat} for parameter Stat is not supported.")
    series = store.find(key)
    points = series.points(window.start_s, window.end_s, period_s, stat) if series else {}
    return TimeSeries(points, period_s)


def _search(
    store: MetricStore, call: Call, expression: str, query: Mapping[str, Any], window: _Window
) -> Iterator[tuple[str, tuple[tuple[int, float], ...]]]:
    """SEARCH('{Namespace,Dimension,…} Name="value" …', 'Stat', period): every metric with exactly these dimensions."""
    match = _SEARCH.match(expression.strip())
    if match is None:
        raise _invalid(f"Error in expression: unsupported SEARCH: {expression}")
    namespace, *names = (part.strip().strip('"') for part in match["schema"].split(","))
    wanted = {term["name"]: term["quoted"] or term["plain"] for term in _TERM.finditer(match["terms"])}
    period_s = int(match["period"] or query.get("Period") or 300)
    for key, _ in store.listed(call.account, call.region):
        own = dict(key.dimensions)
        facts = {**own, "MetricName": key.metric, "Namespace": key.namespace}
        if key.namespace != namespace or set(own) != set(names):
            continue
        if all(facts.get(name) == value for name, value in wanted.items()):
            series = _read(store, key, window, period_s, match["stat"])
            if series.points:
                yield " ".join((*own.values(), key.metric)), tuple(sorted(series.points.items()))


def _page(results: Sequence[_Result], offset: int, limit: int, bound: Mapping[str, Any]) -> dict[str, Any]:
    """`limit` points from the `offset`th on, counted through all results in order."""
    page: list[dict[str, Any]] = []
    position = 0
    for result in results:
        begin = min(max(offset - position, 0), len(result.points))
        end = min(max(offset + limit - position, 0), len(result.points))
        position += len(result.points)
        if begin == end and (result.points or offset):
            continue
        chunk = result.points[begin:end]
        page.append(
            {
                "Id": result.id,
                "Label": result.label,
                "Timestamps": [datetime.fromtimestamp(at, UTC) for at, _ in chunk],
                "Values": [value for _, value in chunk],
                "StatusCode": "Complete" if end == len(result.points) else "PartialData",
            }
        )
    answer: dict[str, Any] = {"MetricDataResults": page, "Messages": []}
    if position > offset + limit:
        answer["NextToken"] = make_token(offset + limit, bound)
    return answer


def _get_metric_statistics(store: MetricStore, call: Call) -> dict[str, Any]:
    window = _window(call.params)
    period_s = int(call.params["Period"])
    stats = [*call.params.get("Statistics", ()), *call.params.get("ExtendedStatistics", ())]
    if not stats:
        raise AwsError("MissingParameter", "The parameter Statistics or ExtendedStatistics must be given.")
    if (window.end_s - window.start_s) / period_s > MAX_STATISTICS_POINTS:
        raise AwsError(
            "InvalidParameterCombination",
            f"You have requested up to {(window.end_s - window.start_s) // period_s} datapoints, which exceeds the "
            f"limit of {MAX_STATISTICS_POINTS}. You may reduce the datapoints requested by increasing Period, or "
            "decreasing the time range.",
        )
    key = _key(call, call.params)
    points: dict[int, dict[str, Any]] = {}
    unit = call.params.get("Unit", "None")
    for stat in stats:
        for at, value in _read(store, key, window, period_s, str(stat)).points.items():
            point = points.setdefault(at, {"Timestamp": datetime.fromtimestamp(at, UTC), "Unit": unit})
            if stat.startswith("p"):
                point.setdefault("ExtendedStatistics", {})[stat] = value
            else:
                point[stat] = value
    return {"Label": key.metric, "Datapoints": [points[at] for at in sorted(points)]}


def _list_metrics(store: MetricStore, call: Call) -> dict[str, Any]:
    recent_minute = (store.clock() - RECENT_S) // 60 if call.params.get("RecentlyActive") else -math.inf
    matching = [
        key
        for key, series in store.listed(call.account, call.region)
        if _is_listed(key, call.params) and (series.newest_minute or 0) >= recent_minute
    ]
    offset, bound = start_of(call.params, "InvalidParameterValue")
    answer: dict[str, Any] = {
        "Metrics": [
            {
                "Namespace": key.namespace,
                "MetricName": key.metric,
                "Dimensions": [{"Name": name, "Value": value} for name, value in key.dimensions],
            }
            for key in matching[offset : offset + METRICS_PER_PAGE]
        ]
    }
    if len(matching) > offset + METRICS_PER_PAGE:
        answer["NextToken"] = make_token(offset + METRICS_PER_PAGE, bound)
    return answer


def _is_listed(key: SeriesKey, params: Mapping[str, Any]) -> bool:
    own = dict(key.dimensions)
    if params.get("Namespace", key.namespace) != key.namespace:
        return False
    if params.get("MetricName", key.metric) != key.metric:
        return False
    filters = params.get("Dimensions", ())
    return all(one["Name"] in own and one.get("Value", own[one["Name"]]) == own[one["Name"]] for one in filters)


def _put_metric_data(store: MetricStore, call: Call) -> dict[str, Any]:
    namespace = str(call.params["Namespace"])
    if namespace.startswith("AWS/"):
        raise AwsError("InvalidParameterValue", "The value AWS/ for parameter Namespace is invalid.")
    for datum in call.params.get("MetricData", ()):
        at = datum.get("Timestamp")
        minute = int((at.timestamp() if at else store.clock()) // 60)
        dimensions = _dimensions(datum.get("Dimensions"))
        place = (call.account, call.region, namespace, str(datum["MetricName"]), dimensions)
        if sets := datum.get("StatisticValues"):
            samples = store.series(SeriesKey.of(*place)).at(minute)
            samples.add_totals(sets["SampleCount"], sets["Sum"], sets["Minimum"], sets["Maximum"])
            continue
        values = datum.get("Values") or [datum["Value"]]
        counts = datum.get("Counts") or [1.0] * len(values)
        if len(values) != len(counts):
            raise AwsError("InvalidParameterValue", "The parameters Values and Counts must have the same length.")
        store.record(*place, minute, values, counts)
    return {}


def _window(params: Mapping[str, Any]) -> _Window:
    start_s, end_s = int(params["StartTime"].timestamp()), math.ceil(params["EndTime"].timestamp())
    if start_s >= end_s:
        raise _invalid("The parameter StartTime must be less than the parameter EndTime.")
    return _Window(start_s // 60 * 60, end_s)


def _dimensions(dimensions: Sequence[Mapping[str, str]] | None) -> dict[str, str]:
    return {dimension["Name"]: dimension["Value"] for dimension in dimensions or ()}


def _label(query: Mapping[str, Any]) -> str:
    if query.get("Label"):
        return str(query["Label"])
    return str(query["MetricStat"]["Metric"]["MetricName"]) if "MetricStat" in query else str(query["Id"])


def _invalid(message: str) -> AwsError:
    return AwsError("ValidationError", message)
