"""How a line is recognised: a signature, the pattern that tells it, and the words without which it cannot match.

A file below `diagnostics/app_logs/signs/` holds ``SIGNS`` and is found by its place. Patterns see a line of bounded
length and repeat nothing without a bound, so that no line costs more than a moment, whoever wrote it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from diagnostics.facts import LogSignature

ADDRESS = r"(?P<address>\[[0-9A-Fa-f:.%]{2,45}\]|[A-Za-z0-9_.*-]{1,100})"
PORT = r":(?P<port>[0-9]{1,5})(?![0-9])"
URL = rf"https?://{ADDRESS}{PORT}"
HOST_PORT = r"(?P<host>\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9_.-]{1,120}):(?P<port>[0-9]{1,5})(?![0-9])"
BY_SERVER, BY_APPLICATION = "server", "application"
"""Who says where it listens: the server, which knows, or a sentence that a person once wrote into the program."""


@dataclass(frozen=True, slots=True)
class Sign:
    """`cues`: one of them, in lower case, stands in every line that `pattern` finds. Named groups become details;
    groups ``ms`` and ``us`` become ``seconds``. `general` ones are tried when no other fits."""

    signature: LogSignature
    pattern: re.Pattern[str]
    cues: tuple[str, ...]
    runtime: str | None
    details: Mapping[str, str]
    general: bool


def sign(
    signature: LogSignature,
    pattern: str,
    *cues: str,
    runtime: str | None = None,
    general: bool = False,
    **details: str,
) -> Sign:
    """Raises ValueError without a cue: every line of every log would pay for the pattern."""
    if not cues or any(cue != cue.lower() or len(cue) < 2 for cue in cues):
        raise ValueError(f"a sign of {signature} needs cues in lower case")
    return Sign(signature, re.compile(pattern, re.IGNORECASE), cues, runtime, details, general)


def listens(pattern: str, *cues: str, runtime: str | None = None, general: bool = False) -> Sign:
    """The server's own word for where it listens."""
    return sign("listening", pattern, *cues, runtime=runtime, general=general, said_by=BY_SERVER)
