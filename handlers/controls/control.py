"""How a control is written: metadata and one function from a visit to what the person sees.

The decorator registers and does nothing else. Who clicked, where, and whether they may is settled before a function is
called; a function decides what is told, and has `Hands` do what has an effect.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Literal

from pydantic import Field

from diagnostics.facts.fact import Frozen
from diagnostics.report import Report
from handlers.ask import Origin, Refresh
from handlers.views.blocks import Message

if TYPE_CHECKING:
    from handlers.controls.hands import Hands

PREFIX: Final = "control-"
"""What the ids of all actions and modals of controls begin with."""
MORE: Final = f"{PREFIX}more"
"""The menu with those that have no button of their own."""
MAX_LABEL: Final = 30

Reach = Literal["presser", "thread", "elsewhere"]
"""Who sees what comes of it: whoever pressed, all in the thread, or a channel beyond it."""


class Click(Frozen):
    """One click of one person on a control. `about`: the opaque id that the control carries.

    `opened_by`: the click whose modal this one submits; it knows the place. `values`: what was chosen and typed there.
    `private`: the message is seen by this person alone.
    """

    id: str
    correlation_id: str
    control: str
    step: Literal["pressed", "submitted"]
    about: str
    user: str
    team: str
    at: datetime
    channel: str = ""
    message_ts: str | None = None
    thread_ts: str | None = None
    private: bool = False
    response_url: str | None = None
    view_id: str | None = None
    opened_by: str | None = None
    values: dict[str, str] = Field(default_factory=dict)

    @property
    def origin(self) -> Origin:
        return Origin(
            team=self.team,
            channel=self.channel,
            user=self.user,
            thread_ts=self.thread_ts,
            response_url=self.response_url,
        )


@dataclass(frozen=True, slots=True)
class Visit:
    """A click of somebody who may, with what it is about."""

    click: Click
    about: Refresh
    report: Report
    hands: Hands
    now: datetime


@dataclass(frozen=True, slots=True)
class Window:
    """What the modal shows from now on."""

    view: Mapping[str, Any]


Outcome = Message | Window | None
"""A message is told to the person alone, in the modal if one is open; None: what was done speaks for itself."""

ControlFunction = Callable[[Visit], Outcome]


@dataclass(frozen=True, slots=True)
class ControlSpec:
    """A registered control. `rank`: the lowest comes first.

    `opens`: a modal, at once. `offered`: below which answers. `pressed` None: it is worked on where questions are.
    """

    name: str
    label: str
    rank: int
    reach: Reach
    opens: bool
    offered: Callable[[Report], bool]
    pressed: ControlFunction | None
    submitted: ControlFunction | None

    @property
    def action_id(self) -> str:
        return f"{PREFIX}{self.name}"


_REGISTRY: dict[str, ControlSpec] = {}
_NAME: Final = re.compile(r"[a-z]+(-[a-z]+)*\Z")


def control(
    *,
    name: str,
    label: str,
    rank: int,
    reach: Reach = "presser",
    opens: bool = False,
    offered: Callable[[Report], bool] = lambda _: True,
    submitted: ControlFunction | None = None,
) -> Callable[[ControlFunction], ControlFunction]:
    """Registers the function that works on a click. Raises ValueError for metadata that is malformed or taken."""

    def register(function: ControlFunction) -> ControlFunction:
        add(ControlSpec(name, label, rank, reach, opens, offered, function, submitted))
        return function

    return register


def add(spec: ControlSpec) -> None:
    if not _NAME.match(spec.name) or spec.name == "more":
        raise ValueError(f"control {spec.name!r} must be words joined by hyphens")
    if spec.name in _REGISTRY:
        raise ValueError(f"control {spec.name!r} is registered twice")
    if not 0 < len(spec.label) <= MAX_LABEL:
        raise ValueError(f"control {spec.name!r}: the label has 1 to {MAX_LABEL} characters")
    _REGISTRY[spec.name] = spec


def registered() -> Mapping[str, ControlSpec]:
    return MappingProxyType(_REGISTRY)
