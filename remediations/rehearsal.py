"""Whether the role that writes may do what its fixes take, found out without writing: IAM is asked what it would say.

The simulation counts the policies of the role, its permissions boundary and, where the account tells, those of the
organisation. https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from diagnostics.aws_access import Reader
from diagnostics.aws_access.refusals import PolicyKind
from diagnostics.facts.fact import Gap
from remediations.catalogue import catalogue
from remediations.policy import published_policy

SIMULATE: Final = "iam:SimulatePrincipalPolicy"
MADE_UP: Final = "alb502-doctor"
MAX_PAGES: Final = 10
_CONDITIONS: Final = ("StringEquals", "StringLike")


@dataclass(frozen=True, slots=True)
class Question:
    """Actions on ARNs that stand for every thing of their kind, with the condition keys that such a call has."""

    actions: tuple[str, ...]
    resources: tuple[str, ...]
    context: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Withheld:
    """An action that the role may not do. `explicit` and `policy`: as of a refusal."""

    action: str
    explicit: bool = False
    policy: PolicyKind | None = None


def questions(fixes: Collection[str], *, account: str, regions: Sequence[str], partition: str) -> tuple[Question, ...]:
    """What there is to ask about these fixes, in every region."""
    documents = [published_policy(fixes, account=account, region=one, partition=partition) for one in regions]
    merged: dict[tuple[tuple[str, ...], tuple[tuple[str, str], ...]], dict[str, None]] = {}
    for document in documents:
        for statement in document["Statement"]:
            if statement["Effect"] == "Allow":
                key = (_listed(statement["Action"]), tuple(_context(statement.get("Condition", {}))))
                merged.setdefault(key, {}).update(dict.fromkeys(map(_real, _listed(statement["Resource"]))))
    return tuple(Question(actions, tuple(arns), context) for (actions, context), arns in merged.items())


def simulate(reader: Reader, role_arn: str, asked: Iterable[Question]) -> tuple[Withheld, ...] | Gap:
    """The actions that the role may not do; the gap when IAM could not be asked."""
    withheld: dict[str, Withheld] = {}
    for question in asked:
        pages = reader.pages(
            "iam",
            "simulate_principal_policy",
            "EvaluationResults",
            max_pages=MAX_PAGES,
            resource=role_arn,
            PolicySourceArn=role_arn,
            ActionNames=list(question.actions),
            ResourceArns=list(question.resources),
            ContextEntries=[
                {"ContextKeyName": key, "ContextKeyValues": [value], "ContextKeyType": "string"}
                for key, value in question.context
            ],
        )
        if pages.gaps:
            return pages.gaps[0]
        for result in pages.items:
            for one in _withheld(result):
                if one.explicit or one.action not in withheld:
                    withheld[one.action] = one
    return tuple(withheld[action] for action in sorted(withheld))


def fixes_without(actions: Collection[str], among: Collection[str]) -> tuple[str, ...]:
    """The fixes that cannot be carried out without these actions."""
    return tuple(fix for fix, spec in catalogue().items() if fix in among and set(spec.calls) & set(actions))


def _withheld(result: Mapping[str, Any]) -> Iterator[Withheld]:
    action = str(result.get("EvalActionName", ""))
    for one in result.get("ResourceSpecificResults") or [result]:
        decision = str(one.get("EvalResourceDecision") or one.get("EvalDecision") or result.get("EvalDecision", ""))
        if decision != "allowed":
            yield Withheld(action, decision == "explicitDeny", _policy(one) or _policy(result))


def _policy(told: Mapping[str, Any]) -> PolicyKind | None:
    if told.get("OrganizationsDecisionDetail", {}).get("AllowedByOrganizations") is False:
        return "service control policy"
    if told.get("PermissionsBoundaryDecisionDetail", {}).get("AllowedByPermissionsBoundary") is False:
        return "permissions boundary"
    return None


def _context(conditions: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """A request that meets the conditions of the published policy."""
    for operator, keys in sorted(conditions.items()):
        if operator in _CONDITIONS:
            yield from ((key, _real(_listed(values)[0])) for key, values in sorted(keys.items()))


def _real(pattern: str) -> str:
    """``…:service/*`` as one thing of that kind."""
    return pattern.replace("*", MADE_UP)


def _listed(value: str | Sequence[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)
