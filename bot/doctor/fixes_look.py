"""What AWS says of the roles that write. Nothing is written: IAM is asked what it would say, or EC2 rehearses."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, Final

from bot.doctor.aws_look import AccountLook, AwsLook, may_fix
from bot.doctor.finding import Role
from bot.settings import Settings
from diagnostics.aws_access import Reader
from diagnostics.aws_access.failures import OUT_OF_TIME
from diagnostics.aws_access.region_names import partition_of
from diagnostics.facts.fact import Gap
from remediations.catalogue import catalogue
from remediations.dry_runs import Real, Rehearsed, rehearse
from remediations.permission import UNLISTED_RISKS
from remediations.rehearsal import SIMULATE, Withheld, questions, simulate
from remediations.sessions import WriteAccount

FEW: Final = 5


@dataclass(frozen=True, slots=True)
class FixesLook:
    """`simulated`: what IAM says, or why it could not be asked. `rehearsed`: what the role itself could do; None: it
    was not assumed. `actions`: everything that the fixes call."""

    account: AccountLook
    role: str
    actions: frozenset[str]
    simulated: tuple[Withheld, ...] | Gap
    rehearsed: Rehearsed | Gap | None


def look(settings: Settings, aws: AwsLook, role: Role | None, until_s: float) -> Iterator[FixesLook]:
    """Of each account where fixes can be approved. The role that writes is assumed only for the process that may."""
    fixes = wanted_fixes(settings)
    for one in aws.accounts:
        reader, account = one.reader, _write_account(settings, one.account.id)
        if reader is None or account is None or not may_fix(settings, account.id):
            continue
        actions = frozenset(action for fix in fixes for action in catalogue()[fix].calls)
        if time.monotonic() >= until_s:
            late = Gap(action=SIMULATE, resource=account.remediate_role, error=OUT_OF_TIME, kind="timeout")
            yield FixesLook(one, account.remediate_role, actions, late, None)
            continue
        regions = [region.region for region in one.regions if region.stopped_by is None]
        asked = questions(fixes, account=account.id, regions=regions, partition=partition_of(regions[0]))
        simulated = simulate(reader, account.remediate_role, asked)
        rehearsed = _rehearsed(reader, account, actions, simulated) if role in ("all", "executor") else None
        yield FixesLook(one, account.remediate_role, actions, simulated, rehearsed)


def wanted_fixes(settings: Settings) -> frozenset[str]:
    """Every fix that somebody may approve somewhere, as the settings are."""
    rules = settings.remediations
    usual = {fix for fix, spec in catalogue().items() if spec.risk in UNLISTED_RISKS}
    wanted = usual if rules.allow is None else set(rules.allow)
    for one in rules.overrides:
        if "allow" in one.model_fields_set:
            wanted |= usual if one.allow is None else set(one.allow)
    return frozenset(wanted - set(rules.deny))


def _rehearsed(
    reader: Reader, account: WriteAccount, actions: Collection[str], simulated: tuple[Withheld, ...] | Gap
) -> Rehearsed | Gap:
    """What IAM has told already is not rehearsed again; the trust is tried all the same."""
    told = not isinstance(simulated, Gap)
    real = Real() if told else Real(_a_group(reader), _an_acl(reader))
    return rehearse(account, reader.region, () if told else actions, real)


def _a_group(reader: Reader) -> str | None:
    return _first(reader.call("ec2", "describe_security_groups", MaxResults=FEW), "SecurityGroups", "GroupId")


def _an_acl(reader: Reader) -> str | None:
    return _first(reader.call("ec2", "describe_network_acls", MaxResults=FEW), "NetworkAcls", "NetworkAclId")


def _first(answer: dict[str, Any] | Gap, key: str, name: str) -> str | None:
    found = [] if isinstance(answer, Gap) else answer.get(key) or []
    return str(found[0][name]) if found else None


def _write_account(settings: Settings, account_id: str) -> WriteAccount | None:
    found = next((one for one in settings.accounts if one.id == account_id), None)
    if found is None or found.remediate_role is None:
        return None
    external_id = found.external_id.get_secret_value() if found.external_id else None
    return WriteAccount(id=found.id, remediate_role=found.remediate_role, external_id=external_id)
