"""What AWS's answers mean for people, and the statement that mends each. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Final

from bot.doctor.aws_denials import MAX_NAMED, a, denials
from bot.doctor.aws_look import AccountLook, AwsLook, is_no_region
from bot.doctor.aws_silence import silences, silent
from bot.doctor.aws_statements import for_caller, principal_of, trusting
from bot.doctor.finding import Finding, Paste
from bot.settings import Settings
from diagnostics.aws_access import Account, explain
from diagnostics.aws_access.failures import OUT_OF_TIME
from diagnostics.aws_access.refusals import PolicyKind, refusal_in
from diagnostics.facts.fact import Gap
from diagnostics.permissions.probing import TOO_LATE, Identity, RegionProbed
from diagnostics.printable import first_few

CLOCK_S: Final = 12.0
"""Workers judge by their clocks whether another one is dead."""
ASSUME: Final = "sts:AssumeRole"
_ROLE_OF: Final = re.compile(r"as (arn:\S+): ")

_problem = partial(Finding, status="problem", area="aws")
_less = partial(Finding, status="less", area="aws")
_unchecked = partial(Finding, status="unchecked", area="aws")
_well = partial(Finding, status="well", area="aws")


def findings(look: AwsLook, settings: Settings) -> Iterator[Finding]:
    """Whatever stops everything is said once."""
    if isinstance(look.own, Gap):
        yield _problem(id="aws-credentials", says=f"Nothing in AWS can be read. {explain(look.own)}")
        return
    yield from _clock(look.own)
    if not any(one.account.read_role for one in look.accounts):
        yield _well(id="aws-credentials", says=f"AWS: the credentials are those of {look.own.arn}")
    for one in look.accounts:
        yield from _account(one, look.own, settings)


def _clock(own: Identity) -> Iterator[Finding]:
    ahead_s = own.clock_s or 0.0
    if abs(ahead_s) > CLOCK_S:
        which = "fast" if ahead_s > 0 else "slow"
        yield _less(
            id="clock",
            says=f"The clock of this machine is {abs(ahead_s):.0f} s {which}: work is taken from processes that live, "
            "and from 5 minutes on AWS refuses what it signs",
            to_do="run a time service, for example chrony",
        )


def _account(look: AccountLook, own: Identity, settings: Settings) -> Iterator[Finding]:
    account, label = look.account, look.label
    if isinstance(look.identity, Gap) and not look.regions:
        yield _not_entered(look, look.identity, own)
        return
    if isinstance(look.identity, Identity) and look.identity.account != account.id:
        yield _problem(
            id="account-id",
            where=label,
            says=f"Nothing of {label} is read: its credentials belong to account {look.identity.account}",
            to_do=f"correct the id of account {account.name} in `accounts`, or give it a read_role",
        )
        return
    for region in look.regions:
        if region.stopped_by is not None:
            yield _no_region(look, region, region.stopped_by, settings)
    there = [region for region in look.regions if region.stopped_by is None]
    yield from denials(look, label, there, settings.logs.athena)
    yield from silences(label, there)
    yield from _unknown(label, there)
    yield from _without_plan(label, there)
    if there:
        where = ", ".join(one.region for one in there)
        yield _well(id="aws-actions", says=f"AWS: {label} answers {_answered(there)} in {where}")


def _answered(regions: Sequence[RegionProbed]) -> str:
    """Of what was found out, in the region where it is the least."""
    permitted, denied = min(
        (sum(one.status == "permitted" for one in region.actions), len(region.denied())) for region in regions
    )
    of_all = f" of {permitted + denied}" if denied else ""
    return f"{permitted}{of_all} {'action' if permitted + denied == 1 else 'actions'}"


def _not_entered(look: AccountLook, gap: Gap, own: Identity) -> Finding:
    """The account cannot be read at all."""
    role, label = look.account.read_role, look.label
    if gap.error == OUT_OF_TIME:
        return _unlooked(label)
    if gap.action != ASSUME or gap.kind != "denied" or role is None:
        return _problem(id="account-unreadable", where=label, says=f"Nothing of {label} is read. {explain(gap)}")
    why, paste = _why_not_assumed(refusal_in(gap.message).policy, principal_of(own.arn), role, look.account)
    return _problem(
        id="role-not-assumed",
        where=label,
        says=f"Nothing of {label} is read: {role} cannot be assumed",
        why=why,
        paste=paste,
    )


def _why_not_assumed(
    policy: PolicyKind | None, caller: str, role: str, account: Account
) -> tuple[str, tuple[Paste, ...]]:
    """AWS often does not say on which side it lies."""
    with_id = account.external_id is not None
    trust = Paste(into=f"the trust policy of {role}", text=trusting(caller, with_external_id=with_id))
    allow = Paste(into=f"a policy of {caller}", text=for_caller(role))
    external = "with the external id of the settings" if with_id else "without an external id, since none is set"
    closed = f"its trust policy does not let {caller} in, {external}"
    match policy:
        case "resource-based policy":
            return closed, (trust,)
        case "identity-based policy":
            return f"no policy of {caller} allows it", (allow,)
        case None:
            return f"{closed}, or no policy of the caller allows it", (trust, allow)
        case _:
            return f"{a(policy)} stands against it", ()


def _no_region(look: AccountLook, region: RegionProbed, gap: Gap, settings: Settings) -> Finding:
    label = look.label
    where = f"{label} {region.region}"
    if is_no_region(gap):
        says = f"Nothing of {where} is read: there is no such region, or it cannot be reached"
        to_do = f"correct {_setting(look, settings)}, or check the network"
        return _problem(id="region-unknown", where=where, says=says, to_do=to_do)
    if gap.error == OUT_OF_TIME:
        return _unlooked(where)
    if gap.kind != "not-enabled":
        return _problem(id="region-unreadable", where=where, says=f"Nothing of {where} is read. {explain(gap)}")
    return _problem(
        id="region-not-enabled",
        where=where,
        says=f"Nothing of {where} is read: the account has not enabled the region",
        to_do=f"enable it, or take it out of {_setting(look, settings)}",
        paste=(
            Paste(
                into="a shell, as an administrator of the account",
                text=f"aws account enable-region --region-name {region.region}",
            ),
        ),
    )


def _unlooked(where: str) -> Finding:
    return _unchecked(id="region-unchecked", where=where, says=where, why=TOO_LATE)


def _setting(look: AccountLook, settings: Settings) -> str:
    ids = [one.id for one in settings.accounts]
    return f"accounts[{ids.index(look.account.id)}].regions" if look.account.id in ids else "AWS_REGION"


def _unknown(label: str, regions: Sequence[RegionProbed]) -> Iterator[Finding]:
    """Each reason once, with the actions that it holds for."""
    reasons: dict[str, dict[str, None]] = defaultdict(dict)
    for region in regions:
        told = silent(region)
        for one in region.actions:
            if one.status == "unknown" and one not in told:
                why = one.why or (explain(one.gap) if one.gap else "")
                reasons[_ROLE_OF.sub("", why)][one.action] = None
    for why, actions in reasons.items():
        yield _unchecked(
            id="actions-unchecked",
            where=label,
            says=f"{first_few(actions, MAX_NAMED)} in {label}",
            why=why,
        )


def _without_plan(label: str, regions: Sequence[RegionProbed]) -> Iterator[Finding]:
    if any(region.no_plan for region in regions):
        says = f"Issues of AWS itself are not seen in {label}: AWS Health needs a Business support plan"
        yield _less(id="no-support-plan", where=label, says=says)
