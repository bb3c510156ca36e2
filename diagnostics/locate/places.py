"""Which accounts and regions a question is about."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from diagnostics.aws_access import AwsAccess, CallMeter, Scope, explain
from diagnostics.facts.fact import Gap
from diagnostics.locate.wanted import Home
from diagnostics.question import Refused

MAX_LISTED: Final = 20

_REGION = re.compile(r"[a-z]{2,4}(?:-[a-z]+){1,3}-[0-9]{1,2}")


def restrict(scopes: Sequence[Scope], account: str | None, region: str | None) -> tuple[Scope, ...] | Refused:
    """The scopes of an account (by name or id) and a region; a line that lists the configured ones when none is left.

    Without configured accounts any region of the process's own account may be asked for.
    """
    found = [scope for scope in scopes if account is None or account in (scope.account_id, scope.account_name)]
    if not found:
        return _refused(f"Account {_shown(account)} is not configured", "accounts", map(_account, scopes))
    if region is None:
        return tuple(found)
    in_region = tuple(scope for scope in found if scope.region == region)
    if in_region:
        return in_region
    if found[0].account_name is None:
        if _REGION.fullmatch(region):
            return (Scope(account_id=found[0].account_id, account_name=None, region=region),)
        return Refused(message=f"{_shown(region)} is no AWS region; one is called like us-east-1.", bad_request=True)
    return _refused(f"Region {_shown(region)} is not configured", "regions", (scope.region for scope in found))


def open_to(
    access: AwsAccess, meter: CallMeter, account: str | None, region: str | None, *, timeout_s: float
) -> tuple[Scope, ...] | Refused:
    """The same of all that may be read. Where nobody can tell which those are, the refusal has the gap."""
    known = access.scopes(meter, timeout_s=timeout_s)
    if isinstance(known, Gap):
        return Refused(message=explain(known), gaps=(known,))
    return restrict(known, account, region)


def at_home(scopes: Sequence[Scope], home: Home) -> tuple[Scope, ...] | Refused:
    """The one scope that an ARN lies in. Its account must be among `scopes`, its region need not be configured."""
    accounts = [scope for scope in scopes if scope.account_id == home.account]
    if not accounts:
        return _refused(
            f"The ARN's account {home.account} is not among those searched", "accounts", map(_account, scopes)
        )
    return (Scope(account_id=home.account, account_name=accounts[0].account_name, region=home.region),)


def _account(scope: Scope) -> str:
    return f"{scope.account_name} ({scope.account_id})" if scope.account_name else scope.account_id


def _refused(what: str, kind: str, known: Iterable[str]) -> Refused:
    listed = list(dict.fromkeys(known))
    more = f" and {len(listed) - MAX_LISTED} more" if len(listed) > MAX_LISTED else ""
    return Refused(message=f"{what}. {kind.capitalize()}: {', '.join(listed[:MAX_LISTED])}{more}.", bad_request=True)


def _shown(word: str | None) -> str:
    return ascii((word or "")[:60])
