"""AWS Lambda functions, and the target groups that call them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from diagnostics.aws_access import Missing
from diagnostics.facts.fact import Gap
from diagnostics.locate.search import Looked, Place
from diagnostics.locate.seen import SeenFunction, SeenTargetGroup

_NO_FUNCTION: Final = ("ResourceNotFoundException",)
_NO_TARGET_GROUP: Final = ("TargetGroupNotFound", "TargetGroupNotFoundException")


def function_named(name: str, qualifier: str | None = None) -> Callable[[Place], Looked[SeenFunction]]:
    """Source: https://docs.aws.amazon.com/lambda/latest/api/API_GetFunctionConfiguration.html"""

    def look(place: Place) -> Looked[SeenFunction]:
        answer = place.reader.find(
            "lambda",
            "get_function_configuration",
            missing=_NO_FUNCTION,
            resource=f"function {name}",
            expects=("FunctionArn",),
            FunctionName=name,
            **({"Qualifier": qualifier} if qualifier else {}),
        )
        if isinstance(answer, Missing):
            return Looked()
        if isinstance(answer, Gap):
            return Looked(gaps=(answer,))
        unqualified = ":".join(str(answer["FunctionArn"]).split(":")[:7])
        return Looked((SeenFunction(where=place.where, arn=unqualified, name=name, qualifier=qualifier),))

    return look


def function_behind(group: SeenTargetGroup) -> Callable[[Place], Looked[tuple[SeenTargetGroup, str]]]:
    """The group with the ARN of each function that is its target; a function's group has one at most.

    Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html
    """

    def look(place: Place) -> Looked[tuple[SeenTargetGroup, str]]:
        answer = place.reader.find(
            "elbv2",
            "describe_target_health",
            missing=_NO_TARGET_GROUP,
            resource=group.arn,
            expects=("TargetHealthDescriptions",),
            TargetGroupArn=group.arn,
        )
        if isinstance(answer, Missing):
            return Looked()
        if isinstance(answer, Gap):
            return Looked(gaps=(answer,))
        targets = (str((raw.get("Target") or {}).get("Id", "")) for raw in answer["TargetHealthDescriptions"])
        return Looked(tuple((group, target) for target in targets if ":function:" in target))

    return look
