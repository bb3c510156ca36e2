"""`alb502 iam-policy`: what the roles of this program have to be allowed, ready to paste."""

from __future__ import annotations

import json
import re
from enum import StrEnum
from typing import Annotated, Any, Final

import typer

from bot.cli import configured
from bot.cli.exits import BAD_USAGE, CommandError
from bot.cli.output import write
from diagnostics import printable

EXAMPLE: Final = "Example: alb502 iam-policy remediate --account prod --format terraform"
MAX_SHOWN: Final = 60
_ACCOUNT_ID: Final = re.compile(r"[0-9]{12}", re.ASCII)


class Role(StrEnum):
    """Whose policy: of the role that reads, or of the one that makes approved changes."""

    READ = "read"
    REMEDIATE = "remediate"


class Form(StrEnum):
    JSON = "json"
    TERRAFORM = "terraform"
    CLOUDFORMATION = "cloudformation"


def iam_policy(
    role: Annotated[Role, typer.Argument(help="Whose policy: the role that reads, or the one that makes changes.")],
    account: Annotated[
        str | None,
        typer.Option("--account", metavar="ACCOUNT", help="Only this account: its id, or its name in the settings."),
    ] = None,
    form: Annotated[Form, typer.Option("--format", help="What to paste it into.")] = Form.JSON,
) -> None:
    """Print the least that a role has to be allowed, derived from what the code calls."""
    write(_formed(_document(role, account), f"alb502-{role}", form))


def _document(role: Role, account: str | None) -> dict[str, Any]:
    """Raises `CommandError` for an account that nobody configured. Actions that read take no narrower resource."""
    account_id = _id_of(account) if account is not None else "*"
    if role is Role.READ:
        from diagnostics.aws_access.read_policy import read_policy

        return read_policy()
    from remediations.policy import published_policy

    return published_policy(account=account_id)


def _id_of(account: str) -> str:
    if _ACCOUNT_ID.fullmatch(account):
        return account
    known = {one.name: one.id for one in configured.settings().accounts}
    if account not in known:
        names = ", ".join(sorted(known)) or "none is configured"
        shown = printable.line(account, MAX_SHOWN)
        raise CommandError(f"--account {shown!r}: give 12 digits or a name of the settings ({names})", status=BAD_USAGE)
    return known[account]


def _formed(document: dict[str, Any], name: str, form: Form) -> str:
    text = json.dumps(document, indent=2)
    match form:
        case Form.JSON:
            return text
        case Form.TERRAFORM:
            resource = name.replace("-", "_")
            head = f'resource "aws_iam_policy" "{resource}" {{\n  name   = "{name}"\n  policy = <<-JSON'
            return f"{head}\n{text}\n  JSON\n}}"
        case Form.CLOUDFORMATION:
            logical = "".join(part.capitalize() for part in name.split("-"))
            properties = {"ManagedPolicyName": name, "PolicyDocument": document}
            resource_of = {logical: {"Type": "AWS::IAM::ManagedPolicy", "Properties": properties}}
            return json.dumps({"AWSTemplateFormatVersion": "2010-09-09", "Resources": resource_of}, indent=2)
