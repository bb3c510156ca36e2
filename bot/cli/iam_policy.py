"""`alb502 iam-policy`: what the roles of this program have to be allowed, ready to paste."""

from __future__ import annotations

import json
import re
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from bot.cli import configured
from bot.cli.aws_roles import sizes
from bot.cli.aws_roles.hcl import Expression, attributes, hcl
from bot.cli.exits import BAD_USAGE, CommandError
from bot.cli.output import note, write
from diagnostics import printable

if TYPE_CHECKING:
    from diagnostics.aws_access.read_policy import AthenaReach

EXAMPLE: Final = "Example: alb502 iam-policy read --account prod --log-bucket shop-logs --format terraform"
MAX_SHOWN: Final = 60
_ACCOUNT_ID: Final = re.compile(r"[0-9]{12}", re.ASCII)
_BUCKET: Final = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](?:/[\w!.*'()/ -]{0,900})?", re.ASCII)
_LOGS_PLACE: Final = re.compile(rf"(?!.*/AWSLogs(/|$)){_BUCKET.pattern}", re.ASCII)
"""What AWS adds itself is no part of a prefix."""
_LOG_GROUP: Final = re.compile(r"[\w.#/-]{1,512}\*?", re.ASCII)
_KEY: Final = re.compile(r"arn:(?:aws|aws-cn|aws-us-gov):kms:[a-z0-9-]+:[0-9]{12}:key/[\w-]{1,128}", re.ASCII)
_ATHENA_NAME: Final = re.compile(r"[\w.-]{1,128}", re.ASCII)


class Role(StrEnum):
    """Whose policy: of the role that reads, or of the one that makes approved changes."""

    READ = "read"
    REMEDIATE = "remediate"


class Form(StrEnum):
    JSON = "json"
    TERRAFORM = "terraform"
    CLOUDFORMATION = "cloudformation"


class Partition(StrEnum):
    AWS = "aws"
    CHINA = "aws-cn"
    GOV_CLOUD = "aws-us-gov"


def iam_policy(
    role: Annotated[Role, typer.Argument(help="Whose policy: the role that reads, or the one that makes changes.")],
    account: Annotated[
        str | None,
        typer.Option("--account", metavar="ACCOUNT", help="Only this account: its id, or its name in the settings."),
    ] = None,
    form: Annotated[Form, typer.Option("--format", help="What to paste it into.")] = Form.JSON,
    log_bucket: Annotated[
        list[str] | None,
        typer.Option(
            "--log-bucket",
            metavar="BUCKET[/PREFIX]",
            help="Only the load balancers' logs in this bucket; may be repeated. Without it: in every bucket.",
        ),
    ] = None,
    log_group: Annotated[
        list[str] | None,
        typer.Option(
            "--log-group",
            metavar="NAME",
            help="Only this group of CloudWatch Logs, * at the end for all that begin so; may be repeated.",
        ),
    ] = None,
    kms_key: Annotated[
        list[str] | None,
        typer.Option("--kms-key", metavar="ARN", help="A key with which logs are encrypted; may be repeated."),
    ] = None,
    athena: Annotated[
        str | None,
        typer.Option(
            "--athena",
            metavar="WORKGROUP,DATABASE,BUCKET/PREFIX",
            help="For Athena, with the place of its results. Without it: as logs.athena in the settings says.",
        ),
    ] = None,
    partition: Annotated[Partition, typer.Option("--partition", help="Where the account is.")] = Partition.AWS,
) -> None:
    """Print the least that a role has to be allowed, derived from what the code calls, and what it is never to read."""
    account_id = _id_of(account) if account is not None else "*"
    if role is Role.REMEDIATE:
        if log_bucket or log_group or kms_key or athena:
            line = (
                "--log-bucket, --log-group, --kms-key and --athena are for the role that reads: alb502 iam-policy read"
            )
            raise CommandError(line, status=BAD_USAGE)
        from remediations.policy import published_policy

        document = published_policy(account=account_id, partition=partition)
    else:
        from diagnostics.aws_access.read_policy import reach, read_policy

        within = reach(
            account_id,
            partition,
            log_buckets=_checked(
                "--log-bucket", log_bucket or ["*"], _LOGS_PLACE, "bucket or bucket/prefix, without /AWSLogs"
            ),
            log_groups=_checked("--log-group", log_group or ["*"], _LOG_GROUP, "a log group's name, * at its end only"),
            kms_keys=_checked("--kms-key", kms_key or [], _KEY, "the ARN of a key (arn:aws:kms:…:key/…)"),
            athena=_athena(athena, account_id, partition),
        )
        document = read_policy(within)
    _print(document, f"alb502-{role}", form)


def _print(document: dict[str, Any], name: str, form: Form) -> None:
    try:
        parts = sizes.divided(document)
    except sizes.TooLargeError as large:
        line = f"{large}: give fewer buckets, log groups or keys, or log groups with * at their ends"
        raise CommandError(line, status=BAD_USAGE) from None
    if len(parts) > 1:
        size = f"the policy has {sizes.chars(document):,} characters and a managed policy may have {sizes.MAX_CHARS:,}"
        here = f"it is divided into {len(parts)}"
        note(f"{size}: {'--format terraform or cloudformation divides it' if form is Form.JSON else here}")
    if form is Form.JSON:
        write(json.dumps(document, indent=2))
        return
    names = [name] if len(parts) == 1 else [f"{name}-{number}" for number in range(1, len(parts) + 1)]
    named = dict(zip(names, parts, strict=True))
    write(_terraform(named) if form is Form.TERRAFORM else _cloudformation(named))


def _terraform(named: dict[str, dict[str, Any]]) -> str:
    return "\n\n".join(
        f'resource "aws_iam_policy" "{name.replace("-", "_")}" {{\n'
        f"{attributes({'name': name, 'policy': Expression(f'jsonencode({hcl(document, 1)})')})}\n}}"
        for name, document in named.items()
    )


def _cloudformation(named: dict[str, dict[str, Any]]) -> str:
    resources = {
        "".join(part.capitalize() for part in name.split("-")): {
            "Type": "AWS::IAM::ManagedPolicy",
            "Properties": {"ManagedPolicyName": name, "PolicyDocument": document},
        }
        for name, document in named.items()
    }
    return json.dumps({"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources}, indent=2)


def _athena(given: str | None, account: str, partition: str) -> AthenaReach | None:
    """As it is given, else as the settings say; None where nobody wants Athena."""
    from diagnostics.aws_access.read_policy import athena_reach

    if given is not None:
        parts = given.split(",")
        patterns = (_ATHENA_NAME, _ATHENA_NAME, _BUCKET)
        if len(parts) != len(patterns) or not all(map(re.Pattern.fullmatch, patterns, parts)):
            raise _unusable("--athena", given, "a work group, a database and bucket/prefix, with commas between them")
        workgroup, database, output = parts
        return athena_reach(workgroup, database, output, account, partition)
    wanted = configured.settings().logs.athena
    if wanted.workgroup is None or wanted.database is None:
        return None
    if wanted.output is None:
        line = "logs.athena.output is not set: --athena WORKGROUP,DATABASE,BUCKET/PREFIX says where results are written"
        raise CommandError(line, status=BAD_USAGE)
    return athena_reach(wanted.workgroup, wanted.database, wanted.output.removeprefix("s3://"), account, partition)


def _checked(option: str, values: list[str], pattern: re.Pattern[str], expected: str) -> list[str]:
    wrong = next((value for value in values if value != "*" and not pattern.fullmatch(value)), None)
    if wrong is not None:
        raise _unusable(option, wrong, expected)
    return values


def _unusable(option: str, value: str, expected: str) -> CommandError:
    return CommandError(f"{option} {printable.line(value, MAX_SHOWN)!r}: give {expected}", status=BAD_USAGE)


def _id_of(account: str) -> str:
    if _ACCOUNT_ID.fullmatch(account):
        return account
    known = {one.name: one.id for one in configured.settings().accounts}
    if account not in known:
        names = ", ".join(sorted(known)) or "none is configured"
        raise _unusable("--account", account, f"12 digits or a name of the settings ({names})")
    return known[account]
