"""The id of what is being worked on: people are told it as the reference, logs carry it, and AWS is sent it."""

from __future__ import annotations

import re
from contextvars import ContextVar
from typing import Final

REFERENCE: Final[ContextVar[str]] = ContextVar("alb502_reference", default="")

_PLAIN: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")


def plain_reference() -> str:
    """The id, if it is one that may stand in a header; else nothing."""
    found = REFERENCE.get()
    return found if _PLAIN.fullmatch(found) else ""
