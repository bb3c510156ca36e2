"""What a fix would do, as plain data: what it reads, what it writes, how it is seen to have worked, how it is undone.

A plan is made by a pure function, shown to people, kept in the store, and carried out by `execute`, which knows no fix
in particular. Where to look in an answer of AWS is said in JMESPath, https://jmespath.org/specification.html.

A value ``{"$from": "NAME"}`` in the parameters of a write stands for what an earlier write of the plan kept under that
name, ``{"$from": "plan"}`` for the plan's own id.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, JsonValue

from diagnostics.facts.fact import Frozen
from diagnostics.report import Risk, SettingChange

MAX_WRITES = 8
MAX_NARROWER = 9
MAX_AFTER_S = 90
"""Well within what an execution may be silent for, see bot/store/claims.py."""
FROM = "$from"
PLAN = "plan"
"""Under this name the id of the plan itself is found."""
PLAN_TAG = "alb502:plan"
"""With this tag, and the plan's id as its value, alb502 makes what it makes."""

WITHOUT_RESOURCE = frozenset({"codedeploy:StopDeployment"})
"""Actions that IAM compares no resource with: allowed on an ARN, they are denied.
https://docs.aws.amazon.com/service-authorization/latest/reference/list_awscodedeploy.html"""

UndoKind = Literal["exact", "compensating", "none"]


class Call(Frozen):
    """One call: boto3's name of the service and of the method (``elbv2``, ``modify_target_group``), its parameters."""

    service: str
    operation: str
    parameters: dict[str, JsonValue] = Field(default_factory=dict)

    @classmethod
    def of(cls, service: str, operation: str, /, **parameters: JsonValue) -> Call:
        return cls(service=service, operation=operation, parameters=parameters)

    @property
    def action(self) -> str:
        """The IAM action that permits it."""
        from diagnostics.aws_access.actions import iam_action  # botocore comes along, which a replay does without

        return iam_action(self.service, self.operation)


class Look(Frozen):
    """A call that only reads, and where to look in its answer."""

    call: Call
    path: str


class Guard(Frozen):
    """Something that can be looked up and must be as expected. `text`: that it is so, in words."""

    look: Look
    expected: JsonValue
    text: str


class Grant(Frozen):
    """An IAM action and the ARNs that it is wanted for. `condition`: as in a policy statement."""

    action: str
    resources: tuple[str, ...]
    condition: dict[str, dict[str, JsonValue]] = Field(default_factory=dict)


class Kept(Frozen):
    """Something that later writes and the undo need to know, such as the id that AWS gave to a new rule.

    `in_answer`: where it stands in the answer of the write; `look`: where it is found when that answer was lost.
    """

    name: str
    in_answer: str
    look: Look


class Write(Frozen):
    """One call that changes AWS.

    `resources`: the ARNs by which IAM judges it. `also`: what else it needs to be allowed, such as iam:PassRole.
    `done_when`: how to find out whether it took effect when its answer was lost; it is not so before the write.
    `reads` and `prepared_by`: answers that the function of the fix with this name makes the parameters of, since what
    has to be sent holds more than a report keeps (a whole task definition). `arguments` are given to it, too.
    `after_s`: so long it waits before it is sent, for requests that are still under way.
    """

    call: Call
    resources: tuple[str, ...]
    done_when: Guard
    also: tuple[Grant, ...] = ()
    keeps: tuple[Kept, ...] = ()
    reads: dict[str, Call] = Field(default_factory=dict)
    prepared_by: str | None = None
    arguments: dict[str, JsonValue] = Field(default_factory=dict)
    after_s: int = Field(default=0, ge=0, le=MAX_AFTER_S)

    @property
    def grants(self) -> tuple[Grant, ...]:
        own = ("*",) if self.call.action in WITHOUT_RESOURCE else self.resources
        return (Grant(action=self.call.action, resources=own), *self.also)


class Quiet(Frozen):
    """A CloudWatch metric of errors that must stay at zero for a while; dimensions by name."""

    namespace: str
    metric: str
    dimensions: dict[str, str]
    for_s: int = 120


class Success(Frozen):
    """How it is seen that a fix worked: all `guards` hold and all metrics are quiet, within so many seconds.

    `fails`: guards of which one that holds means that it did not work, such as a deployment that failed.
    """

    text: str
    within_s: int
    guards: tuple[Guard, ...] = ()
    quiet: tuple[Quiet, ...] = ()
    fails: tuple[Guard, ...] = ()


class Undo(Frozen):
    """How the state before is reached again; `guards` must hold then: nobody else changed it in the meantime."""

    kind: UndoKind
    text: str
    writes: tuple[Write, ...] = ()
    guards: tuple[Guard, ...] = ()


class Plan(Frozen):
    """One fix for one resource.

    `resource`: the ARN that is written to; one plan at a time is carried out for it. `changes`: what a person is shown,
    before and after. `guards`: what must still be as the report saw it, directly before the first write. `touches`: who
    or what else will notice, in words. `warnings`: what may go wrong, said before anybody approves.
    `judged_by_tags_of`: further ARNs whose tags may forbid it. `not_now`: why it is shown and cannot be approved at
    present. `narrower`: the same fix with less of an effect, each with its `label`, from which the approver may choose.
    """

    fix: str
    title: str
    risk: Risk
    resource: str
    changes: tuple[SettingChange, ...]
    guards: tuple[Guard, ...]
    writes: tuple[Write, ...] = Field(min_length=1, max_length=MAX_WRITES)
    success: Success
    undo: Undo
    touches: str
    warnings: tuple[str, ...] = ()
    eta_s: int
    judged_by_tags_of: tuple[str, ...] = ()
    not_now: str | None = None
    label: str = ""
    narrower: tuple[Plan, ...] = Field(default=(), max_length=MAX_NARROWER)

    @property
    def grants(self) -> tuple[Grant, ...]:
        """All that IAM must allow for it and for its undo, each action once for the same condition."""
        return tuple(grant for write in (*self.writes, *self.undo.writes) for grant in write.grants)
