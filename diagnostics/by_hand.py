"""What has to be filled into a fix's commands when a person types them: files to write, and ids that AWS gives."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

_FILE: Final = re.compile(r"aws (?P<service>[a-z0-9-]+) (?P<operation>[a-z0-9-]+) .*file://(?P<file>[a-z0-9-]+\.json)")
_BLANK: Final = re.compile(r"<(?P<name>[a-z ]{1,40})>")
_MEMBERS: Final[Mapping[str, str]] = {
    "modify-listener": '{"DefaultActions": …}, which is Actions of the default rule in that answer',
    "modify-rule": '{"Actions": …} of that answer',
    "publish-version": '{"CodeSha256": …, "RevisionId": …} of the function as it is by then',
    "register-task-definition": (
        "taskDefinition of that answer, without taskDefinitionArn, revision, status, requiresAttributes,"
        " compatibilities, registeredAt, registeredBy"
    ),
    "update-service": '{"deploymentConfiguration": …} of that answer',
}
_IDS: Final[Mapping[str, str]] = {
    "function version": "Version that publish-version answers",
    "security group rule": "SecurityGroupRuleId that the command of the fix answered",
    "target group": "TargetGroupArn that create-target-group answers",
    "task definition": "taskDefinitionArn that register-task-definition answers",
}
_NOT_CHANGED: Final = frozenset({"publish-version"})


def blanks(commands: Iterable[str], *, back: bool = False) -> Iterator[str]:
    """``<target group>: TargetGroupArn that create-target-group answers``, each once. `back`: of an undo."""
    told: dict[str, None] = {}
    for command in commands:
        if found := _FILE.match(command):
            operation = found["operation"]
            members = _MEMBERS.get(operation, f"what {operation} takes of that answer")
            with_ = "the values before the change" if back else "the changes above"
            told[f"{found['file']}: {members}" + (f", with {with_}" if operation not in _NOT_CHANGED else "")] = None
        for blank in _BLANK.finditer(command):
            name = blank["name"]
            told[f"<{name}>: {_IDS.get(name, 'the id that the command before it answers')}"] = None
    yield from told
