"""Small questions that collectors ask of their answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from diagnostics.aws_access import Pages
from diagnostics.aws_access.failures import TOO_MANY_PAGES
from diagnostics.facts.fact import Gap

T = TypeVar("T")


def items_of(answers: Iterable[Pages]) -> list[Any]:
    return [item for answer in answers for item in answer.items]


def gaps_of(answers: Iterable[Pages]) -> tuple[Gap, ...]:
    """Each gap once: the same denied action on three resources stays three, on ``*`` it is one."""
    return each_once(gap for answer in answers for gap in answer.gaps)


def failures_of(answers: Iterable[Pages]) -> tuple[Gap, ...]:
    """The same without those that only say that there are further pages."""
    return tuple(gap for gap in gaps_of(answers) if gap.error != TOO_MANY_PAGES)


def each_once(gaps: Iterable[Gap]) -> tuple[Gap, ...]:
    return tuple({(gap.action, gap.resource, gap.error): gap for gap in gaps}.values())


def nothing_read(answers: Sequence[Pages]) -> Gap | None:
    """The gap to return when every one of the calls failed."""
    failures = [answer.failed for answer in answers]
    return failures[0] if failures and all(failures) else None


def batches(values: Iterable[T], size: int) -> Iterator[list[T]]:
    listed = list(values)
    for start in range(0, len(listed), size):
        yield listed[start : start + size]


def distinct(values: Iterable[T | None]) -> tuple[T, ...]:
    """Values that are there, each once, in their order."""
    return tuple(dict.fromkeys(value for value in values if value))


def is_instance(target: str) -> bool:
    """Whether a target is an EC2 instance."""
    return target.startswith("i-")


def attributes_of(items: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """AWS's lists of ``{"Key": …, "Value": …}`` as one dictionary."""
    return {str(item["Key"]): str(item.get("Value", "")) for item in items}
