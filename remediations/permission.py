"""What the settings allow: whether a plan may be carried out here and now, and who has to agree. Pure.

Nothing in the settings goes beyond `remediations.refusals`, which is judged beside this.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Final, Literal

from diagnostics.report import ReportTarget, Risk
from remediations.plan import Plan

if TYPE_CHECKING:
    from remediations.protection import Protection

Mode = Literal["off", "suggest", "approve"]
How = Literal["off", "commands", "review"]
Hand = Literal["bot", "caller"]
"""Whose identity writes: the bot's remediation role, or that of the person at the terminal."""

UNLISTED_RISKS: Final[frozenset[Risk]] = frozenset({"low", "medium"})
"""What `allow: null` allows."""


@dataclass(frozen=True, slots=True)
class People:
    """Slack user groups and users, by id."""

    groups: frozenset[str] = frozenset()
    users: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.groups or self.users)


@dataclass(frozen=True, slots=True)
class Rules:
    """What can differ from fix to fix. `allow` None: every fix of low and medium risk. No channels: every channel."""

    approvers: People = People()
    two_person: frozenset[Risk] = frozenset({"high"})
    allow: frozenset[str] | None = None
    channels: frozenset[str] = frozenset()


RuleName = Literal["approvers", "two_person", "allow", "channels"]


@dataclass(frozen=True, slots=True)
class Override:
    """Other rules for the plans that fit every selector that is given; only those in `gives` differ."""

    rules: Rules
    gives: frozenset[RuleName]
    account: str | None = None
    service: str | None = None
    fix: str | None = None
    risk: Risk | None = None


@dataclass(frozen=True, slots=True)
class Freeze:
    """No writes at all from `start` (included) to `end` (excluded)."""

    start: datetime
    end: datetime
    why: str


@dataclass(frozen=True, slots=True)
class AccountAccess:
    """An account of the settings and the role that may write there, if there is one."""

    id: str
    name: str
    remediate_role: str | None = None


@dataclass(frozen=True, slots=True)
class Named:
    """The service that a nickname of the settings stands for; None fits any."""

    service: str
    cluster: str | None = None
    account: str | None = None
    region: str | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """The section `remediations` of the settings, and of the accounts what concerns writing."""

    mode: Mode = "suggest"
    rules: Rules = Rules()
    deny: frozenset[str] = frozenset()
    overrides: tuple[Override, ...] = ()
    approval_ttl_s: int = 600
    protect: tuple[Protection, ...] = ()
    freezes: tuple[Freeze, ...] = ()
    accounts: tuple[AccountAccess, ...] = ()
    nicknames: Mapping[str, Named] = field(default_factory=dict)

    def account(self, account_id: str) -> AccountAccess | None:
        return next((account for account in self.accounts if account.id == account_id), None)


@dataclass(frozen=True, slots=True)
class Permission:
    """`how` a plan is shown: not at all, as commands, or for review. `why_not` is set where it is not allowed.

    Who approves it, and whether that must be somebody else than the person who asked for it.
    """

    allowed: bool
    how: How
    why_not: str | None = None
    approvers: People = People()
    two_person: bool = False


def permit(
    policy: Policy, plan: Plan, target: ReportTarget, *, now: datetime, channel: str | None = None, hand: Hand = "bot"
) -> Permission:
    """Whether the settings let this plan be carried out. `channel` None: where it would be approved is not known yet.

    With the caller's own identity there is no role, no channel and no approver to ask for; all else counts there, too.
    """
    if policy.mode == "off":
        return Permission(allowed=False, how="off", why_not="fixes are switched off: `remediations.mode` is off")
    rules = rules_for(policy, plan, target)
    why_not = next(_reasons(policy, rules, plan, target, now, channel, hand), None)
    return Permission(
        allowed=why_not is None,
        how="review" if why_not is None else "commands",
        why_not=why_not,
        approvers=rules.approvers,
        two_person=plan.risk in rules.two_person,
    )


def rules_for(policy: Policy, plan: Plan, target: ReportTarget) -> Rules:
    """The rules of the settings with what the overrides that fit say otherwise; the last that fits wins."""
    rules = policy.rules
    for override in policy.overrides:
        if _fits(override, policy, plan, target):
            rules = replace(rules, **{name: getattr(override.rules, name) for name in override.gives})
    return rules


def _fits(override: Override, policy: Policy, plan: Plan, target: ReportTarget) -> bool:
    access = policy.account(target.account)
    return (
        override.account in (None, access.name if access else target.account_name)
        and override.fix in (None, plan.fix)
        and override.risk in (None, plan.risk)
        and (override.service is None or _is_service(override.service, policy, target))
    )


def _stricter_elsewhere(policy: Policy, rules: Rules, plan: Plan, target: ReportTarget) -> str | None:
    """A service for which stricter rules were set than count here, where it is not known which services are meant:
    several stand behind a load balancer, and whoever asks about that is not to get around them."""
    if target.service is not None or target.function is not None:
        return None
    for override in policy.overrides:
        word = override.service
        if word is None or not _fits(replace(override, service=None), policy, plan, target):
            continue
        meant = policy.nicknames.get(word) or Named(service=word)
        is_here = meant.account in (None, target.account, target.account_name) and meant.region in (None, target.region)
        if is_here and _is_stricter(override, rules, plan):
            return word
    return None


def _is_stricter(override: Override, rules: Rules, plan: Plan) -> bool:
    """Whether somebody may do by the rules what they may not by the override, as far as this plan goes."""
    other, gives = override.rules, override.gives
    allowed = plan.fix in other.allow if other.allow is not None else plan.risk in UNLISTED_RISKS
    fewer = not (rules.approvers.groups <= other.approvers.groups and rules.approvers.users <= other.approvers.users)
    elsewhere = bool(other.channels) and not (rules.channels and rules.channels <= other.channels)
    return (
        ("allow" in gives and not allowed)
        or ("approvers" in gives and fewer)
        or ("two_person" in gives and plan.risk in other.two_person - rules.two_person)
        or ("channels" in gives and elsewhere)
    )


def _is_service(word: str, policy: Policy, target: ReportTarget) -> bool:
    """By nickname, by ``cluster/name`` or by name; a function by its name."""
    cluster, _, service = word.rpartition("/")
    meant = policy.nicknames.get(word) or Named(service=service, cluster=cluster or None)
    if target.service is None:
        return target.function is not None and _function_name(target.function) == word
    return (
        meant.service == target.service
        and meant.cluster in (None, target.cluster)
        and meant.account in (None, target.account, target.account_name)
        and meant.region in (None, target.region)
    )


def _function_name(function: str) -> str:
    parts = function.split(":")
    return parts[6] if function.startswith("arn:") and len(parts) > 6 else parts[0]


def _reasons(
    policy: Policy, rules: Rules, plan: Plan, target: ReportTarget, now: datetime, channel: str | None, hand: Hand
) -> Iterator[str]:
    """Why it is not allowed; the first is told."""
    if plan.fix in policy.deny:
        yield f"`remediations.deny` lists {plan.fix}"
    if rules.allow is not None and plan.fix not in rules.allow:
        yield f"`remediations.allow` does not list {plan.fix}"
    if rules.allow is None and plan.risk not in UNLISTED_RISKS:
        yield f"a fix of {plan.risk} risk has to be listed in `remediations.allow`"
    if (service := _stricter_elsewhere(policy, rules, plan, target)) is not None:
        yield f"`remediations.overrides` has rules for {service}, which may stand behind this: ask about it by its name"
    if hand == "caller" and plan.risk in rules.two_person:
        yield f"a fix of {plan.risk} risk needs a second person, who approves it in Slack"
    if hand == "bot":
        yield from _reasons_of_the_bot(policy, rules, target, channel)
    for freeze in policy.freezes:
        if freeze.start <= now < freeze.end:
            yield f"nothing is changed until {freeze.end:%Y-%m-%d %H:%M} UTC: {freeze.why}"
    if plan.not_now:
        yield plan.not_now


def _reasons_of_the_bot(policy: Policy, rules: Rules, target: ReportTarget, channel: str | None) -> Iterator[str]:
    if policy.mode == "suggest":
        yield "`remediations.mode` is suggest, so the commands are shown and nothing is carried out"
    access = policy.account(target.account)
    if access is None or access.remediate_role is None:
        name = (access.name if access else None) or target.account_name or target.account
        yield f"account {name} has no `remediate_role`"
    if not rules.approvers:
        yield "nobody may approve it: `remediations.approvers` is empty"
    if channel is not None and rules.channels and channel not in rules.channels:
        yield "it is not approved in this channel: `remediations.channels` lists others"
