"""The two streams of a command: the answer on stdout, everything else on stderr."""

from __future__ import annotations

import json
import logging
import os
import re
import shlex
import shutil
import sys
from collections.abc import Iterable, MutableMapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TextIO

from bot.cli.exits import ReaderGoneError
from diagnostics import printable

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

PIPE_WIDTH: Final = 100
MAX_LINE: Final = 1_000
PROGRAM: Final = "alb502"
_OURS: Final = "alb502_ours"
"""A log record of our own code has it."""
_NO_DETAIL: Final = frozenset({"event", "error", "exc_info", "seldom", "correlation_id"})
_UNSEEN: Final = re.compile(
    r"\x1b(?!\[[0-9;]*m)|[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]"
    r"|[\U000e0000-\U000e007f]"
)
"""What a terminal obeys or hides, but for colours."""
_TRAILING_SPACES: Final = re.compile(r" +$", re.MULTILINE)


def console(stream: TextIO | None = None) -> Console:
    """A console that draws for `stream` (stdout): its width and colours; NO_COLOR and pipes are respected."""
    from rich.console import Console

    target = stream or sys.stdout
    made = Console(file=target, highlight=False, markup=False, emoji=False)
    if not made.is_terminal and "COLUMNS" not in os.environ:
        made.width = PIPE_WIDTH
    return made


def live_screen() -> Console | None:
    """Where a person who waits can be shown something that goes away again; None where stderr is no such terminal."""
    screen = console(sys.stderr)
    return screen if screen.is_terminal and not screen.is_dumb_terminal else None


def draw(*renderables: RenderableType) -> None:
    from bot.cli.drawing.page import Statement

    screen = console()
    with screen.capture() as captured:
        for renderable in renderables:
            screen.print(renderable, soft_wrap=isinstance(renderable, Statement))
    write(_TRAILING_SPACES.sub("", captured.get()))


def write(text: str) -> None:
    """Text on stdout, with a line break at its end. Raises `ReaderGoneError` when nobody reads it.

    What nobody would see is spelled as in JSON, where it means the same: everything else was made printable before.
    """
    text = _UNSEEN.sub(_spelled, text)
    try:
        sys.stdout.write(text if text.endswith("\n") else f"{text}\n")
        sys.stdout.flush()
    except BrokenPipeError:
        raise ReaderGoneError from None


def _spelled(unseen: re.Match[str]) -> str:
    return json.dumps(unseen[0])[1:-1] if unseen[0] != "\x7f" else "\\u007f"


def complain(lines: Iterable[str]) -> None:
    """One line for each problem on stderr; the first says which program speaks."""
    said = [printable.lines(line, MAX_LINE).replace("\n", " ") for line in lines]
    prefix = f"{PROGRAM}: "
    print("\n".join((prefix if number == 0 else "  ") + line for number, line in enumerate(said)), file=sys.stderr)


def note(line: str) -> None:
    """A remark for the person at the terminal; never part of the answer."""
    print(printable.line(line, MAX_LINE), file=sys.stderr)


def tolerate_odd_encodings() -> None:
    """A terminal that cannot show a character gets a question mark instead of an error."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")


def drop_stdout() -> None:
    """Sends what is still buffered for a reader who left to nowhere, so that the interpreter ends quietly."""
    with open(os.devnull, "w") as nowhere:  # noqa: PTH123 - a descriptor is wanted, not a path
        os.dup2(nowhere.fileno(), sys.stdout.fileno())


def called_as() -> str:
    """How a person calls this program from where they are: by its name, or by a path from here."""
    if shutil.which(PROGRAM):
        return PROGRAM
    script = Path(sys.prefix) / "bin" / PROGRAM
    module = PROGRAM if PROGRAM in sys.modules else "bot"  # installed, or in a checkout
    return _from_here(script) if script.exists() else f"{_from_here(Path(sys.executable))} -m {module}"


def _from_here(path: Path) -> str:
    here = Path.cwd()
    return shlex.quote(str(path.relative_to(here) if path.is_relative_to(here) else path))


class OneLine(logging.Formatter):
    """A log record as one line without its traceback."""

    def format(self, record: logging.LogRecord) -> str:
        error = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else ""
        text = record.getMessage() + (f" ({error})" if error else "")
        return f"{PROGRAM}: {printable.line(text, MAX_LINE)}"


def log_errors_to_stderr() -> None:
    """Errors that the engine survived are one line each, and so are our own warnings; those of libraries are not for
    people at a terminal."""
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(lambda record: record.levelno >= logging.ERROR or hasattr(record, _OURS))
    handler.setFormatter(OneLine())
    logging.getLogger().handlers = [handler]


def lead_logs_to_stderr() -> None:
    """Our own logs go the same way: structlog writes to stdout, where the answer stands, until it is told otherwise."""
    import structlog

    from bot.telemetry.logs import redact

    structlog.configure(
        processors=[redact, _in_words],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def _in_words(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> tuple[tuple[str], dict[str, Any]]:
    details = [str(event["error"])] if "error" in event and "exc_info" not in event else []
    details += [f"{name} {value}" for name, value in event.items() if name not in _NO_DETAIL]
    said = str(event["event"]) + (f" ({', '.join(details)})" if details else "")
    return (said,), {"extra": {_OURS: True}}
