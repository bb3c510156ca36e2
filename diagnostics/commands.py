"""Commands inside of sentences, told apart from them so that every drawing can show one whole, ready to be pasted."""

from __future__ import annotations

import re
from typing import Final

PROGRAMS: Final = (
    "alb502",
    "aws",
    "curl",
    "dig",
    "docker",
    "grpcurl",
    "kubectl",
    "nc",
    "openssl",
    "ss",
    "systemctl",
    "time",
)
NEXT_TIME: Final = "For the next time: "
IF_STILL: Final = "If it fails still: "
"""What an advice says before the part that is not for now; all its commands belong to that part."""
_PROGRAM: Final = rf"(?:{'|'.join(PROGRAMS)}) "
_AT_THE_END: Final = re.compile(rf":\s+(?P<command>{_PROGRAM}.+)\Z", re.DOTALL)
_MARKED: Final = re.compile(rf":\s+`(?P<named>{_PROGRAM}[^`]+)`|\s+\(`(?P<aside>{_PROGRAM}[^`]+)`\)")


def split_command(text: str) -> tuple[str, str | None]:
    """``a later steady state: aws ecs describe-services …`` in its words and the command that can be pasted."""
    found = _AT_THE_END.search(text)
    return (text[: found.start()], found["command"]) if found else (text, None)


def without_commands(text: str) -> tuple[str, tuple[str, ...]]:
    """The words of an advice, and its commands in their order.

    An advice marks a command by backticks, behind a colon or within brackets: ``Run more tasks: `aws ecs …`; then …``.
    """
    commands = tuple(found["named"] or found["aside"] for found in _MARKED.finditer(text))
    words = _MARKED.sub("", text)
    ended = words if words == text or words.endswith((".", "?", "!")) else f"{words}."
    return ended, tuple(dict.fromkeys(commands))


def when_to_run(advice: str) -> str:
    """What stands before the commands of an advice that are not for now; empty where they are."""
    if NEXT_TIME in advice:
        return "Not now, for the next time:"
    return "Not now, only if it fails still:" if IF_STILL in advice else ""
