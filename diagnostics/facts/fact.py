"""What a fact is, and what stands in its place when it could not be read."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, TypeAlias, TypeVar

from pydantic import BaseModel, ConfigDict

GapKind = Literal["denied", "throttled", "timeout", "failed", "not-enabled", "expired", "not-read"]


class Frozen(BaseModel):
    """Plain immutable data with a JSON round trip."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Gap(Frozen):
    """Something that should have been read and was not.

    `action` is the IAM action in the form ``service:Operation``; `resource` is an ARN, an id or ``*``;
    `error` is AWS's error code or a short word of ours; `message` is bounded and holds no secret.
    """

    action: str
    resource: str
    error: str
    kind: GapKind = "failed"
    message: str = ""


class NotApplicable(Frozen):
    """A fact that this subject does not have, such as ECS tasks for a Lambda function."""

    reason: str


Unread = Gap | NotApplicable
"""What stands where a fact would."""


class Fact(Frozen):
    """Base of everything that is read from AWS. A subclass is registered under its `name` when it is defined.

    `gaps` lists the parts that could not be read while the rest could.
    """

    name: ClassVar[str] = ""
    registry: ClassVar[dict[str, type[Fact]]] = {}

    gaps: tuple[Gap, ...] = ()

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        if not cls.name or cls.name in Fact.registry:
            raise TypeError(f"{cls.__name__} needs a fact name of its own, has {cls.name!r}")
        Fact.registry[cls.name] = cls


F = TypeVar("F", bound=Fact)
Read: TypeAlias = F | Unread
"""What came of reading a fact: ``Read[Metrics]``."""


def known(found: Read[F]) -> F | None:
    """The fact, for whoever makes no difference between what was not read and what there is not."""
    return None if isinstance(found, Unread) else found
