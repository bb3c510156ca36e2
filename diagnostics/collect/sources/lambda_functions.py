"""The functions behind target groups of type lambda: all questions in one round, for the qualifier that is registered.

https://docs.aws.amazon.com/lambda/latest/dg/services-alb.html
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple

from diagnostics.aws_access import Pages
from diagnostics.collect.answers import distinct, gaps_of
from diagnostics.collect.collector import Later, Read, Reads, collector
from diagnostics.collect.sources.target_groups import own_groups
from diagnostics.facts import (
    FunctionAlias,
    FunctionConfiguration,
    Gap,
    InvokeStatement,
    LambdaTarget,
    LambdaTargets,
    NotApplicable,
    TargetGroups,
    TargetHealth,
    Unread,
)
from diagnostics.facts.lambda_targets import unqualified
from diagnostics.redaction import redact_prose, redact_text
from diagnostics.snapshot import Subject

MAX_FUNCTIONS = 5
"""Each costs up to six calls."""
MAX_STATEMENTS = 50
MAX_PATTERNS = 20
MAX_POLICY_CHARACTERS = 100_000
MAX_WORDS = 300
NOT_THERE = ("ResourceNotFoundException",)
NO_FUNCTION = NotApplicable(reason="no function is behind this target")
PRINCIPAL = "elasticloadbalancing.amazonaws.com"
INVOKES = frozenset({"*", "lambda:*", "lambda:invoke*", "lambda:invokefunction"})
_ARN_OPERATORS = frozenset({"arnlike", "arnequals", "stringequals", "stringlike"})
_ACCOUNT_OPERATORS = frozenset({"stringequals", "stringlike"})
Asked = Literal["configuration", "concurrency", "policy", "function-policy", "alias", "account"]


class Registered(NamedTuple):
    """A target group and the ARN of the function that is its target."""

    target_group: str
    arn: str


@collector(cached=True)
def lambda_targets(
    subject: Subject, groups: TargetGroups | Unread, health: Later[TargetHealth]
) -> Reads[LambdaTargets]:
    """https://docs.aws.amazon.com/lambda/latest/api/API_GetFunctionConfiguration.html and its neighbours"""
    own = own_lambda_groups(subject, groups)
    if isinstance(own, Gap):
        return own
    if not own:
        return NO_FUNCTION
    yield health
    found = registered_in(own, health.outcome)[:MAX_FUNCTIONS]
    if not found and isinstance(health.outcome, Gap):
        known = subject.function if len(own) == 1 and (subject.function or "").startswith("arn:") else None
        if known is None:
            return health.outcome
        found = (Registered(own[0], known),)
    if not found:
        return LambdaTargets(items=())
    asked: list[tuple[str, Asked, Read]] = [("", "account", Read("lambda", "get_account_settings", "AccountLimit"))]
    for arn in distinct(one.arn for one in found):
        asked += [(arn, what, read) for what, read in _questions(arn)]
    answers = yield [read for _, _, read in asked]
    by_question = {(arn, what): answer for (arn, what, _), answer in zip(asked, answers, strict=True)}
    limits = by_question["", "account"].items
    return LambdaTargets(
        items=tuple(_target(one, by_question) for one in found),
        account_limit=limits[0].get("ConcurrentExecutions") if limits else None,
        unreserved_limit=limits[0].get("UnreservedConcurrentExecutions") if limits else None,
        gaps=gaps_of(answers),
    )


def own_lambda_groups(subject: Subject, groups: TargetGroups | Unread) -> tuple[str, ...] | Gap:
    """The subject's target groups of type lambda; a gap when they could not be told apart."""
    own = own_groups(subject, groups)
    if isinstance(own, Gap):
        return own
    if isinstance(own, NotApplicable):
        return ()
    if isinstance(groups, Gap):
        return own if subject.kind == "lambda" or subject.function else () if subject.service else groups
    known = groups.items if isinstance(groups, TargetGroups) else ()
    of_lambda = {group.arn for group in known if group.target_type == "lambda"}
    return tuple(arn for arn in own if arn in of_lambda)


def registered_in(groups: Iterable[str], health: TargetHealth | Unread) -> tuple[Registered, ...]:
    """What is registered with these groups, for as far as it is a function."""
    if not isinstance(health, TargetHealth):
        return ()
    return tuple(
        Registered(arn, target.id)
        for arn in groups
        for target in health.by_group.get(arn, ())
        if ":function:" in target.id
    )


def qualifier_of(arn: str) -> str | None:
    parts = arn.split(":")
    return parts[7] if len(parts) > 7 and parts[7] else None


def _questions(arn: str) -> Iterator[tuple[Asked, Read]]:
    function, qualifier = unqualified(arn), qualifier_of(arn)
    own = {"FunctionName": function} | ({"Qualifier": qualifier} if qualifier else {})
    yield "configuration", _read("get_function_configuration", "", own, arn)
    yield "concurrency", _read("get_function_concurrency", "", {"FunctionName": function}, function)
    yield "policy", _read("get_policy", "Policy", own, arn)
    if qualifier:
        yield "function-policy", _read("get_policy", "Policy", {"FunctionName": function}, function)
    if qualifier and not qualifier.isdigit() and qualifier != "$LATEST":
        yield "alias", _read("get_alias", "", {"FunctionName": function, "Name": qualifier}, arn)


def _read(operation: str, key: str, params: Mapping[str, str], resource: str) -> Read:
    return Read("lambda", operation, key, params, resource=resource, missing=NOT_THERE)


def _target(one: Registered, answers: Mapping[tuple[str, Asked], Pages]) -> LambdaTarget:
    def answer(what: Asked) -> Pages:
        return answers.get((one.arn, what), Pages())

    qualifier = qualifier_of(one.arn)
    target_exists, function_exists = _is_there(answer("configuration")), _is_there(answer("concurrency"))
    concurrency, alias = answer("concurrency").items, answer("alias").items
    return LambdaTarget(
        target_group=one.target_group,
        target=one.arn,
        qualifier=qualifier,
        target_exists=target_exists,
        function_exists=True if target_exists else target_exists if qualifier is None else function_exists,
        configuration=next(map(_configuration, answer("configuration").items), None),
        alias=_alias(alias[0]) if alias else None,
        alias_exists=_is_there(answer("alias")),
        reserved_concurrency=concurrency[0].get("ReservedConcurrentExecutions") if concurrency else None,
        reserved_read=bool(concurrency),
        policy=_policy(answer("policy"), exists=target_exists),
        function_policy=_policy(answer("function-policy"), exists=function_exists),
    )


def _is_there(answer: Pages) -> bool | None:
    """None when it was not asked for or not answered."""
    if answer.missing is not None:
        return False
    return True if answer.items else None


def _configuration(raw: Mapping[str, Any]) -> FunctionConfiguration:
    """Everything but the environment, the role and the code."""
    modified = raw.get("LastModified")
    return FunctionConfiguration(
        version=str(raw.get("Version", "$LATEST")),
        timeout_s=raw["Timeout"],
        memory_mib=raw["MemorySize"],
        state=raw.get("State"),
        state_reason=redact_prose(str(raw.get("StateReason") or ""), MAX_WORDS),
        state_reason_code=raw.get("StateReasonCode"),
        last_update=raw.get("LastUpdateStatus"),
        last_update_reason=redact_prose(str(raw.get("LastUpdateStatusReason") or ""), MAX_WORDS),
        last_update_reason_code=raw.get("LastUpdateStatusReasonCode"),
        runtime=raw.get("Runtime"),
        package_type=raw.get("PackageType"),
        in_vpc=bool((raw.get("VpcConfig") or {}).get("SubnetIds")),
        log_group=(raw.get("LoggingConfig") or {}).get("LogGroup"),
        last_modified=_time(modified) if isinstance(modified, str) else None,
    )


def _time(text: str) -> datetime | None:
    """``2026-11-21T03:10:42.000+0000``"""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _alias(raw: Mapping[str, Any]) -> FunctionAlias:
    weights = (raw.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
    return FunctionAlias(name=raw["Name"], version=raw["FunctionVersion"], weights=dict(weights))


def _policy(answer: Pages, *, exists: bool | None) -> tuple[InvokeStatement, ...] | None:
    """None when it was not read. A function without a policy is answered like one that does not exist."""
    if answer.missing is not None:
        return () if exists else None
    if not answer.items:
        return None
    text = answer.items[0]
    try:
        document = json.loads(text) if len(text) <= MAX_POLICY_CHARACTERS else {}
    except (ValueError, RecursionError):
        return None
    statements = document.get("Statement") if isinstance(document, dict) else None
    if not isinstance(statements, list):
        return None
    return tuple(_statement(raw) for raw in statements[:MAX_STATEMENTS] if isinstance(raw, dict) and _concerns(raw))


def _concerns(raw: Mapping[str, Any]) -> bool:
    """Whether it speaks to load balancers about invoking."""
    principal = raw.get("Principal")
    whom = _texts(principal)
    if isinstance(principal, Mapping):
        whom = (*_texts(principal.get("Service")), *_texts(principal.get("AWS")))
    actions = {action.lower() for action in _texts(raw.get("Action"))}
    return bool(INVOKES & actions) and any(one in {"*", PRINCIPAL} for one in whom)


def _statement(raw: Mapping[str, Any]) -> InvokeStatement:
    arns: list[str] = []
    accounts: list[str] = []
    unread: list[str] = []
    conditions = raw.get("Condition")
    for operator, keys in conditions.items() if isinstance(conditions, Mapping) else ():
        for key, values in keys.items() if isinstance(keys, Mapping) else ():
            if key.lower() == "aws:sourcearn" and operator.lower() in _ARN_OPERATORS:
                arns += _texts(values)
            elif key.lower() == "aws:sourceaccount" and operator.lower() in _ACCOUNT_OPERATORS:
                accounts += _texts(values)
            else:
                unread.append(redact_text(f"{operator} {key}", MAX_WORDS))
    return InvokeStatement(
        sid=redact_text(str(raw.get("Sid", "")), MAX_WORDS),
        allows=raw.get("Effect") == "Allow",
        source_arns=tuple(arns[:MAX_PATTERNS]),
        source_accounts=tuple(accounts[:MAX_PATTERNS]),
        conditions_unread=tuple(unread[:MAX_PATTERNS]),
    )


def _texts(value: Any) -> Sequence[str]:
    if isinstance(value, str):
        return (value,)
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()
