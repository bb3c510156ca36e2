"""Carrying out a plan: everything is looked at again, then each write is sent once, and its outcome is written down.

A write whose answer was lost is not sent again: whether it took effect is read. The journal outlives this process, so
that whoever takes over after a death does what is missing and nothing twice.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, NoReturn

from pydantic import Field, JsonValue

from diagnostics.facts.fact import Frozen, Gap
from remediations.filling import UnknownNameError, filled_guard, filled_write
from remediations.fix import CannotPrepareError, Prepare, registered
from remediations.journal import Journal, MemoryJournal, Step
from remediations.plan import PLAN, Guard, Plan, Write
from remediations.protection import Protection, forbidden_by_tags, tagged_arns
from remediations.reading import Reads, Seen, found_in, see, value_of
from remediations.writing import Lost, Rejected, Writer, Written, in_words

LOOKS: Final = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Seconds before each look for the effect of a write whose answer was lost: AWS may still be at work on it."""

THROTTLE_PAUSES: Final = (1.0, 3.0, 6.0)

SAME_TWICE: Final = frozenset(
    {
        "add_permission",
        "authorize_security_group_egress",
        "authorize_security_group_ingress",
        "create_network_acl_entry",
        "delete_alarms",
        "delete_function_concurrency",
        "delete_network_acl_entry",
        "delete_rule",
        "delete_target_group",
        "deregister_targets",
        "modify_listener",
        "modify_load_balancer_attributes",
        "modify_rule",
        "modify_target_group",
        "modify_target_group_attributes",
        "put_function_concurrency",
        "put_metric_alarm",
        "register_scalable_target",
        "register_targets",
        "remove_permission",
        "revoke_security_group_egress",
        "revoke_security_group_ingress",
        "set_rule_priorities",
        "set_subnets",
        "stop_deployment",
        "stop_service_deployment",
        "stop_task",
        "update_alias",
        "update_cluster_settings",
        "update_function_configuration",
        "update_service",
    }
)
"""Operations that leave the same behind when they are called twice with the same parameters, or refuse the second."""
_NEW_EACH_TIME: Final = "forceNewDeployment"

Status = Literal["done", "refused", "failed", "partial", "unknown"]


class Execution(Frozen):
    """What came of it. ``refused``: nothing was sent. ``failed``: AWS did not do the first write. ``partial``: some
    writes were done and one was not. ``unknown``: of one write it is not known. `text` says why, for people.

    `steps`: each write that was begun, in order; `kept`: what AWS gave, by name; `before`: what the guards found.
    """

    status: Status
    text: str = ""
    steps: tuple[Step, ...] = ()
    kept: dict[str, JsonValue] = Field(default_factory=dict)
    before: dict[str, JsonValue] = Field(default_factory=dict)

    @property
    def done(self) -> tuple[int, ...]:
        """Which writes of the plan have taken effect."""
        return tuple(step.index for step in self.steps if step.state == "done")

    @property
    def may_have_changed(self) -> bool:
        """Whether something was done, or may have been."""
        return any(step.state in ("done", "lost") for step in self.steps)


@dataclass(frozen=True, slots=True)
class Tools:
    """What an execution works with. `forbidden` is asked just before the first write and says why not, or None.

    `interrupted` is asked before each further one, `taken_over` by whoever goes on with what another process began,
    `objection` about parameters that were made of a live answer. `boundary` is called between any two steps with the
    name of the one that comes.
    """

    reads: Reads
    writer: Writer
    journal: Journal = field(default_factory=MemoryJournal)
    protections: tuple[Protection, ...] = ()
    forbidden: Callable[[], str | None] = lambda: None
    interrupted: Callable[[], str | None] = lambda: None
    taken_over: Callable[[], str | None] = lambda: None
    objection: Callable[[Write], str | None] = lambda _write: None
    pause: Callable[[float], object] = time.sleep
    boundary: Callable[[str], None] = lambda _step: None


def carry_out(plan: Plan, plan_id: str, tools: Tools, *, undoes: bool = False) -> Execution:
    """Does what the plan says, or what is missing of it. `undoes`: a write whose effect is there already is left out.

    Raises `SupersededError` when somebody else has taken over, and what the journal's store raises.
    """
    return _Execution(plan, plan_id, tools, undoes=undoes).run()


class _StopError(Exception):
    def __init__(self, text: str, status: Status | None = None) -> None:
        super().__init__(text)
        self.status = status


class _Execution:
    def __init__(self, plan: Plan, plan_id: str, tools: Tools, *, undoes: bool) -> None:
        self._plan = plan
        self._tools = tools
        self._undoes = undoes
        self._steps = tools.journal.steps()
        self._is_taken_over = bool(self._steps)
        self._known: dict[str, JsonValue] = {PLAN: plan_id}
        self._before: dict[str, JsonValue] = {}
        for step in self._steps.values():
            self._known |= step.kept

    def run(self) -> Execution:
        try:
            if not self._steps:
                self._check()
            for index, write in enumerate(self._plan.writes):
                self._do(index, write)
        except _StopError as stop:
            return self._outcome(stop.status or self._status_now(), str(stop))
        return self._outcome("done", "")

    def _check(self) -> None:
        """All that may have changed since the plan was approved. Raises `_StopError` before anything is sent."""
        self._tools.boundary("forbidden")
        if why_not := self._tools.forbidden():
            raise _StopError(why_not)
        self._tools.boundary("tags")
        if why_not := forbidden_by_tags(self._tools.reads, tagged_arns(self._plan), self._tools.protections):
            raise _StopError(why_not)
        self._tools.boundary("guards")
        changed = self._changed()
        if changed is not None:
            raise _StopError(f"{changed.told}; nothing was changed")

    def _changed(self) -> Seen | None:
        """What the plan is based on and is not so any more."""
        for guard in self._plan.guards:
            seen = see(self._tools.reads, filled_guard(guard, self._known))
            self._before[guard.text] = seen.kept
            if not seen.holds:
                return seen
        return None

    def _do(self, index: int, write: Write) -> None:
        known = self._steps.get(index)
        if known is not None and known.state == "done":
            return
        if known is not None and known.state != "sent":
            raise _StopError(known.text, "unknown" if known.state == "lost" else None)
        ready = self._ready(write)
        if known is not None:
            self._resume(index, ready)
            return
        self._may_go_on()
        seen = see(self._tools.reads, ready.done_when)
        if seen.gap is not None:
            raise _StopError(seen.told)
        if seen.holds:
            if self._undoes:
                self._record(Step(index=index, state="done", action=ready.call.action, by_reading=True))
                return
            raise _StopError(f"it is so already that {ready.done_when.text}: the hypothesis is refuted")
        if ready.after_s:
            self._tools.pause(ready.after_s)
            self._may_go_on()
        self._send(index, self._prepared(ready))

    def _may_go_on(self) -> None:
        if self._steps and (why_not := self._why_not_on()):
            raise _StopError(why_not)

    def _why_not_on(self) -> str | None:
        """Who takes over may have other settings than who began, and tags may have been set in between. As long as
        nothing is known to be done, all that the plan is based on must be so still."""
        why_not = self._tools.interrupted()
        if why_not is None and self._is_taken_over:
            why_not = self._tools.taken_over() or forbidden_by_tags(
                self._tools.reads, tagged_arns(self._plan), self._tools.protections
            )
            if why_not is None and not any(step.state == "done" for step in self._steps.values()):
                changed = self._changed()
                why_not = changed.told if changed is not None else None
        return why_not

    def _ready(self, write: Write) -> Write:
        try:
            return filled_write(write, self._known)
        except UnknownNameError as unknown:
            raise _StopError(f"{unknown} is not known, so {write.call.action} cannot be sent") from unknown

    def _prepared(self, write: Write) -> Write:
        """With the parameters that are made of what AWS has now."""
        if write.prepared_by is None:
            return write
        prepare = self._prepare_of(write.prepared_by)
        answers = {}
        for name, call in write.reads.items():
            answer = self._tools.reads.read(call)
            if isinstance(answer, Gap):
                raise _StopError(f"{answer.action} could not be read ({answer.error})")
            answers[name] = answer
        try:
            parameters = dict(prepare(answers, write.arguments))
        except CannotPrepareError as cannot:
            raise _StopError(str(cannot)) from cannot
        ready = write.model_copy(update={"call": write.call.model_copy(update={"parameters": parameters})})
        if (why_not := self._tools.objection(ready)) is not None:
            raise _StopError(f"this is never done: {why_not}")
        return ready

    def _prepare_of(self, name: str) -> Prepare:
        return registered()[self._plan.fix].prepare[name]

    def _send(self, index: int, write: Write, *, again: bool = False) -> None:
        """`again`: it may have been sent before, by a worker that died."""
        action = write.call.action
        self._tools.boundary(f"send {index}")

        def sending() -> None:
            self._tools.journal.sending(index, action)
            self._tools.boundary(f"sent {index}")

        outcome = self._tools.writer.write(write.call, sending)
        for pause_s in THROTTLE_PAUSES:
            if not (isinstance(outcome, Rejected) and (outcome.is_throttled or outcome.is_too_early)):
                break
            self._tools.pause(pause_s)
            outcome = self._tools.writer.write(write.call, sending)
        self._tools.boundary(f"answer {index}")
        if isinstance(outcome, Written):
            self._done(index, write, outcome)
        elif isinstance(outcome, Rejected) and not again:
            self._rejected(index, write, outcome)
        else:
            self._resolve(index, write, outcome)

    def _resume(self, index: int, write: Write) -> None:
        """Somebody who died had sent this, or was about to."""
        if any(seen.holds for seen in self._looks(write.done_when)):
            self._found(index, write, None)
            return
        ended = "the process that sent it ended before it had an answer"
        if write.call.operation not in SAME_TWICE or write.call.parameters.get(_NEW_EACH_TIME):
            self._unknown(index, write, None, ended)
        elif why_not := self._why_not_on():
            self._unknown(index, write, None, f"{ended}; {why_not}")
        else:
            self._send(index, self._prepared(write), again=True)

    def _resolve(self, index: int, write: Write, outcome: Lost | Rejected) -> None:
        if any(seen.holds for seen in self._looks(write.done_when)):
            self._found(index, write, outcome.request_id)
        elif isinstance(outcome, Rejected):
            self._rejected(index, write, outcome)
        else:
            self._unknown(index, write, outcome.request_id, f"AWS gave no clear answer ({outcome.code})")

    def _rejected(self, index: int, write: Write, outcome: Rejected) -> NoReturn:
        text, action = in_words(write.call, outcome), write.call.action
        self._record(Step(index=index, state="rejected", action=action, request_id=outcome.request_id, text=text))
        raise _StopError(text)

    def _looks(self, guard: Guard) -> Iterator[Seen]:
        for pause_s in LOOKS:
            self._tools.pause(pause_s)
            yield see(self._tools.reads, guard)

    def _unknown(self, index: int, write: Write, request_id: str | None, why: str) -> NoReturn:
        text = (
            f"{write.call.action}: {why}, and after {sum(LOOKS):.0f} s it was not seen that {write.done_when.text}."
            " It was not sent again; look before anything else is done"
        )
        self._record(Step(index=index, state="lost", action=write.call.action, request_id=request_id, text=text))
        raise _StopError(text, "unknown")

    def _done(self, index: int, write: Write, written: Written) -> None:
        kept, action = self._kept(write, written.answer), write.call.action
        self._record(Step(index=index, state="done", action=action, request_id=written.request_id, kept=kept))

    def _found(self, index: int, write: Write, request_id: str | None) -> None:
        kept, action = self._kept(write, {}), write.call.action
        step = Step(index=index, state="done", action=action, request_id=request_id, kept=kept, by_reading=True)
        self._record(step)

    def _kept(self, write: Write, answer: Mapping[str, Any]) -> dict[str, JsonValue]:
        """What the write keeps; what its answer does not say is looked up, what cannot be is missing."""
        found: dict[str, JsonValue] = {}
        for one in write.keeps:
            value = found_in(answer, one.in_answer, write.call.action)
            if value is None or isinstance(value, Gap):
                value = value_of(self._tools.reads, one.look)
            if value is not None and not isinstance(value, Gap):
                found[one.name] = value
        return found

    def _record(self, step: Step) -> None:
        self._tools.journal.record(step)
        self._steps[step.index] = step
        self._known |= step.kept
        self._tools.boundary(f"recorded {step.index}")

    def _status_now(self) -> Status:
        if any(step.state == "done" for step in self._steps.values()):
            return "partial"
        return "failed" if self._steps else "refused"

    def _outcome(self, status: Status, text: str) -> Execution:
        known = {name: value for name, value in self._known.items() if name != PLAN}
        steps = tuple(self._steps[index] for index in sorted(self._steps))
        return Execution(status=status, text=text, steps=steps, kept=known, before=self._before)
