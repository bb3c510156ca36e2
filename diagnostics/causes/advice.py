"""What a cause advises whoever it finds, read from its own code, so that the catalogue and the answers cannot differ.

A finding's advice is written with the case at hand; here its varying parts stand as an ellipsis.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator, Sequence
from functools import cache
from types import ModuleType
from typing import Final

from diagnostics.causes.cause import CauseSpec

GAP: Final = "…"
MIN_WORDS: Final = 4
MAX_DEPTH: Final = 6
_SPACES: Final = re.compile(r"\s+")
_GAPS: Final = re.compile(rf"(?:{GAP}\s*){{2,}}")


def advice_of(spec: CauseSpec) -> tuple[str, ...]:
    """Every advice that the cause can give, in the order of its code; empty where its code says none in words."""
    module = inspect.getmodule(spec.function)
    return _advice_in(module) if module else ()


@cache
def _advice_in(module: ModuleType) -> tuple[str, ...]:
    tree = ast.parse(inspect.getsource(module))
    words = _Words(tree, module)
    found = (
        text
        for node in tree.body
        if isinstance(node, ast.FunctionDef)
        for keyword in ast.walk(node)
        if isinstance(keyword, ast.keyword) and keyword.arg == "advice"
        for text in words.of(keyword.value, MAX_DEPTH)
    )
    return tuple(dict.fromkeys(text for text in map(_tidy, found) if _says_something(text)))


class _Words:
    """The texts that an expression of this module may come to."""

    def __init__(self, tree: ast.Module, module: ModuleType) -> None:
        self._module = module
        self._constants = {
            target.id: node.value
            for node in tree.body
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        self._functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}

    def of(self, node: ast.expr, depth: int) -> Iterator[str]:
        if depth == 0:
            return
        match node:
            case ast.Constant(value=str(text)):
                yield text
            case ast.JoinedStr(values=parts):
                yield "".join(self._filled(part, depth) for part in parts)
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                yield "".join(next(self.of(side, depth - 1), GAP) for side in (left, right))
            case ast.Name(id=name) if name not in self._constants and isinstance(vars(self._module).get(name), str):
                yield str(vars(self._module)[name])  # a text that it imports
            case ast.Call(func=ast.Name(id=name)) if name in self._functions:
                yield from self._returned(self._functions[name], depth)
            case _:
                for choice in self._choices(node):
                    yield from self.of(choice, depth - 1)

    def _filled(self, part: ast.expr, depth: int) -> str:
        """A part of an f-string: what always stands there, or stands there where the case has nothing of its own."""
        match part:
            case ast.Constant(value=value):
                return str(value)
            case ast.FormattedValue(value=ast.Name() | ast.BoolOp() as value):
                return next(self.of(value, depth - 1), GAP)
        return GAP

    def _choices(self, node: ast.expr) -> Sequence[ast.expr]:
        """Expressions of which one is the value; none where it is only known when the case is."""
        match node:
            case ast.IfExp(body=body, orelse=other):
                return (body, other)
            case ast.BoolOp(values=values) | ast.Dict(values=values):
                return values
            case ast.Subscript(value=value):
                return (value,)
            case ast.Name(id=name) if name in self._constants:
                return (self._constants[name],)
            case ast.Call(func=ast.Attribute(value=value, attr="get"), args=[_, *rest]):
                return (value, *rest)
        return ()

    def _returned(self, function: ast.FunctionDef, depth: int) -> Iterator[str]:
        for node in ast.walk(function):
            if isinstance(node, ast.Return) and node.value is not None:
                yield from self.of(node.value, depth - 1)


def _says_something(text: str) -> bool:
    return len(text.split()) >= MIN_WORDS and not text.startswith(GAP)


def _tidy(text: str) -> str:
    return _GAPS.sub(f"{GAP} ", _SPACES.sub(" ", text)).strip()
