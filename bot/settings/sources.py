"""The two places settings come from, each read into plain nested data; judging the values is not done here."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any, Final, NoReturn

import yaml

from bot.settings import shape
from bot.settings.errors import Problem
from bot.settings.shape import CONFIG_VARIABLE, CUSTOMARY_NAMES, PREFIX, Path

MAX_CONFIG_BYTES: Final = 1_048_576
MAX_VARIABLE_CHARS: Final = 1_048_576

_PLAIN_TAGS: Final = frozenset(f"tag:yaml.org,2002:{kind}" for kind in ("str", "seq", "map"))
_BLANK: Final = frozenset({"", "~", "null", "Null", "NULL"})
_KUBERNETES_PORT: Final = re.compile(r"_PORT(?:_[0-9]+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?)?|_SERVICE_PORT\w*")


@dataclass(frozen=True, slots=True)
class Read:
    """What a source holds: values by path (a file has one, at the root) and what is wrong with the source itself."""

    values: Mapping[Path, Any] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()


def read_environment(environ: Mapping[str, str]) -> Read:
    """The settings among the environment variables; an empty variable counts as not set."""
    values: dict[Path, Any] = {}
    problems: list[Problem] = []
    known = shape.variables()
    services = _kubernetes_services(environ)
    for name, raw in sorted(environ.items()):
        if name == CONFIG_VARIABLE or not (name in known or name.upper().startswith(PREFIX)):
            continue
        if _is_kubernetes_link(name, raw, services):
            continue
        if name not in known:
            problems.append(Problem(name, f"is no setting; the nearest is {_likely_variable(name)}"))
            continue
        if not raw.strip():
            continue
        path = known[name]
        if shape.is_leaf(shape.kind_at(path)):
            values[path] = None if raw.strip() in _BLANK else raw.strip()
            continue
        try:
            values[path] = _json(raw)
        except _UnreadableError as unreadable:
            problems.append(Problem(name, f"given (hidden), expected JSON: {unreadable}"))
    return Read(values, tuple(problems))


def read_file(path: FilePath) -> Read:
    """The settings in a YAML file. Scalars stay text, so that `off`, 012345678901 and dates mean what they say."""
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_CONFIG_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or "not a usable path").lower()
        return _unreadable(path, f"expected a readable YAML file: {reason}")
    if len(raw) > MAX_CONFIG_BYTES:
        return _unreadable(path, f"expected a YAML file of at most {MAX_CONFIG_BYTES} bytes")
    try:
        node = yaml.compose(raw.decode("utf-8-sig"), Loader=yaml.BaseLoader)
        tree = None if node is None else _Plain().of(node)
    except UnicodeDecodeError:
        return _unreadable(path, "expected a YAML file in UTF-8")
    except yaml.YAMLError as error:
        return _unreadable(path, f"expected valid YAML: {_where(getattr(error, 'problem_mark', None))}")
    except RecursionError:
        return _unreadable(path, "expected YAML that is nested less deeply")
    except _UnreadableError as unreadable:
        return _unreadable(path, f"expected settings in YAML: {unreadable}")
    if tree is None:
        return Read()
    if not isinstance(tree, dict):
        return _unreadable(path, "expected a map of settings, such as `accounts: […]`")
    return Read({(): tree})


class _UnreadableError(Exception):
    """Says what is wrong in words that repeat nothing of the input."""


class _Plain:
    """YAML's node graph as plain data; a node that several aliases name is converted once."""

    def __init__(self) -> None:
        self._done: dict[int, Any] = {}
        self._open: set[int] = set()

    def of(self, node: yaml.Node) -> Any:
        if id(node) in self._open:
            raise _UnreadableError(f"{_where(node.start_mark)} refers to itself")
        if id(node) not in self._done:
            self._open.add(id(node))
            self._done[id(node)] = self._convert(node)
            self._open.discard(id(node))
        return self._done[id(node)]

    def _convert(self, node: yaml.Node) -> Any:
        if node.tag not in _PLAIN_TAGS:
            raise _UnreadableError(f"{_where(node.start_mark)} has a tag; plain values are enough")
        if isinstance(node, yaml.ScalarNode):
            return None if node.style is None and node.value in _BLANK else str(node.value)
        if isinstance(node, yaml.SequenceNode):
            return [self.of(item) for item in node.value]
        plain: dict[str, Any] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise _UnreadableError(f"{_where(key.start_mark)} has a key that is not a single word")
            if key.value in plain:
                raise _UnreadableError(f"{_where(key.start_mark)} repeats a key")
            plain[key.value] = self.of(value)
        return plain


def _json(raw: str) -> Any:
    if len(raw) > MAX_VARIABLE_CHARS:
        raise _UnreadableError(f"more than {MAX_VARIABLE_CHARS} characters")
    reason = "not valid"
    try:
        return json.loads(raw, object_pairs_hook=_without_repeats, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        reason = f"not valid at line {error.lineno}, column {error.colno}"
    except RecursionError:
        reason = "nested too deeply"
    except ValueError:
        reason = "a number is too long"
    raise _UnreadableError(reason)


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({key for key, _ in pairs}) < len(pairs):
        raise _UnreadableError("a key is repeated")
    return dict(pairs)


def _no_constant(_: str) -> NoReturn:
    raise _UnreadableError("NaN and Infinity are no values")


def _likely_variable(name: str) -> str:
    written = name.upper().removeprefix(PREFIX).lower().removeprefix("slack__").replace("__", "_")
    for setting, customary in CUSTOMARY_NAMES.items():
        if setting in {written, f"slack_{written}"}:
            return customary
    parents = [known for known in shape.variables() if name.startswith(f"{known}__")]
    containers = [known for known in parents if shape.is_container(shape.kind_at(shape.variables()[known]))]
    if containers:
        return f"{max(containers, key=len)}, which takes the whole list or map as JSON"
    return shape.nearest_variable(name)


def _kubernetes_services(environ: Mapping[str, str]) -> tuple[str, ...]:
    suffix = "_SERVICE_HOST"
    return tuple(name.removesuffix(suffix) for name in environ if name.startswith("ALB502") and name.endswith(suffix))


def _is_kubernetes_link(name: str, value: str, services: tuple[str, ...]) -> bool:
    """Kubernetes sets variables for every Service of the namespace; one called `alb502` would look like settings.

    Source: https://kubernetes.io/docs/tutorials/services/connect-applications-service/#environment-variables
    """
    for service in services:
        rest = name.removeprefix(service) if name.startswith(service) else ""
        if rest == "_SERVICE_HOST":
            return True
        if _KUBERNETES_PORT.fullmatch(rest) and (rest != "_PORT" or "://" in value):
            return True
    return False


def _where(mark: Any) -> str:
    return f"line {mark.line + 1}, column {mark.column + 1}" if mark is not None else "it holds unreadable characters"


def _unreadable(path: FilePath, expected: str) -> Read:
    return Read(problems=(Problem(CONFIG_VARIABLE, expected, given=str(path)),))
