"""What the settings leave undone. Whether they can be read at all was found out before. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import Final

from bot.doctor.finding import Finding, Paste, Role
from bot.settings import Settings
from diagnostics.printable import counted

SETTINGS: Final = "the settings"

_problem = partial(Finding, status="problem", area="settings")
_less = partial(Finding, status="less", area="settings")
_well = partial(Finding, status="well", area="settings")


def findings(settings: Settings, role: Role | None, lacking: Sequence[str], now: datetime) -> Iterator[Finding]:
    """`lacking`: what this role cannot start without, one line each."""
    for line in lacking:
        yield _problem(id="setting-missing", says=line)
    if not lacking:
        accounts = counted(len(settings.accounts), "account") if settings.accounts else "the process's own account"
        yield _well(id="settings", says=f"settings: {accounts}, fixes in mode {settings.remediations.mode}")
    if role == "worker" and settings.remediations.approval_key is not None:
        yield _less(
            id="approval-key-in-worker",
            where="remediations.approval_key",
            says="The worker has the key that seals approvals and needs none: whoever takes it over could approve",
            to_do="give remediations.approval_key (or approval_key_file) to web and executor only",
        )
    yield from _topics(settings)
    if settings.remediations.mode == "approve":
        yield from _approving(settings, now)


def _topics(settings: Settings) -> Iterator[Finding]:
    known = {account.id for account in settings.accounts}
    for topic in settings.alarms.sns_topics:
        account = topic.split(":")[4]
        if known and account not in known:
            yield _problem(
                id="topic-of-unknown-account",
                where="alarms.sns_topics",
                says=f"Alarms of topic {topic} are not answered: account {account} is not in `accounts`",
                to_do=f"add account {account} to `accounts`, or take the topic out of alarms.sns_topics",
            )


def _approving(settings: Settings, now: datetime) -> Iterator[Finding]:
    fixes = settings.remediations
    people = [fixes.approvers, *(one.approvers for one in fixes.overrides if one.approvers is not None)]
    if not any(one.groups or one.users for one in people):
        yield _problem(
            id="approvers-empty",
            where="remediations.approvers",
            says="Nobody may approve a fix: remediations.mode is approve and remediations.approvers is empty",
            to_do="name a user group or people by their Slack ids, or set remediations.mode to suggest",
            paste=(Paste(into=SETTINGS, text="remediations:\n  approvers: {groups: [S0123ABCD], users: []}"),),
        )
    if fixes.allow == () and not any(one.allow for one in fixes.overrides):
        yield _problem(
            id="no-fix-allowed",
            where="remediations.allow",
            says="No fix can be approved: remediations.allow is an empty list",
            to_do="list the ids of fixes (`docs/fixes`), or take the line out to allow those of low and medium risk",
        )
    yield from _roles(settings)
    for index, freeze in enumerate(fixes.freeze):
        if freeze.start <= now < freeze.end:
            yield _less(
                id="frozen",
                where=f"remediations.freeze[{index}]",
                says=f"Nothing is changed until {freeze.end:%Y-%m-%d %H:%M} UTC: {freeze.why}",
            )


def _roles(settings: Settings) -> Iterator[Finding]:
    without = [(index, one) for index, one in enumerate(settings.accounts) if one.remediate_role is None]
    if settings.accounts and not without:
        return
    everywhere = len(without) == len(settings.accounts)
    names = ", ".join(one.name for _, one in without) or "any account"
    finding = _problem if everywhere else _less
    yield finding(
        id="remediate-role-missing",
        where=", ".join(f"accounts[{index}].remediate_role" for index, _ in without) or "accounts",
        says=f"Fixes are shown as commands only in {names}: there is no remediate_role",
        to_do="`alb502 iam-policy remediate` prints what such a role is allowed; or set remediations.mode to suggest",
    )
