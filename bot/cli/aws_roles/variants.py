"""The read policy with everything that whoever deploys it may leave out: which statement stands when.

A template is filled in by somebody else's program, so the choices of `read_policy` become its conditions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from enum import StrEnum
from typing import Any, Final

from diagnostics.aws_access.read_policy import (
    NEVER_CONTENTS,
    STATEMENTS,
    AthenaReach,
    ReadReach,
    glue_tables,
    read_policy,
)

Statement = dict[str, Any]
BUCKETS, OBJECTS, GROUPS, KEYS = "@buckets", "@objects", "@groups", "@keys"
"""What stands for several values."""
Choice = tuple[bool, bool]
"""Whether there are KMS keys, and whether there is Athena."""


class When(StrEnum):
    """The condition under which a statement stands there, as the templates name it."""

    ALWAYS = "Always"
    KEYS = "WithKeys"
    NO_KEYS = "WithoutKeys"
    ATHENA = "WithAthena"
    NO_ATHENA = "WithoutAthena"
    KEYS_AND_ATHENA = "WithKeysAndAthena"
    KEYS_ALONE = "WithKeysAlone"


_ALL: Final[tuple[Choice, ...]] = ((True, True), (True, False), (False, True), (False, False))
_WHEN: Final[dict[frozenset[Choice], When]] = {
    frozenset(_ALL): When.ALWAYS,
    frozenset(_ALL[:2]): When.KEYS,
    frozenset(_ALL[2:]): When.NO_KEYS,
    frozenset(_ALL[::2]): When.ATHENA,
    frozenset(_ALL[1::2]): When.NO_ATHENA,
    frozenset(_ALL[:1]): When.KEYS_AND_ATHENA,
    frozenset(_ALL[1:2]): When.KEYS_ALONE,
}


def whole(partition: str, account: str, athena: Callable[[str], str]) -> ReadReach:
    """Everything that may be chosen, with placeholders for lists. `athena`: what stands for one of its names."""
    bucket = f"arn:{partition}:s3:::{athena('bucket')}"
    return ReadReach(
        buckets=(BUCKETS,),
        objects=(OBJECTS,),
        groups=(GROUPS,),
        keys=(KEYS,),
        athena=AthenaReach(
            workgroup=f"arn:{partition}:athena:*:{account}:workgroup/{athena('workgroup')}",
            glue=glue_tables(f"arn:{partition}:glue:*:{account}", athena("database")),
            bucket=bucket,
            results=f"{bucket}/{athena('prefix')}*",
        ),
    )


def parts(whole: ReadReach) -> dict[str, list[tuple[When, Statement]]]:
    """The statements by the policy that they go into: each stays well below what one may have. `contents` is for every
    role of this program."""
    found: dict[str, list[tuple[When, Statement]]] = {"describe": [], "logs": [], "limits": [], "contents": []}
    for when, statement in _statements(lambda keys, athena: read_policy(_with(whole, keys, athena))):
        found[_part(statement)].append((when, statement))
    return found


def _part(statement: Statement) -> str:
    if statement["Sid"] == NEVER_CONTENTS:
        return "contents"
    if statement["Effect"] == "Deny":
        return "limits"
    return "describe" if statement["Sid"] in list(STATEMENTS)[:2] else "logs"


def _with(whole: ReadReach, keys: bool, athena: bool) -> ReadReach:
    return replace(whole, keys=whole.keys if keys else (), athena=whole.athena if athena else None)


def _statements(document: Callable[[bool, bool], Statement]) -> Iterator[tuple[When, Statement]]:
    by_choice = {choice: {one["Sid"]: one for one in document(*choice)["Statement"]} for choice in _ALL}
    for name in dict.fromkeys(name for named in by_choice.values() for name in named):
        forms: list[Statement] = []
        for named in by_choice.values():
            if name in named and named[name] not in forms:
                forms.append(named[name])
        for form in forms:
            yield _WHEN[frozenset(choice for choice in _ALL if by_choice[choice].get(name) == form)], form
