"""CloudWatch metric math: the part of it that a diagnosis asks for.

Arithmetic and comparisons, AND/OR, and the functions ABS, AVG, CEIL, FILL, FLOOR, IF, MAX, MIN, PERIOD and SUM.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
"""

from __future__ import annotations

import ast
import math
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

MAX_EXPRESSION_CHARS = 2_048


@dataclass(frozen=True, slots=True)
class TimeSeries:
    """Values by the start of their period, in epoch seconds."""

    points: Mapping[int, float]
    period_s: int


Value: TypeAlias = "float | TimeSeries | tuple[TimeSeries, ...]"
_Pointwise: TypeAlias = "Callable[[float, float], float | None]"


class MathError(ValueError):
    """The expression is not metric math, or uses a part of it that is not supported here."""


def evaluate(expression: str, series: Mapping[str, TimeSeries], start_s: int, end_s: int) -> TimeSeries:
    """The time series that `expression` yields over [start_s, end_s) from the series it names by query id.

    Raises MathError for bad syntax, an unknown id or function, or a result that is one number.
    """
    if len(expression) > MAX_EXPRESSION_CHARS:
        raise MathError(f"the expression is longer than {MAX_EXPRESSION_CHARS} characters")
    try:
        tree = ast.parse(_as_python(expression), mode="eval")
    except (SyntaxError, ValueError) as error:
        raise MathError(f"cannot parse {expression!r}") from error
    result = _Evaluation(series, start_s, end_s).value(tree.body)
    if not isinstance(result, TimeSeries):
        raise MathError("the expression must return a time series")
    return result


def names_in(expression: str) -> frozenset[str]:
    """The lower-case identifiers that an expression mentions: ids of other queries. Raises MathError."""
    try:
        tree = ast.parse(_as_python(expression), mode="eval")
    except (SyntaxError, ValueError) as error:
        raise MathError(f"cannot parse {expression!r}") from error
    return frozenset(node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id[:1].islower())


def _as_python(expression: str) -> str:
    text = re.sub(r"\bAND\b|&&", " and ", expression.strip())
    return re.sub(r"\bOR\b|\|\|", " or ", text)


def _divide(left: float, right: float) -> float | None:
    return left / right if right else None  # CloudWatch leaves the point out


_ARITHMETIC: Mapping[type[ast.operator], _Pointwise] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: _divide,
}
_COMPARISON: Mapping[type[ast.cmpop], _Pointwise] = {
    ast.Lt: lambda left, right: float(left < right),
    ast.LtE: lambda left, right: float(left <= right),
    ast.Gt: lambda left, right: float(left > right),
    ast.GtE: lambda left, right: float(left >= right),
    ast.Eq: lambda left, right: float(left == right),
    ast.NotEq: lambda left, right: float(left != right),
}
_AGGREGATES: Mapping[str, Callable[[Sequence[float]], float]] = {
    "AVG": lambda values: sum(values) / len(values),
    "MAX": max,
    "MIN": min,
    "SUM": math.fsum,
}
_ROUNDING: Mapping[str, Callable[[float], float]] = {"ABS": abs, "CEIL": math.ceil, "FLOOR": math.floor}


class _Evaluation:
    """One walk over one expression."""

    def __init__(self, series: Mapping[str, TimeSeries], start_s: int, end_s: int) -> None:
        self._series = series
        self._start_s = start_s
        self._end_s = end_s

    def value(self, node: ast.expr) -> Value:
        match node:
            case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
                return float(number)
            case ast.Name(id=name):
                return self._named(name)
            case ast.List(elts=elements):
                return tuple(self._series_of(element) for element in elements)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return _pointwise(operator.mul, -1.0, self._operand(operand))
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _ARITHMETIC:
                return _pointwise(_ARITHMETIC[type(op)], self._operand(left), self._operand(right))
            case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _COMPARISON:
                return _pointwise(_COMPARISON[type(op)], self._operand(left), self._operand(right))
            case ast.BoolOp(op=op, values=values):
                return self._logical(isinstance(op, ast.And), [self._operand(value) for value in values])
            case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
                return self._function(name, arguments)
        raise MathError(f"unsupported in metric math here: {ast.unparse(node)}")

    def _named(self, name: str) -> TimeSeries:
        if name not in self._series:
            raise MathError(f"no query has the id {name!r}")
        return self._series[name]

    def _operand(self, node: ast.expr) -> float | TimeSeries:
        value = self.value(node)
        if isinstance(value, tuple):
            raise MathError("an array of time series can only be given to a function")
        return value

    def _series_of(self, node: ast.expr) -> TimeSeries:
        value = self.value(node)
        if not isinstance(value, TimeSeries):
            raise MathError("an array holds time series")
        return value

    def _logical(self, conjunction: bool, operands: Sequence[float | TimeSeries]) -> float | TimeSeries:
        join: _Pointwise = (
            (lambda left, right: float(bool(left) and bool(right)))
            if conjunction
            else (lambda left, right: float(bool(left) or bool(right)))
        )
        result = operands[0]
        for other in operands[1:]:
            result = _pointwise(join, result, other)
        return result

    def _function(self, name: str, arguments: Sequence[ast.expr]) -> Value:
        match name, arguments:
            case ("FILL", [source, filler]):
                return self._fill(self._series_of(source), filler)
            case ("IF", [condition, then, otherwise]):
                return self._if(self._operand(condition), self._operand(then), self._operand(otherwise))
            case ("PERIOD", [source]):
                return float(self._series_of(source).period_s)
            case (("ABS" | "CEIL" | "FLOOR"), [source]):
                round_one = _ROUNDING[name]
                return _pointwise(lambda value, _: float(round_one(value)), self._operand(source), 0.0)
            case (("AVG" | "MAX" | "MIN" | "SUM"), [source]):
                return _aggregate(_AGGREGATES[name], self.value(source))
        raise MathError(f"unsupported function: {name} with {len(arguments)} arguments")

    def _grid(self, period_s: int) -> range:
        return range(self._start_s // period_s * period_s, self._end_s, period_s)

    def _fill(self, source: TimeSeries, filler: ast.expr) -> TimeSeries:
        if isinstance(filler, ast.Name) and filler.id == "REPEAT":
            return self._repeat(source)
        value = self._operand(filler)
        filled: dict[int, float] = {}
        for at in self._grid(source.period_s):
            point = source.points.get(at, _at(value, at))
            if point is not None:
                filled[at] = point
        return TimeSeries(filled, source.period_s)

    def _repeat(self, source: TimeSeries) -> TimeSeries:
        filled: dict[int, float] = {}
        last: float | None = None
        for at in self._grid(source.period_s):
            last = source.points.get(at, last)
            if last is not None:
                filled[at] = last
        return TimeSeries(filled, source.period_s)

    def _if(
        self, condition: float | TimeSeries, then: float | TimeSeries, otherwise: float | TimeSeries
    ) -> float | TimeSeries:
        if not isinstance(condition, TimeSeries):
            return then if condition else otherwise
        chosen = {at: _at(then if flag else otherwise, at) for at, flag in condition.points.items()}
        return TimeSeries({at: value for at, value in chosen.items() if value is not None}, condition.period_s)


def _at(value: float | TimeSeries, at: int) -> float | None:
    return value.points.get(at) if isinstance(value, TimeSeries) else value


def _pointwise(combine: _Pointwise, left: float | TimeSeries, right: float | TimeSeries) -> float | TimeSeries:
    """A point exists in the result only where both sides have one."""
    if not isinstance(left, TimeSeries) and not isinstance(right, TimeSeries):
        number = combine(left, right)
        return math.nan if number is None else number
    source = left if isinstance(left, TimeSeries) else right
    assert isinstance(source, TimeSeries)
    period_s = max(side.period_s for side in (left, right) if isinstance(side, TimeSeries))
    points: dict[int, float] = {}
    for at in source.points:
        one, other = _at(left, at), _at(right, at)
        result = combine(one, other) if one is not None and other is not None else None
        if result is not None:
            points[at] = result
    return TimeSeries(points, period_s)


def _aggregate(reduce: Callable[[Sequence[float]], float], value: Value) -> Value:
    """Over an array: a series of the values at each moment. Over one series: one number."""
    if isinstance(value, TimeSeries):
        return reduce(list(value.points.values())) if value.points else math.nan
    if isinstance(value, float):
        raise MathError("an aggregate needs a time series or an array of them")
    if not value:
        return TimeSeries({}, 60)
    columns: dict[int, list[float]] = {}
    for one in value:
        for at, point in one.points.items():
            columns.setdefault(at, []).append(point)
    return TimeSeries({at: reduce(points) for at, points in columns.items()}, max(one.period_s for one in value))
