"""CloudWatch series of many subjects in one call: series that several of them ask for are asked for once."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from diagnostics.collect.collector import Read
from diagnostics.collect.sources.metric_queries import POINTS_PER_CALL, QUERIES_PER_CALL
from diagnostics.scan.ways import Parts

LIST = "MetricDataQueries"


@dataclass(frozen=True, slots=True)
class MetricList:
    """A part is a query without its id, as text."""

    by_resource: bool = False

    def parts(self, read: Read) -> Parts:
        if (read.service, read.operation) != ("cloudwatch", "get_metric_data"):
            return None
        queries = read.params.get(LIST) or ()
        if any(set(query) != {"Id", "MetricStat"} for query in queries):
            return None  # an expression names others by their ids
        return [_text(query) for query in queries]

    def merged(self, read: Read, parts: Sequence[str]) -> Read:
        queries = [{"Id": f"m{number}", "MetricStat": json.loads(part)} for number, part in enumerate(parts)]
        return replace(read, params={**read.params, LIST: queries})

    def limit(self, read: Read) -> int:
        """So many that one answer holds all of their points."""
        start, end, queries = read.params.get("StartTime"), read.params.get("EndTime"), read.params.get(LIST) or ()
        if not isinstance(start, datetime) or not isinstance(end, datetime) or not queries:
            return QUERIES_PER_CALL
        points = max((end - start).total_seconds() / min(query["MetricStat"]["Period"] for query in queries), 1)
        return min(QUERIES_PER_CALL, int(POINTS_PER_CALL // points))

    def share(self, items: Sequence[Any], wanted: frozenset[str], asked: Sequence[str], read: Read) -> tuple[Any, ...]:
        asked_as = {f"m{number}": part for number, part in enumerate(asked) if part in wanted}
        own: dict[str, list[str]] = {}
        for query in read.params[LIST]:
            own.setdefault(_text(query), []).append(query["Id"])
        return tuple(
            {**item, "Id": name} for item in items if item["Id"] in asked_as for name in own[asked_as[item["Id"]]]
        )


def _text(query: Any) -> str:
    return json.dumps(query["MetricStat"], sort_keys=True)
