"""The options that more than one command takes, in the same words everywhere."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.cli.formats import Format


def _own_where_none_is_set(region: str | None) -> str | None:
    """As for the AWS CLI, `--region` is enough where the environment and the profile name none."""
    if region:
        from diagnostics.aws_access.sessions import stand_in

        stand_in(region)
    return region


Target = Annotated[
    str, typer.Argument(metavar="TARGET", help="ECS service, load balancer, target group, URL or alarm: name or ARN.")
]
Account = Annotated[
    str | None, typer.Option("--account", metavar="ACCOUNT", help="Account, by its name in the settings or its id.")
]
Region = Annotated[
    str | None, typer.Option("--region", metavar="REGION", help="AWS region.", callback=_own_where_none_is_set)
]
Since = Annotated[
    str | None, typer.Option("--since", metavar="DURATION", help="How far to look back: 30m, 2h, 1d. Default 1h.")
]
Start = Annotated[
    str | None, typer.Option("--from", metavar="TIME", help="Look from this time, UTC: 03:12 or ISO 8601.")
]
End = Annotated[str | None, typer.Option("--to", metavar="TIME", help="Look until this time, UTC.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Form = Annotated[Format | None, typer.Option("--format", help="How to print the report.")]
JsonLines = Annotated[bool, typer.Option("--json", help="Print JSON lines with everything.")]
SinceKept = Annotated[str, typer.Option("--since", metavar="DURATION", help="How far to look back: 2h, 7d, 30d.")]
