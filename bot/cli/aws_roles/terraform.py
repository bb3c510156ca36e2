"""The generated part of the Terraform modules: the policies, of the same documents as the templates'."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from bot.cli.aws_roles import identities, sizes
from bot.cli.aws_roles.hcl import Expression, attributes, hcl, template
from bot.cli.aws_roles.variants import BUCKETS, GROUPS, KEYS, OBJECTS, Statement, When, parts, whole
from diagnostics.aws_access.read_policy import LOG_KEYS, read_trust_policy
from remediations.policy import published_policy, trust_policy

PARTITION: Final = "${local.partition}"
ACCOUNT: Final = "${local.account}"
_ONE_REFERENCE: Final = re.compile(r"\$\{([\w.]+)\}", re.ASCII)
_LISTS: Final = {
    BUCKETS: Expression("local.bucket_arns"),
    OBJECTS: Expression(f'[for bucket in local.bucket_arns : "${{bucket}}/{LOG_KEYS}"]'),
    GROUPS: Expression("local.log_group_arns"),
    KEYS: Expression("var.kms_key_arns"),
    "@readers": Expression("local.reader_arns"),
}
_CONDITIONS: Final[Mapping[When, str]] = {
    When.KEYS: "local.with_keys",
    When.NO_KEYS: "!local.with_keys",
    When.ATHENA: "local.with_athena",
    When.NO_ATHENA: "!local.with_athena",
    When.KEYS_AND_ATHENA: "local.with_keys && local.with_athena",
    When.KEYS_ALONE: "local.with_keys && !local.with_athena",
}


def member_policies() -> str:
    """What the roles of an account that is looked at may do, and who may assume them."""
    reach = whole(PARTITION, ACCOUNT, lambda name: f"${{local.athena.{name}}}")
    read = {name: _document(statements) for name, statements in parts(reach).items()}
    contents = read.pop("contents")
    remediate = sizes.divided(published_policy(account=ACCOUNT, partition=PARTITION))
    return _locals(
        {
            "read_policies": Expression(_mapping({**read, "contents": contents}, 1)),
            "remediate_policies": Expression(
                _mapping(
                    {f"changes{number}": _plain(part, 2) for number, part in enumerate(remediate, start=1)}
                    | {"contents": contents},
                    1,
                )
            ),
            "read_trust": Expression(_plain(read_trust_policy(["@readers"], "${var.external_id}"), 1)),
            "remediate_trust": Expression(_plain(trust_policy("${var.executor_arn}", "${var.external_id}"), 1)),
        }
    )


def bot_policies() -> str:
    """What the identities of the bot may do, and who gets them, by the platform."""
    read, remediate = (f"arn:{PARTITION}:iam::*:role/${{var.role_name_prefix}}-{one}" for one in ("read", "remediate"))
    found = {"worker": identities.worker(read), "executor": identities.executor(read, remediate)}
    limited = {
        name: identities.within_organisation(document, "${var.organization_id}") for name, document in found.items()
    }
    provider = f"arn:{PARTITION}:iam::{ACCOUNT}:oidc-provider/${{var.oidc_provider}}"
    names = {name: f"${{var.service_accounts.{name}}}" for name in found}
    trusts = {
        name: _mapping(
            {
                "pod-identity": _plain(identities.pod_identity_trust("${var.namespace}", account), 3),
                "irsa": _plain(identities.irsa_trust(provider, "${var.oidc_provider}", "${var.namespace}", account), 3),
                "ecs": _plain(identities.ecs_trust(ACCOUNT, PARTITION), 3),
            },
            2,
        )
        for name, account in names.items()
    }
    return _locals(
        {
            "policies": Expression(_mapping({name: _plain(one, 2) for name, one in found.items()}, 1)),
            "policies_within": Expression(_mapping({name: _plain(one, 2) for name, one in limited.items()}, 1)),
            "trusts": Expression(_mapping(trusts, 1)),
        }
    )


def _locals(values: Mapping[str, Any]) -> str:
    return f"locals {{\n{attributes(values)}\n}}\n"


def _mapping(values: Mapping[str, Any], depth: int) -> str:
    return hcl({name: Expression(value) for name, value in values.items()}, depth)


def _document(statements: Iterable[tuple[When, Statement]]) -> str:
    """A document at the depth of a mapping within `locals`, of statements that stand under conditions."""
    found = list(statements)
    if all(when is When.ALWAYS for when, _ in found):
        return _plain({"Version": "2012-10-17", "Statement": [statement for _, statement in found]}, 2)
    always = [_values(statement) for when, statement in found if when is When.ALWAYS]
    pieces = [hcl(always, 4)] if always else []
    for when, statement in found:
        if when is not When.ALWAYS:
            pieces.append(f"{_CONDITIONS[when]} ? {hcl([_values(statement)], 4)} : []")
    lines = "\n".join(f"        {piece}," for piece in pieces)
    document = {"Version": "2012-10-17", "Statement": Expression(f"concat(\n{lines}\n      )")}
    return f"jsonencode({hcl(document, 2)})"


def _plain(document: Any, depth: int) -> str:
    return f"jsonencode({hcl(_values(document), depth)})"


def _values(value: Any) -> Any:
    """The value with what Terraform fills in as expressions, and each placeholder as the list that it stands for."""
    match value:
        case str() if value in _LISTS:
            return _LISTS[value]
        case str():
            alone = _ONE_REFERENCE.fullmatch(value)
            return Expression(alone[1]) if alone else template(value) if "${" in value else value
        case Mapping():
            return {(template(key) if "${" in key else key): _values(one) for key, one in value.items()}
        case list() | tuple() if any(one in _LISTS for one in value if isinstance(one, str)):
            if len(value) == 1:
                return _LISTS[value[0]]
            rest = [_values(one) for one in value if one not in _LISTS]
            lists = ", ".join(str(_LISTS[one]) for one in value if one in _LISTS)
            return Expression(f"concat({lists}, {hcl(rest)})")
        case list() | tuple():
            return [_values(one) for one in value]
    return value
