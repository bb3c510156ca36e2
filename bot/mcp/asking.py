"""What an assistant may ask, and how: the arguments of each tool."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from bot.cli import when
from diagnostics import printable
from diagnostics.bounds import MAX_WORDS
from diagnostics.question import Question

MAX_NAME: Final = 200
MAX_CODE: Final = 80
MAX_DURATION: Final = 20
MAX_PROBLEMS: Final = 3
MAX_PROBLEM: Final = 200

Asked = TypeVar("Asked", bound="Arguments")


class BadArgumentsError(Exception):
    """The arguments of a call are wrong. The message is one line that names them."""


def _duration(text: str) -> str:
    try:
        when.duration_s(text)
    except ValueError as error:
        raise PydanticCustomError("duration", "{why}", {"why": str(error)}) from None
    return text


Target = Annotated[
    str,
    Field(
        min_length=1,
        max_length=MAX_WORDS,
        description="ECS service, load balancer, target group, Lambda function, URL or CloudWatch alarm: name or ARN.",
    ),
]
Account = Annotated[
    str | None, Field(max_length=MAX_NAME, description="AWS account, by its name in the settings or its 12 digits.")
]
Region = Annotated[str | None, Field(max_length=MAX_NAME, description="AWS region, such as us-east-1.")]
Since = Annotated[
    Annotated[str, AfterValidator(_duration)] | None,
    Field(max_length=MAX_DURATION, description="How far to look back: 30m, 2h, 1d. The last hour without it."),
]


class Arguments(BaseModel):
    """The arguments of one call; what is not known is an error, so that no wish is ignored in silence."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Diagnose(Arguments):
    target: Target
    account: Account = None
    region: Region = None
    since: Since = None
    seen: Annotated[int | None, Field(ge=400, le=599, description="The HTTP error code that users report.")] = None


class Explain(Arguments):
    code: Annotated[
        str, Field(min_length=1, max_length=MAX_CODE, description="A cause's code, such as sg-ingress-missing.")
    ]


class Timeline(Arguments):
    report_id: Annotated[
        str | None,
        Field(pattern=r"^r-[0-9a-z]{1,64}$", description="A report's id, such as r-0123456789ab. Reads nothing anew."),
    ] = None
    target: Annotated[Target | None, Field(description="Instead of report_id: what to diagnose for it.")] = None
    account: Account = None
    region: Region = None
    since: Since = None

    @model_validator(mode="before")
    @classmethod
    def _one_of_both(cls, data: Any) -> Any:
        if isinstance(data, dict) and (data.get("report_id") is None) == (data.get("target") is None):
            raise PydanticCustomError("one_of_both", "give either report_id or target")
        return data


def read(kind: type[Asked], arguments: Mapping[str, Any] | None) -> Asked:
    """Raises `BadArgumentsError`."""
    try:
        return kind.model_validate(dict(arguments or {}))
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        problems = [_in_words(one["loc"], one["msg"]) for one in found[:MAX_PROBLEMS]]
        raise BadArgumentsError("; ".join(problems)) from None


def question(asked: Diagnose | Timeline) -> Question:
    """What the engine is asked. Raises `BadArgumentsError` for a target of which nothing can be seen."""
    words = (asked.target or "").strip()
    if not printable.line(words, MAX_WORDS):
        raise BadArgumentsError("target: give a name, such as checkout or prod/checkout")
    return Question(
        words=words,
        account=asked.account,
        region=asked.region,
        since_s=when.duration_s(asked.since) if asked.since else None,
        seen=asked.seen if isinstance(asked, Diagnose) else None,
    )


def _in_words(place: tuple[int | str, ...], problem: str) -> str:
    name = printable.line(str(place[0]), MAX_CODE) if place else ""
    said = printable.line(problem, MAX_PROBLEM)
    return f"{name}: {said}" if name else said
