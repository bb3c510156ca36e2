"""Refresh: reads everything anew. It is a question like any other, so `handlers.actions` takes it in, even where the
queue does not answer."""

from __future__ import annotations

from typing import Final

from handlers.controls.control import ControlSpec, add

REFRESH: Final = "refresh"

add(
    ControlSpec(
        name=REFRESH,
        label="Refresh",
        rank=10,
        reach="thread",
        opens=False,
        offered=lambda _: True,
        pressed=None,
        submitted=None,
    )
)
