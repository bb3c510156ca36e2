"""A new revision of a task definition that differs from the present one in a few settings.

The facts do not hold a whole definition, and what they hold is redacted: the revision is made of the live one, just
before it is registered. https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from pydantic import JsonValue

from diagnostics.facts import TaskDefinition
from diagnostics.facts.fact import Frozen
from diagnostics.redaction import is_allowed_name
from diagnostics.report import SettingChange
from diagnostics.snapshot import Subject
from remediations.fix import CannotPrepareError, Prepare
from remediations.plan import FROM, PLAN, PLAN_TAG, Call, Grant, Guard, Kept, Look, Write
from remediations.steps import paths
from remediations.steps.arns import arn_of, partition_of

REVISION = "task definition"
"""Under this name the ARN of the new revision is kept."""
NEW: JsonValue = {FROM: REVISION}
_DEFINITION = "definition"
_ONLY_ANSWERED = (
    "taskDefinitionArn", "revision", "status", "requiresAttributes", "compatibilities", "registeredAt", "registeredBy",
    "deregisteredAt", "deleteRequestedAt",
)  # fmt: skip
_ROLES = ("taskRoleArn", "executionRoleArn")
_MAX_TAGS = 50
_SIZES = frozenset({"cpu", "memory", "memoryReservation", "stopTimeout"})
_NUMBER = re.compile(r"\d{1,6}", re.ASCII)
_TIME = re.compile(r"\d{1,8}(?:ms|s)?", re.ASCII)
_NUMBERS = re.compile(r"[=\s]*\b\d+", re.ASCII)
_KEEP_ALIVE = re.compile(r"\s*--keep-alive \d{1,6}", re.ASCII)


class Edit(Frozen):
    """One difference. `what` a setting of the task or of a `container`, an environment variable of it, a flag in its
    command line, or a port that it maps; `before` None: there is none yet, `after` None: it goes."""

    what: Literal["setting", "variable", "flag", "port"]
    name: str
    before: JsonValue
    after: JsonValue
    container: str | None = None

    @property
    def words(self) -> str:
        return {"setting": self.name, "variable": f"environment {self.name}", "flag": f"command {self.name}"}.get(
            self.what, "container port"
        )


def is_usable(definition: str) -> Guard:
    """ECS deploys no revision that was deregistered."""
    call = Call.of("ecs", "describe_task_definition", taskDefinition=definition)
    look = Look(call=call, path="taskDefinition.status")
    return Guard(look=look, expected="ACTIVE", text=f"{short(definition)} can still be deployed")


def short(definition: str) -> str:
    """``checkout:7``"""
    return definition.rsplit("/", 1)[-1]


def changes(definition: TaskDefinition, edits: Iterable[Edit]) -> tuple[SettingChange, ...]:
    """The differences as people are shown them."""
    where = f"new revision of {definition.family}"
    return tuple(
        SettingChange(
            resource=f"{where}, container {edit.container}" if edit.container else where,
            setting=edit.words,
            before=edit.before,
            after=edit.after,
        )
        for edit in edits
    )


def register(subject: Subject, definition: TaskDefinition, edits: Iterable[Edit]) -> Write:
    """Registers the revision, tagged with the plan, and keeps its ARN as REVISION. Only the roles of the present
    definition are passed on."""
    roles = role_arns(subject, definition)
    family = arn_of(subject, "ecs", f"task-definition/{definition.family}:*")
    tagged: dict[str, dict[str, JsonValue]] = {"StringEquals": {"ecs:CreateAction": "RegisterTaskDefinition"}}
    passed: dict[str, dict[str, JsonValue]] = {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}
    also = [Grant(action="ecs:TagResource", resources=(family,), condition=tagged)]
    also += [Grant(action="iam:PassRole", resources=roles, condition=passed)] if roles else []
    return Write(
        call=Call.of("ecs", "register_task_definition", family=definition.family),
        resources=(family,),
        also=tuple(also),
        done_when=_newest(definition.family),
        keeps=(
            Kept(
                name=REVISION,
                in_answer="taskDefinition.taskDefinitionArn",
                look=Look(call=_describe(definition.family), path="taskDefinition.taskDefinitionArn"),
            ),
        ),
        reads={_DEFINITION: _describe(definition.arn)},
        prepared_by=prepare_revision.__name__,
        arguments={
            "edits": [edit.model_dump(mode="json") for edit in edits],
            "roles": list(roles),
            "plan": {FROM: PLAN},
        },
    )


def role_arns(subject: Subject, definition: TaskDefinition) -> tuple[str, ...]:
    """The roles of its tasks, as ARNs."""
    roles = (definition.task_role_arn, definition.execution_role_arn)
    partition = partition_of(subject)
    named = (
        role if role.startswith("arn:") else f"arn:{partition}:iam::{subject.account}:role/{role}"
        for role in roles
        if role
    )
    return tuple(dict.fromkeys(named))


def prepare_revision(answers: Mapping[str, Any], arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """The live definition with the edits, without what only AWS says about it. Raises CannotPrepareError where a value
    is not what the plan was made for."""
    answer = answers[_DEFINITION]
    live = copy.deepcopy(dict(answer["taskDefinition"]))
    _check_roles(live, arguments["roles"])
    for raw in arguments["edits"]:
        edit = Edit.model_validate(raw)
        if not may_be_made(edit):
            raise CannotPrepareError(f"a fix does not change {edit.words} of a task definition to {edit.after!r}")
        _APPLY[edit.what](_part(live, edit.container), edit)
    kept = {name: value for name, value in live.items() if name not in _ONLY_ANSWERED and value not in (None, "")}
    return {**kept, "tags": _tags(answer.get("tags") or (), arguments["plan"])}


def may_be_made(edit: Edit) -> bool:
    """Sizes, times, ports and what a server is told of them. What runs there, as whom and with which rights a plan
    cannot say, whatever was written into it: an image of somebody else would run with the roles of the tasks."""
    after = str(edit.after)
    match edit.what:
        case "setting":
            return edit.name in _SIZES and _NUMBER.fullmatch(after) is not None
        case "flag" | "port":
            return _NUMBER.fullmatch(after) is not None
        case "variable":
            before, number = str(edit.before or ""), _TIME.fullmatch(after)
            same = _NUMBERS.sub("", after) == _NUMBERS.sub("", before) and bool(before)
            added = after.startswith(before) and _KEEP_ALIVE.fullmatch(after.removeprefix(before)) is not None
            return is_allowed_name(edit.name) and bool(number or same or added)


def _newest(family: str) -> Guard:
    """The newest revision of the family is the one that this plan registered."""
    look = Look(call=_describe(family), path=f"tags[?key == {paths.quoted(PLAN_TAG)}].value | [0]")
    return Guard(look=look, expected={FROM: PLAN}, text=f"a new revision of {family} is registered")


def _describe(definition: str) -> Call:
    return Call.of("ecs", "describe_task_definition", taskDefinition=definition, include=["TAGS"])


def _check_roles(live: Mapping[str, Any], allowed: list[str]) -> None:
    for name in _ROLES:
        role = live.get(name)
        if role and not any(arn == role or arn.endswith(f":role/{role}") for arn in allowed):
            raise CannotPrepareError(f"the task definition has another {name} than the one that was shown")


def _part(live: dict[str, Any], container: str | None) -> dict[str, Any]:
    if container is None:
        return live
    found: dict[str, Any] | None = next((one for one in live["containerDefinitions"] if one["name"] == container), None)
    if found is None:
        raise CannotPrepareError(f"the task definition has no container {container}")
    return found


def _tags(present: Iterable[Mapping[str, str]], plan: JsonValue) -> list[dict[str, JsonValue]]:
    """AWS sets tags that begin with ``aws:`` by itself and takes none from others."""
    kept: list[dict[str, JsonValue]] = [
        {"key": tag["key"], "value": tag.get("value", "")}
        for tag in present
        if not tag["key"].lower().startswith("aws:") and tag["key"] != PLAN_TAG
    ]
    return [*kept[: _MAX_TAGS - 1], {"key": PLAN_TAG, "value": plan}]


# -- single edits


def _set(part: dict[str, Any], edit: Edit) -> None:
    _expect(part.get(edit.name), edit)
    part[edit.name] = edit.after


def _set_variable(part: dict[str, Any], edit: Edit) -> None:
    if any(secret["name"] == edit.name for secret in part.get("secrets") or ()):
        raise CannotPrepareError(f"{edit.name} comes from a secret")
    variables = list(part.get("environment") or ())
    _expect(next((one.get("value") for one in variables if one["name"] == edit.name), None), edit)
    part["environment"] = [one for one in variables if one["name"] != edit.name]
    if edit.after is not None:
        part["environment"].append({"name": edit.name, "value": edit.after})


def _set_flag(part: dict[str, Any], edit: Edit) -> None:
    """``--keep-alive 5``, ``--keep-alive=5``, or two arguments of a list."""
    found = 0
    inline = re.compile(rf"(?<!\S)({re.escape(edit.name)}(?:=|\s+)){re.escape(str(edit.before))}(?!\S)")
    for line in ("entryPoint", "command"):
        words = list(part.get(line) or ())
        for at, word in enumerate(words):
            words[at], count = inline.subn(lambda match: f"{match[1]}{edit.after}", word)
            found += count
            if word == edit.name and words[at + 1 : at + 2] == [str(edit.before)]:
                words[at + 1] = str(edit.after)
                found += 1
        if words:
            part[line] = words
    if found != 1:
        raise CannotPrepareError(f"the command line does not have {edit.name} {edit.before} exactly once")


def _set_port(part: dict[str, Any], edit: Edit) -> None:
    """A host port that is the container's follows it, as it must in network mode awsvpc."""
    mappings = [mapping for mapping in part.get("portMappings") or () if mapping.get("containerPort") == edit.before]
    if len(mappings) != 1 or any(m.get("containerPort") == edit.after for m in part["portMappings"]):
        raise CannotPrepareError(f"port {edit.before} is not mapped exactly once, or {edit.after} is mapped already")
    mapping = mappings[0]
    if mapping.get("hostPort") == edit.before:
        mapping["hostPort"] = edit.after
    mapping["containerPort"] = edit.after


def _expect(found: JsonValue, edit: Edit) -> None:
    if found != edit.before:
        raise CannotPrepareError(f"{edit.words} is not {edit.before!r} as it was shown")


_APPLY = {"setting": _set, "variable": _set_variable, "flag": _set_flag, "port": _set_port}

PREPARE: Mapping[str, Prepare] = {prepare_revision.__name__: prepare_revision}
"""What a fix that registers a revision declares."""
