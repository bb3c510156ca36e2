"""A fix from the terminal: the same plan and the same execution, under the identity of whoever typed the command."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from pydantic import JsonValue

from bot.clock import Now, utc_now
from diagnostics.aws_access import AwsAccess
from remediations import watch
from remediations.approval import Progress
from remediations.audit import Event, Record, Who
from remediations.desk import Wanted, new_ticket_id
from remediations.execute import Execution, Tools, carry_out
from remediations.filling import as_done
from remediations.permission import Permission, Policy, permit
from remediations.plan import Plan
from remediations.policy import undeclared
from remediations.reading import AwsReads, Seen, see
from remediations.refusals import refusal, refusal_of_prepared
from remediations.sessions import OwnSession, SessionError
from remediations.traces import trace_of
from remediations.undo import undo_of

Note = Callable[[Record], None]
"""Keeps one line of the audit, where there is a store for it."""


_EVENTS: Final[dict[str, Event]] = {"done": "executed", "refused": "refused"}


class NotCallerError(Exception):
    """Who is calling could not be told, or belongs to another account. The text is for people."""


@dataclass
class ByHand:
    """One fix of one report. `caller` is the ARN of the identity that AWS sees."""

    wanted: Wanted
    access: AwsAccess
    policy: Policy
    caller: Who
    note: Note
    clock: Now = utc_now
    id: str = field(default_factory=new_ticket_id)

    def __post_init__(self) -> None:
        target = self.wanted.target
        self._reads = AwsReads(self.access.reader(target.account, target.region))
        self._kept: dict[str, JsonValue] = {}

    @property
    def plan(self) -> Plan:
        return self.wanted.plan

    def permission(self) -> Permission:
        """What the settings say; there is no approver at a terminal, so what needs a second person is not done here."""
        return permit(self.policy, self.plan, self.wanted.target, now=self.clock(), hand="caller")

    def refusal(self) -> str | None:
        """Why this is never done, or not now."""
        if (never := undeclared(self.plan) or refusal(self.plan, self.wanted.reach)) is not None:
            return f"this is never done: {never}"
        permission = self.permission()
        return None if permission.allowed else permission.why_not

    def look(self) -> tuple[Seen, ...]:
        """What the plan is based on, as it is now."""
        return tuple(see(self._reads, guard) for guard in self.plan.guards)

    def carry_out(self) -> Execution:
        """Does it, each call once. What was approved is who typed it."""
        self._note("approved", self.plan, self.id)
        execution = self._carried_out(self.plan, self.id, undoes=False)
        self._kept = execution.kept
        return execution

    def watch(self, since: datetime) -> Iterator[Progress]:
        """Looks, again and again when asked for the next, until it has worked, has failed, or took too long."""
        plan, until = as_done(self.plan, self._kept), watch.gives_up_at(self.plan, since)
        while True:
            progress = watch.check(plan, self._reads, since, self.clock())
            is_last = progress.complete or progress.failing is not None or self.clock() >= until
            if is_last:
                text = progress.failing or "; ".join(progress.missing)
                self._note("verified" if progress.complete else "failed", self.plan, self.id, text)
            yield progress
            if is_last:
                return

    def way_back(self, execution: Execution) -> Plan | None:
        """What would take back what was done, with the ids that AWS gave; None where there is no way back."""
        return undo_of(self.plan, self.id, execution)

    def undo(self, execution: Execution) -> tuple[Plan, Execution] | None:
        """Takes back what was done; None where there is no way back."""
        plan = self.way_back(execution)
        if plan is None:
            return None
        undone = self._carried_out(plan, new_ticket_id(), undoes=True)
        if undone.status == "done":
            self._note("undone", self.plan, self.id)
        return plan, undone

    def _carried_out(self, plan: Plan, plan_id: str, *, undoes: bool) -> Execution:
        target, reach = self.wanted.target, self.wanted.reach
        tools = Tools(
            reads=self._reads,
            writer=OwnSession().writer(target.region),
            protections=self.policy.protect,
            forbidden=self._frozen,
            objection=lambda write: refusal_of_prepared(write, write.call.parameters, reach),
        )
        execution = carry_out(plan, plan_id, tools, undoes=undoes)
        requests = tuple(step.request_id for step in execution.steps if step.request_id)
        event = _EVENTS.get(execution.status, "failed")
        trace = trace_of(plan, plan_id, target, execution)
        self._note(event, plan, plan_id, execution.text, requests, undoes=self.id if undoes else None, details=trace)
        return execution

    def _frozen(self) -> str | None:
        now = self.clock()
        frozen = next((one for one in self.policy.freezes if one.start <= now < one.end), None)
        return None if frozen is None else f"nothing is changed until {frozen.end:%Y-%m-%d %H:%M} UTC: {frozen.why}"

    def _note(
        self,
        event: Event,
        plan: Plan,
        plan_id: str,
        text: str = "",
        request_ids: tuple[str, ...] = (),
        undoes: str | None = None,
        details: dict[str, JsonValue] | None = None,
    ) -> None:
        target = self.wanted.target
        self.note(
            Record(
                event=event,
                at=self.clock(),
                ticket=plan_id,
                who=self.caller,
                report=self.wanted.report,
                fix=plan.fix,
                title=plan.title,
                account=target.account,
                region=target.region,
                resource=plan.resource,
                undoes=undoes,
                text=text,
                request_ids=request_ids,
                details=details or {},
            )
        )


def caller_of(account: str, region: str) -> Who:
    """Whose credentials these are. Raises `NotCallerError` unless they are of this account."""
    try:
        own, arn = OwnSession().identity(region)
    except SessionError as error:
        raise NotCallerError(str(error)) from None
    if own != account:
        said = f"these credentials are of account {own}, and the fix is for {account}: use a profile of that one"
        raise NotCallerError(said)
    return Who(id=arn)
