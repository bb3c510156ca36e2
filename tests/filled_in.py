"""A CloudFormation template with its parameters filled in, as far as this project's own templates go.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

REGION = "eu-west-1"
NO_VALUE = object()


class Stack:
    """Raises ValueError for parameters that CloudFormation would not take."""

    def __init__(self, template: Mapping[str, Any], account: str, given: Mapping[str, str]) -> None:
        self._template, self._account = template, account
        self._pseudo = {"AWS::AccountId": account, "AWS::Partition": "aws", "AWS::Region": REGION}
        self._parameters = {name: _parameter(name, one, given) for name, one in template["Parameters"].items()}
        if unknown := set(given) - set(self._parameters):
            raise ValueError(f"the template has no {unknown}")
        for rule in template.get("Rules", {}).values():
            if self.filled(rule["RuleCondition"]):
                for one in rule["Assertions"]:
                    if not self.filled(one["Assert"]):
                        raise ValueError(one["AssertDescription"])

    def names(self, kind: str) -> set[str]:
        """Of the resources of this type that are made."""
        found = self._template["Resources"].items()
        return {name for name, one in found if one["Type"] == kind and self._is_made(one)}

    def properties(self, resource: str) -> dict[str, Any]:
        one = self._template["Resources"][resource]
        if not self._is_made(one):
            raise ValueError(f"{resource} is not made")
        found: dict[str, Any] = self.filled(one["Properties"])
        return found

    def trust_of(self, role: str) -> dict[str, Any]:
        document = self.properties(role)["AssumeRolePolicyDocument"]
        found: dict[str, Any] = json.loads(document) if isinstance(document, str) else document
        return found

    def policies_of(self, role: str) -> list[dict[str, Any]]:
        own = self.properties(role)
        managed = (self.properties(name.removeprefix("ref:")) for name in own.get("ManagedPolicyArns", ()))
        return [one["PolicyDocument"] for one in (*managed, *own.get("Policies", ()))]

    def outputs(self) -> dict[str, str]:
        found = self._template["Outputs"].items()
        return {name: self.filled(one["Value"]) for name, one in found if self._is_made(one)}

    def filled(self, value: Any) -> Any:
        if isinstance(value, list):
            return [found for one in value if (found := self.filled(one)) is not NO_VALUE]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            ((name, argument),) = value.items()
            if name in ("Ref", "Condition") or name.startswith("Fn::"):
                return self._function(name, argument)
        pairs = {key: self.filled(one) for key, one in value.items()}
        return {key: one for key, one in pairs.items() if one is not NO_VALUE}

    def _function(self, name: str, argument: Any) -> Any:
        match name:
            case "Ref":
                return self._ref(argument)
            case "Condition" if isinstance(argument, str):
                return self.filled(self._template["Conditions"][argument])
            case "Condition":  # of a policy
                return {name: self.filled(argument)}
            case "Fn::GetAtt":
                return f"arn:aws:iam::{self._account}:role/{self.properties(argument[0])['RoleName']}"
            case "Fn::If":
                condition, then, otherwise = argument
                return self.filled(then if self.filled({"Condition": condition}) else otherwise)
            case "Fn::Sub":
                return self._sub(argument)
            case "Fn::Join":
                return argument[0].join(self.filled(argument[1]))
            case "Fn::Split":
                return self.filled(argument[1]).split(argument[0])
            case "Fn::Equals":
                return self.filled(argument[0]) == self.filled(argument[1])
            case "Fn::Not":
                return not self.filled(argument[0])
            case "Fn::And":
                return all(self.filled(one) for one in argument)
        raise ValueError(f"the templates use {name}, which nobody fills in here")

    def _ref(self, name: str) -> Any:
        if name == "AWS::NoValue":
            return NO_VALUE
        if name in self._template["Resources"]:
            return f"ref:{name}"
        return self._pseudo.get(name) or self._parameters[name]

    def _sub(self, argument: Any) -> str:
        text, more = argument if isinstance(argument, list) else (argument, {})
        own = {name: self.filled(one) for name, one in more.items()}

        def value(found: re.Match[str]) -> str:
            name = found[1]
            if name in own:
                return str(own[name])
            return str(self.filled({"Fn::GetAtt": name.split(".")} if "." in name else {"Ref": name}))

        return re.sub(r"\$\{([^}]+)\}", value, text)

    def _is_made(self, part: Mapping[str, Any]) -> bool:
        return "Condition" not in part or bool(self.filled({"Condition": part["Condition"]}))


def _parameter(name: str, declared: Mapping[str, Any], given: Mapping[str, str]) -> str | list[str]:
    value = given.get(name, declared.get("Default"))
    if value is None:
        raise ValueError(f"{name} has to be given")
    values = value.split(",") if declared["Type"] == "CommaDelimitedList" else [value]
    for one in values:
        if not re.search(declared.get("AllowedPattern", ""), one) or one not in declared.get("AllowedValues", [one]):
            raise ValueError(f"{name} is not {declared.get('ConstraintDescription', 'one of its values')}")
    return values if declared["Type"] == "CommaDelimitedList" else value
