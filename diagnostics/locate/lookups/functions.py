"""AWS Lambda functions, and the target groups that call them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from diagnostics.facts.lambda_targets import unqualified
from diagnostics.locate.search import Looked, Place, looked
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
        return looked(
            answer,
            lambda found: [
                SeenFunction(
                    where=place.where, arn=unqualified(str(found["FunctionArn"])), name=name, qualifier=qualifier
                )
            ],
        )

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
        return looked(answer, lambda found: ((group, target) for target in _functions(found)))

    return look


def _functions(answer: Mapping[str, Any]) -> Iterator[str]:
    for raw in answer["TargetHealthDescriptions"]:
        target = str((raw.get("Target") or {}).get("Id", ""))
        if ":function:" in target:
            yield target
