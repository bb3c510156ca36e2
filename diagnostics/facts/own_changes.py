"""What this program changed itself on the path, which it knows before CloudTrail tells it."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Final, Literal

from diagnostics.facts.changes import Change
from diagnostics.facts.fact import Fact, Frozen
from diagnostics.printable import shortened, without_ids

MAX_SHORT: Final = 100
Outcome = Literal["done", "partial", "unknown"]


class OwnSetting(Frozen):
    """A setting as people were shown it."""

    setting: str
    before: str | None = None
    after: str | None = None


class OwnChange(Frozen):
    """A fix, or the undo of one (`undoes`: its plan), that was carried out. `report`: the diagnosis that offered it.

    `settles_by`: until then it may not have worked yet. `worked`: what was seen of it; None: nothing so far. `changes`
    are its calls as CloudTrail will tell them, without what only AWS knows. Names are those of Slack, or ARNs.
    """

    plan: str
    report: str = ""
    at: datetime
    title: str
    resource: str
    settles_by: datetime
    asked_by: str = ""
    approved_by: str = ""
    undoes: str | None = None
    undone: bool = False
    outcome: Outcome = "done"
    worked: bool | None = None
    settings: tuple[OwnSetting, ...] = ()
    changes: tuple[Change, ...] = ()

    @property
    def words(self) -> str:
        """``Allow the load balancer in; asked by Ann, approved by Bob``"""
        who = [f"asked by {self.asked_by}"] if self.asked_by else []
        who += [f"approved by {self.approved_by}"] if self.approved_by else []
        return f"{self.title}; {', '.join(who)}" if who else self.title

    @property
    def short(self) -> str:
        """``Open tcp 8080 of checkout-tasks to load balancer public, by alb502 03:28, approved by Bob``"""
        by = f", approved by {self.approved_by}" if self.approved_by else ""
        return f"{shortened(without_ids(self.title), MAX_SHORT)}, by alb502 {self.at:%H:%M}{by}"


class OwnChanges(Fact):
    """Newest first. `since`: nothing older was asked for."""

    name: ClassVar[str] = "own_changes"

    items: tuple[OwnChange, ...]
    since: datetime
