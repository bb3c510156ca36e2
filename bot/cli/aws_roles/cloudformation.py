"""What all templates are made with: values of Python as CloudFormation fills them in, and the file's text.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

import yaml

from bot.cli.aws_roles.variants import Statement, When

NO_VALUE: Final = {"Ref": "AWS::NoValue"}
WIDTH: Final = 120
_ONE_REFERENCE: Final = re.compile(r"\$\{([A-Za-z0-9:]+)\}")

Lists = Mapping[str, Any]
"""What stands for several values, by its placeholder: a function that gives them as one text, with commas."""


def filled_in(value: Any, lists: Lists) -> Any:
    """The value with ``${…}`` as Fn::Sub, and each placeholder of `lists` as the list that it stands for."""
    match value:
        case str() if value in lists:
            return {"Fn::Split": [",", lists[value]]}
        case str():
            return text(value)
        case Mapping():
            return {key: filled_in(one, lists) for key, one in value.items()}
        case list() | tuple() if any(one in lists for one in value if isinstance(one, str)):
            joined = [lists[one] if one in lists else text(one) for one in value]
            return {"Fn::Split": [",", {"Fn::Join": [",", joined]}]}
        case list() | tuple():
            return [filled_in(one, lists) for one in value]
    return value


def text(value: str) -> Any:
    """A string with what CloudFormation puts into it."""
    alone = _ONE_REFERENCE.fullmatch(value)
    if alone is not None:
        return {"Ref": alone[1]}
    return {"Fn::Sub": value} if "${" in value else value


def document(statements: Iterable[tuple[When, Statement]], lists: Lists) -> dict[str, Any]:
    """A policy document whose statements stand under conditions of the template."""
    found = [(when, filled_in(statement, lists)) for when, statement in statements]
    return {
        "Version": "2012-10-17",
        "Statement": [
            statement if when is When.ALWAYS else {"Fn::If": [str(when), statement, NO_VALUE]}
            for when, statement in found
        ],
    }


def given(parameter: str) -> dict[str, Any]:
    """The condition that somebody gave this parameter, a text."""
    return {"Fn::Not": [{"Fn::Equals": [{"Ref": parameter}, ""]}]}


def given_list(parameter: str) -> dict[str, Any]:
    """The same of a list."""
    return {"Fn::Not": [{"Fn::Equals": [{"Fn::Join": ["", {"Ref": parameter}]}, ""]}]}


def negated(condition: str) -> dict[str, Any]:
    return {"Fn::Not": [{"Condition": str(condition)}]}


def both(first: str, second: str) -> dict[str, Any]:
    return {"Fn::And": [{"Condition": str(first)}, {"Condition": str(second)}]}


def words(description: str, pattern: str, constraint: str, default: str | None = "") -> dict[str, Any]:
    """A parameter that is a text; None as its default asks for one."""
    return _parameter("String", description, pattern, constraint, default)


def several(description: str, pattern: str, constraint: str) -> dict[str, Any]:
    """A parameter that is a list, which may be empty; the pattern is that of each."""
    return _parameter("CommaDelimitedList", description, pattern, constraint, "")


def role_name_prefix(description: str) -> dict[str, Any]:
    return words(description, r"[\w+=,.@-]{1,40}", "1 to 40 characters", "alb502")


def permissions_boundary() -> dict[str, Any]:
    return words(
        "A managed policy that no role here may go beyond.",
        r"arn:aws[a-z-]*:iam::([0-9]{12}|aws):policy/.+",
        "the ARN of a managed policy, or nothing",
    )


def _parameter(kind: str, description: str, pattern: str, constraint: str, default: str | None) -> dict[str, Any]:
    found = {"Type": kind, "Description": description}
    if default is not None:
        found["Default"] = default
        if not default:
            pattern = f"|{pattern}"
    return {**found, "AllowedPattern": f"^({pattern})$", "ConstraintDescription": constraint}


def yaml_text(template: Mapping[str, Any], written_by: str) -> str:
    body = yaml.dump(dict(template), Dumper=_Dumper, sort_keys=False, width=WIDTH, allow_unicode=True)
    return f"# {written_by}\n{body}"


class _Dumper(yaml.SafeDumper):
    """Repeats what is the same, and writes several lines as such."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def increase_indent(self, flow: bool = False, *_: object, **__: object) -> None:
        super().increase_indent(flow, False)


def _represented(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    style = "|" if "\n" in value else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, _represented)
