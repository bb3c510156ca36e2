"""The top of every command: what it raises becomes an exit status and one line; no traceback passes."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from typing import Final

from typer.exceptions import Abort, TyperException

from bot.cli import crash, exits, output
from bot.cli.exits import CommandError, ReaderGoneError

_PEDANTRY: Final = re.compile(r"Value error, |, unable to parse string as an? \w+")
"""What pydantic says around what a person needs."""


def run(arguments: Sequence[str]) -> int:
    output.tolerate_odd_encodings()
    output.log_errors_to_stderr()
    try:
        if not arguments:
            _invoked(["--help"])
            return exits.BAD_USAGE
        status = _invoked(arguments)
        sys.stdout.flush()
        return status
    except CommandError as error:
        output.complain(error.lines)
        return error.status
    except TyperException as error:
        said = _PEDANTRY.sub("", " ".join(error.format_message().split()).rstrip("."))
        between = "" if said.endswith("?") else ";"
        output.complain([f"{said}{between} `{_asked_for(arguments)} --help` shows how it is used."])
        return exits.BAD_USAGE
    except (KeyboardInterrupt, Abort):
        return exits.INTERRUPTED
    except (ReaderGoneError, BrokenPipeError):
        output.drop_stdout()
        return exits.READER_GONE
    except Exception as error:  # noqa: BLE001 - the top: whatever it is, a person gets one line
        return _crashed(error)


def _invoked(arguments: Sequence[str]) -> int:
    from bot.cli.app import app

    status = app(args=list(arguments), prog_name=output.PROGRAM, standalone_mode=False)
    return status if isinstance(status, int) else exits.OK


def _asked_for(arguments: Sequence[str]) -> str:
    from bot.cli.app import COMMANDS

    return " ".join((output.PROGRAM, *(word for word in arguments[:1] if word in COMMANDS)))


def _crashed(error: Exception) -> int:
    reference, path = crash.keep(error)
    where = f"; the details are in {path}" if path else ""
    output.complain([f"this should not have happened ({type(error).__name__}), reference {reference}{where}"])
    return exits.NO_REPORT
