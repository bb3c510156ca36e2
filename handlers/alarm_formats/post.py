"""What a post about an alarm says. It is a pointer, no more: whether there is such an alarm, AWS tells."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

State = Literal["ALARM", "OK", "INSUFFICIENT_DATA"]
Action = Literal["diagnose", "close", "ignore"]


@dataclass(frozen=True, slots=True)
class AlarmPost:
    """One post; what it does not say is None.

    `load_balancer` and `target_group` as CloudWatch's dimensions (``app/name/id``, ``targetgroup/name/id``), `account`
    an id of twelve digits. `at`: when the alarm changed its state, else when the post was made. `format`: which kind
    of post it was taken for. `title`: what a monitor of another tool is called, which tells two of them apart.
    `words`: those in which a service may be named, where a post that says that something alarms names nothing else.
    """

    at: datetime
    format: str = ""
    alarm: str | None = None
    region: str | None = None
    account: str | None = None
    state: State | None = None
    load_balancer: str | None = None
    target_group: str | None = None
    title: str | None = None
    words: tuple[str, ...] = ()

    @property
    def names_something(self) -> bool:
        return bool(self.alarm or self.load_balancer or self.target_group)

    def completed(self, other: AlarmPost) -> AlarmPost:
        """What this one does not say, from the other; a state and its time belong together and to the first."""
        missing = {
            name: value
            for name in ("alarm", "region", "account", "state", "load_balancer", "target_group")
            if getattr(self, name) is None and (value := getattr(other, name)) is not None
        }
        return replace(self, **missing)


@dataclass(frozen=True, slots=True)
class Understood:
    """What a message is to the bot, and why. `post` is None for what is no alarm at all. `maybe`: what is ignored, but
    is an alarm if one of its words is the name of a known service."""

    action: Action
    why: str
    post: AlarmPost | None = None
    maybe: AlarmPost | None = None
