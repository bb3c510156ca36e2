"""One line for each wrong setting: its name, what was given and what is expected. Secrets are never repeated."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from bot.settings import shape
from bot.settings.shape import CUSTOMARY_NAMES, Path
from bot.settings.words import EXPECTED_ERROR

MAX_LINES: Final = 40
MAX_GIVEN_CHARS: Final = 80
MAX_NAME_CHARS: Final = 120
HIDDEN: Final = "(hidden)"

_LOOKS_SECRET: Final = re.compile(r"xox[a-z]-|xapp-|xoxe\.|://[^/\s]*@|AKIA[A-Z0-9]{16}|ASIA[A-Z0-9]{16}")
_EXPECTED: Final[Mapping[str, str]] = {
    "missing": "a value: it is required",
    "tuple_type": "a list",
    "mapping_type": "a map",
    "dict_type": "a map",
    "model_type": "a map of settings",
    "model_attributes_type": "a map of settings",
    "string_type": "text",
}


class SettingsError(Exception):
    """The configuration cannot be used; `lines` has one line for people for each wrong setting."""

    def __init__(self, problems: Iterable["Problem"]) -> None:
        lines = [problem.line() for problem in problems]
        left_out = len(lines) - MAX_LINES
        if left_out > 0:
            lines = [*lines[:MAX_LINES], f"and {left_out} more wrong settings"]
        self.lines: tuple[str, ...] = tuple(lines)
        super().__init__("\n".join(lines))


@dataclass(frozen=True, slots=True)
class Problem:
    """`name` is how the setting was written, `given` is safe to show (or already hidden) or None if it says nothing."""

    name: str
    expected: str
    given: str | None = None

    def line(self) -> str:
        given = "" if self.given is None else f"given {_printable(self.given, MAX_GIVEN_CHARS)}, "
        return f"{_printable(self.name, MAX_NAME_CHARS)}: {given}{self.expected}"


@dataclass(frozen=True, slots=True)
class Names:
    """How the person wrote each setting: by variable where the environment set it, else by its place in the file."""

    variables: Mapping[Path, str]
    file: str | None

    def of(self, path: Path) -> str:
        for length in range(len(path), 0, -1):
            variable = self.variables.get(path[:length])
            if variable is not None:
                rest = shape.dotted(path[length:])
                return variable + (rest if rest.startswith("[") or not rest else f".{rest}")
        return f"{shape.dotted(path)} in {self.file}" if self.file else shape.dotted(path)


def problem_at(path: Path, given: object, expected: str, names: Names) -> Problem:
    """The problem of one setting whose value was read but cannot be used."""
    return Problem(names.of(path), f"expected {expected}", given=_shown(path, given))


def problems_of(error: ValidationError, names: Names) -> Sequence[Problem]:
    """What pydantic found, in our words and without the input."""
    return [_problem(details, names) for details in error.errors(include_url=False, include_context=True)]


def unknown_key(path: Path, names: Names) -> Problem:
    """A key that no setting has. Its value is not shown: it may be a misspelt secret."""
    key = str(path[-1])
    for setting, customary in CUSTOMARY_NAMES.items():
        if key in {setting, setting.removeprefix("slack_")}:
            return Problem(names.of(path), f"is no setting of the file; set the environment variable {customary}")
    nearest = _printable(shape.nearest_key(path[:-1], key), MAX_NAME_CHARS)
    return Problem(names.of(path), f"is no setting; the nearest is {nearest}")


def _problem(details: ErrorDetails, names: Names) -> Problem:
    path: Path = tuple(step for step in details["loc"] if step != "[key]")
    kind = details["type"]
    if kind == "extra_forbidden":
        return unknown_key(path, names)
    context: dict[str, Any] = details.get("ctx", {})
    if kind in {EXPECTED_ERROR, "literal_error"}:
        expected = str(context["expected"]).replace("'", "")
    else:
        expected = _EXPECTED.get(kind, "a valid value")
    if kind == "missing":
        return Problem(names.of(path), f"expected {expected}")
    given = details["input"]
    if "[key]" in details["loc"]:
        return Problem(names.of(path[:-1]), f"expected {expected} as key", given=_text(given))
    return problem_at(path, given, expected, names)


def _shown(path: Path, value: object) -> str:
    if isinstance(value, dict):
        return "a map"
    if isinstance(value, list | tuple):
        return f"a list of {len(value)}"
    if value is None:
        return "nothing"
    if not shape.is_leaf(shape.kind_at(path)):
        return "a single value"
    return _text(value) if shape.may_be_shown(path) else HIDDEN


def _text(value: object) -> str:
    return value if isinstance(value, str) and value else repr(value)[: MAX_GIVEN_CHARS + 1]


def _printable(text: str, longest: int) -> str:
    """One line, whatever the input: bounded, control characters escaped, anything that looks like a secret hidden."""
    if _LOOKS_SECRET.search(text):
        return HIDDEN
    cut = text if len(text) <= longest else text[:longest] + "…"
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in cut)
