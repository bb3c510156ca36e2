"""The commands by name."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from bot import __version__
from bot.cli import (
    alarm_post,
    alarms,
    audit,
    causes,
    demo,
    diagnose,
    doctor,
    feedback,
    fix,
    iam_policy,
    logs,
    manifest,
    mcp,
    replay,
    report,
    scan,
    serve,
)
from bot.cli.output import write

app: Final = typer.Typer(
    name="alb502",
    help="Says why an AWS load balancer answers 502, 503 or 504, and what to do about it.",
    epilog="Example: alb502 diagnose prod/checkout --since 2h",
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("diagnose", epilog=diagnose.EXAMPLE)(diagnose.diagnose)
app.command("scan", short_help="Show what is broken and what is at risk, worst first.", epilog=scan.EXAMPLE)(scan.scan)
app.command("logs", short_help="Show what the access logs say.", epilog=logs.EXAMPLE)(logs.logs)
app.command("replay", short_help="Diagnose again from a saved snapshot.", epilog=replay.EXAMPLE)(replay.replay)
app.command("report", short_help="Print a report that the bot has kept.", epilog=report.EXAMPLE)(report.report)
app.command("alarms", short_help="Show which recommended alarms there are.", epilog=alarms.EXAMPLE)(alarms.alarms)
app.command("alarm-post", short_help="Show what the bot understands of an alarm's post.", epilog=alarm_post.EXAMPLE)(
    alarm_post.alarm_post
)
app.command("fix", short_help="Make a change that a report offers.", epilog=fix.EXAMPLE)(fix.fix)
app.command("audit", short_help="Show who asked for, approved and made which change.", epilog=audit.EXAMPLE)(
    audit.audit
)
app.command("feedback", short_help="Show what people said of answers.", epilog=feedback.EXAMPLE)(feedback.feedback)
app.command("iam-policy", short_help="Print what a role has to be allowed.", epilog=iam_policy.EXAMPLE)(
    iam_policy.iam_policy
)
app.command("manifest", short_help="Print the manifest of the Slack app.", epilog=manifest.EXAMPLE)(manifest.manifest)
app.command("mcp", short_help="Serve AI assistants, read-only.", epilog=mcp.EXAMPLE)(mcp.mcp)
app.command("causes", short_help="Show which causes can be found.", epilog=causes.EXAMPLE)(causes.causes)
app.command("demo", short_help="Start a simulated AWS with an incident in it.", epilog=demo.EXAMPLE)(demo.demo)
app.command("doctor", short_help="Check everything that the bot needs.", epilog=doctor.EXAMPLE)(doctor.doctor)
app.command("serve", short_help="Run the bot.", epilog=serve.EXAMPLE)(serve.serve)

COMMANDS: Final = frozenset(command.name for command in app.registered_commands if command.name)


def _version(wanted: bool) -> None:
    if wanted:
        write(f"alb502 {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    _asked: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Options before the command."""
