"""What AWS says of the accounts of the settings: whose credentials these are, which roles can be assumed, and what is
permitted in each region. It only reads."""

from __future__ import annotations

import time
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from typing import Final

from bot.diagnosing import access_of
from bot.settings import Settings
from diagnostics.aws_access import AccessLimits, Account, AwsAccess, Reader
from diagnostics.aws_access.explanations import NOT_A_REGION
from diagnostics.aws_access.failures import LOCATE_ACTION, OUT_OF_TIME, WHOSE
from diagnostics.aws_access.read_policy import STATEMENTS
from diagnostics.aws_access.region_names import partition_of
from diagnostics.facts.fact import Gap
from diagnostics.permissions.probes import Place
from diagnostics.permissions.probing import Identity, RegionProbed, identity_of, probe
from diagnostics.permissions.purposes import AROUND_FIXES

LIMITS: Final = AccessLimits(attempts=2, connect_timeout_s=3.0, read_timeout_s=8.0, queue_timeout_s=15.0)
REGIONS_AT_ONCE: Final = 4
WHO_WE_ARE: Final = "sts:GetCallerIdentity"
NO_REGION: Final = frozenset({"EndpointConnectionError", "InvalidRegionError"})
ATHENA: Final = ("athena:", "glue:")


@dataclass(frozen=True, slots=True)
class AccountLook:
    """`regions` is empty where the account could not be entered. `reader`: for whoever has more to ask."""

    account: Account
    identity: Identity | Gap
    regions: tuple[RegionProbed, ...] = ()
    reader: Reader | None = None

    @property
    def label(self) -> str:
        return self.account.name or f"account {self.account.id}"


@dataclass(frozen=True, slots=True)
class AwsLook:
    """`own`: whose credentials this process has. `accounts`: none where even that is not known."""

    own: Identity | Gap
    accounts: tuple[AccountLook, ...] = ()


def look(settings: Settings, until_s: float) -> AwsLook:
    """`until_s`: on the monotonic clock; what was not looked at by then is unknown."""
    access = access_of(settings, limits=LIMITS)
    own = _own(settings, access)
    if isinstance(own, Gap):
        return AwsLook(own)
    known = access.accounts()
    if isinstance(known, Gap):
        return AwsLook(known)
    with ThreadPoolExecutor(REGIONS_AT_ONCE, thread_name_prefix="account") as pool:
        asking = [pool.submit(copy_context().run, _account, settings, access, one, until_s) for one in known]
        return AwsLook(own, tuple(one.result() for one in asking))


def lies_in_the_region(gap: Gap) -> bool:
    """Whether another region of the same account may answer nevertheless."""
    return gap.kind == "not-enabled" or is_no_region(gap)


def is_no_region(gap: Gap) -> bool:
    return gap.action != "sts:AssumeRole" and (NOT_A_REGION in gap.message or gap.error in NO_REGION)


def wanted_actions(settings: Settings, account_id: str) -> frozenset[str]:
    """What the role that reads this account is used for, as the settings are."""
    actions = {action for some in STATEMENTS.values() for action in some}
    if not may_fix(settings, account_id):
        actions -= AROUND_FIXES
    if settings.logs.athena.workgroup is None:
        actions = {action for action in actions if not action.startswith(ATHENA)}
    return frozenset(actions)


def may_fix(settings: Settings, account_id: str) -> bool:
    """Whether the settings let fixes be approved there."""
    with_role = {one.id for one in settings.accounts if one.remediate_role is not None}
    return settings.remediations.mode == "approve" and account_id in with_role


def _own(settings: Settings, access: AwsAccess) -> Identity | Gap:
    """The process's own credentials, whatever role they may assume."""
    regions = [region for account in settings.accounts for region in account.regions]
    region = access.default_region or next(iter(regions), None)
    if region is None:
        return access.no_region()
    own = Account(id="own", name="", regions=(region,))
    found = identity_of(AwsAccess((own,), LIMITS).reader(own.id, region))
    if isinstance(found, Gap):  # it names the account that it was asked for
        return found.model_copy(update={"message": found.message.removeprefix(f"{WHOSE}account {own.label}: ")})
    return found


def _account(settings: Settings, access: AwsAccess, account: Account, until_s: float) -> AccountLook:
    identity: Identity | Gap = Gap(action=WHO_WE_ARE, resource="*", error="NoRegionError")
    for region in account.regions:
        if time.monotonic() >= until_s:
            return AccountLook(account, _late(account.id))
        identity = identity_of(access.reader(account.id, region))
        if not (isinstance(identity, Gap) and lies_in_the_region(identity)):
            break
    if isinstance(identity, Gap) and not lies_in_the_region(identity):
        return AccountLook(account, identity)
    if isinstance(identity, Identity) and identity.account != account.id:
        return AccountLook(account, identity)
    actions = wanted_actions(settings, account.id)
    regions = [_region(settings, access.reader(account.id, one), account, actions, until_s) for one in account.regions]
    entered = next((one.region for one in regions if one.stopped_by is None), None)
    reader = access.reader(account.id, entered) if entered is not None else None
    return AccountLook(account, identity, tuple(regions), reader)


def _region(
    settings: Settings, reader: Reader, account: Account, actions: Collection[str], until_s: float
) -> RegionProbed:
    if time.monotonic() >= until_s:
        return RegionProbed(reader.region, stopped_by=_late(reader.region))
    place = Place(
        account=account.id,
        region=reader.region,
        partition=partition_of(reader.region),
        database=settings.logs.athena.database,
    )
    return probe(reader, place, actions, until_s)


def _late(resource: str) -> Gap:
    return Gap(action=LOCATE_ACTION, resource=resource, error=OUT_OF_TIME, kind="timeout")
