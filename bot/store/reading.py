"""Reading what the store holds: another version of this program may have written it, as during a roll-out.

What a version does not know is left out: whoever added it made sure that it can be. What a version needs and does not
find makes a record worthless to it, and then it is as if it were not there.
"""

from __future__ import annotations

from typing import Final, TypeVar

import structlog
from pydantic import BaseModel, ValidationError

Kept = TypeVar("Kept", bound=BaseModel)

MAX_FIELDS: Final = 5

_log: Final = structlog.get_logger(__name__)


def read(kind: type[Kept], raw: bytes | str | None) -> Kept | None:
    """The record; None where there is none, and for one that another version wrote and this one cannot use."""
    if raw is None:
        return None
    try:
        return must_read(kind, raw)
    except ValidationError as error:
        where = sorted({".".join(map(str, one["loc"])) for one in error.errors(include_input=False)})
        _log.warning(
            "a record of the store is taken for gone: another version of alb502 wrote it, or somebody else",
            kind=kind.__name__.lstrip("_"),
            fields=where[:MAX_FIELDS],
        )
        return None


def must_read(kind: type[Kept], raw: bytes | str) -> Kept:
    """The record, where it must not be taken for gone. Raises ValueError."""
    return kind.model_validate_json(raw, extra="ignore")
