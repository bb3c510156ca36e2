"""Every command that a page shows is one that the program takes today."""

from __future__ import annotations

import importlib.util
import re
import shlex
from collections.abc import Iterator
from functools import cache
from typing import Final

import pytest
import typer.main
from typer.exceptions import TyperException

from bot.cli.app import app
from handlers.asking import Mistake, parse
from handlers.muting import parse_muting
from tests.docs.reading import ROOT, Page, Said, pages, present_pages

SHELLS: Final = ("", "sh", "bash", "shell", "console")
_CALL: Final = re.compile(r"(?:^|(?<=[\s`(;|&]))alb502(?=\s|$)(?P<rest>[^;|&>`#]*)")
_FLAGS: Final = frozenset({"--help", "-h", "--version", "--install-completion", "--show-completion"})
_OPTION: Final = re.compile(r"--[a-z][a-z-]*")
OF_OTHER_PROGRAMS: Final = ("docs/image.md", "docs/calibration.md", "docs/performance.md")
"""Pages that name options of a container's program, and of benchmarks."""
_SLASH: Final = re.compile(r"/alb502(?P<rest>\s.*)?")
_RUN: Final = re.compile(r"(?<![\w/])\./run(?:[ \t]+(?P<command>[a-z]+))?")
_MODULE: Final = re.compile(r"python3? -m (?P<module>[a-z_][\w.]*)")


class StaleError(Exception):
    """Says what the program would."""


@cache
def _commands() -> dict[str, typer.core.TyperCommand]:
    group = typer.main.get_command(app)
    assert isinstance(group, typer.core.TyperGroup)
    return {name: command for name, command in group.commands.items() if isinstance(command, typer.core.TyperCommand)}


def _taken_apart(rest: str) -> list[str]:
    """Brackets say that something may be left out: what is in them is tried as well."""
    return shlex.split(re.sub(r"[\[\]]", " ", rest.replace("…", "x")), comments=True)


def _try(rest: str, *, complete: bool) -> None:
    """Has the real command line take the words apart. `complete` False: a mention, which may leave out arguments."""
    words = _taken_apart(rest)
    if not words or words[0] in _FLAGS or words[0].endswith(":"):
        return  # with a colon it is what the program says
    command = _commands().get(words[0])
    if command is None:
        raise StaleError(f"there is no command {words[0]}")
    arguments = [word for word in words[1:] if word not in _FLAGS]
    try:
        command.make_context(words[0], list(arguments))
    except TyperException as error:
        missing = type(error).__name__ == "MissingParameter"
        if not missing or (complete and len(arguments) == len(words[1:])):
            raise StaleError(error.format_message() if hasattr(error, "format_message") else str(error)) from None


def _calls(page: Page) -> Iterator[tuple[Said, bool]]:
    for span in page.code_spans:
        if found := _CALL.match(span.text):
            yield Said(span.line, found["rest"]), False
    for block in page.blocks:
        if block.language in SHELLS:
            for number, line in enumerate(block.text.splitlines(), start=block.line + 1):
                yield from ((Said(number, found["rest"]), True) for found in _calls_in(line))


def _calls_in(line: str) -> Iterator[re.Match[str]]:
    """Calls in a line of a block: at its beginning, behind a prompt, settings of the environment or another command."""
    code = re.sub(r"(^|\s)#.*", "", line)
    for found in _CALL.finditer(code):
        before = code[: found.start()].strip()
        if not before or before.endswith(("$", "&&", "||", ";", "|", "--")) or re.search(r"\w=\S*$", before):
            yield found


def test_every_call_of_alb502_is_understood_by_its_command_line() -> None:
    wrong: list[str] = []
    tried = 0
    for page in present_pages():
        for (line, rest), complete in _calls(page):
            tried += 1
            try:
                _try(rest, complete=complete)
            except StaleError as complaint:
                wrong.append(f"{page.name}:{line}: alb502 {rest.strip()}: {complaint}")

    assert tried > 50, "the calls are not found any more"
    assert wrong == []


@pytest.mark.parametrize(
    ("rest", "complaint"),
    [
        ("diagnoze checkout", "no command"),
        ("diagnose checkout --sins 2h", "sins"),
        ("iam-policy nobody", "nobody"),
        ("diagnose", "TARGET"),
    ],
)
def test_a_stale_call_is_found(rest: str, complaint: str) -> None:
    with pytest.raises(StaleError, match=complaint):
        _try(rest, complete=True)


def test_every_option_that_stands_alone_is_one_of_some_command() -> None:
    known = {option for command in _commands().values() for one in command.params for option in one.opts} | _FLAGS
    unknown = [
        f"{page.name}:{span.line}: {span.text}"
        for page in present_pages()
        if page.name not in OF_OTHER_PROGRAMS
        for span in page.code_spans
        if (found := _OPTION.match(span.text)) and found[0] not in known
    ]

    assert unknown == []


def _slash_commands() -> Iterator[tuple[Page, Said]]:
    """As they are typed in Slack; what stands in brackets or behind a bar is another way to type it."""
    for page in present_pages():
        for span in page.code_spans:
            if (found := _SLASH.fullmatch(span.text)) and not re.search(r"[\[|…]", span.text):
                yield page, Said(span.line, (found["rest"] or "").strip())


def test_every_command_for_slack_is_understood_by_the_bot() -> None:
    found = list(_slash_commands())
    wrong = [
        f"{page.name}:{said.line}: /alb502 {said.text}: {answer.message}"
        for page, said in found
        if isinstance(answer := parse_muting(said.text) or parse(said.text), Mistake)
    ]

    assert len(found) > 5
    assert wrong == []


def _run_commands() -> set[str]:
    """What `./run` takes, as its own `case` says it."""
    script = (ROOT / "run").read_text(encoding="utf-8")
    case = re.search(r"^(?P<names>[a-z |]+)\) prepare ;;$", script, re.MULTILINE)
    assert case is not None
    return set(case["names"].split(" | "))


def test_every_command_of_run_is_there() -> None:
    wrong = [
        f"{page.name}: ./run {found['command']}"
        for page in present_pages()
        for found in _RUN.finditer(page.text)
        if found["command"] and found["command"] not in _run_commands()
    ]

    assert wrong == []


def test_run_tells_of_every_command_that_it_takes() -> None:
    script = (ROOT / "run").read_text(encoding="utf-8")
    usage = script[script.index("usage: ./run") : script.index("\nEND\n")]

    assert set(re.findall(r"^  ([a-z]+) ", usage, re.MULTILINE)) == _run_commands()


def test_every_module_that_is_run_is_there() -> None:
    wrong = [
        f"{page.name}: python -m {found['module']}"
        for page in pages()
        for found in _MODULE.finditer(page.text)
        if found["module"].partition(".")[0] in {"bot", "tests", "diagnostics", "benchmarks", "demo", "remediations"}
        and importlib.util.find_spec(found["module"]) is None
    ]

    assert wrong == []
