"""Settings that are each valid and contradict one another."""

from collections import Counter
from collections.abc import Iterator
from difflib import get_close_matches
from typing import NamedTuple

from bot.settings.models import Account, Override, Settings
from bot.settings.shape import Path


class Contradiction(NamedTuple):
    path: Path
    given: object
    expected: str


def contradictions(settings: Settings) -> Iterator[Contradiction]:
    """Every contradiction in the settings, in the order of the file."""
    if settings.ops_port and settings.ops_port == settings.http_port:
        yield Contradiction(("ops_port",), settings.ops_port, "a port other than http_port")
    yield from _between_accounts(settings)
    for index, account in enumerate(settings.accounts):
        yield from _within_account(index, account)
    yield from _services(settings)
    yield from _scopes(settings)
    yield from _limits(settings)
    yield from _remediations(settings)


def _between_accounts(settings: Settings) -> Iterator[Contradiction]:
    names = Counter(account.name for account in settings.accounts)
    ids = Counter(account.id for account in settings.accounts)
    for index, account in enumerate(settings.accounts):
        if names[account.name] > 1:
            yield Contradiction(("accounts", index, "name"), account.name, "a name that no other account has")
        if ids[account.id] > 1:
            yield Contradiction(("accounts", index, "id"), account.id, "an id that no other account has")


def _within_account(index: int, account: Account) -> Iterator[Contradiction]:
    path: Path = ("accounts", index)
    for key, role in (("read_role", account.read_role), ("remediate_role", account.remediate_role)):
        if role is not None and role.split(":")[4] != account.id:
            yield Contradiction((*path, key), role, f"a role of account {account.id}")
    if account.remediate_role is not None and account.remediate_role == account.read_role:
        expected = "a role other than read_role: whoever reads must not be able to write"
        yield Contradiction((*path, "remediate_role"), account.remediate_role, expected)
    if account.external_id is not None and account.external_id_file is not None:
        expected = "either external_id or external_id_file, not both"
        yield Contradiction((*path, "external_id_file"), str(account.external_id_file), expected)


def _services(settings: Settings) -> Iterator[Contradiction]:
    accounts = {account.name: account for account in settings.accounts}
    for nickname, service in settings.services.items():
        path: Path = ("services", nickname)
        if service.account is None:
            continue
        account = accounts.get(service.account)
        if account is None:
            yield Contradiction((*path, "account"), service.account, _an_account(settings))
        elif service.region is not None and service.region not in account.regions:
            expected = f"a region of account {account.name}: {', '.join(account.regions)}"
            yield Contradiction((*path, "region"), service.region, expected)


def _scopes(settings: Settings) -> Iterator[Contradiction]:
    known = {account.name for account in settings.accounts}
    for channel, scope in settings.scopes.items():
        for index, name in enumerate(scope.accounts):
            if name not in known:
                yield Contradiction(("scopes", channel, "accounts", index), name, _an_account(settings))


def _limits(settings: Settings) -> Iterator[Contradiction]:
    limits, athena = settings.limits, settings.logs.athena
    if limits.useful_answer_s > limits.diagnosis_s:
        expected = f"at most limits.diagnosis_s, which is {limits.diagnosis_s}"
        yield Contradiction(("limits", "useful_answer_s"), limits.useful_answer_s, expected)
    if athena.workgroup is not None and athena.database is None:
        yield Contradiction(("logs", "athena", "database"), None, "the database to query, since a workgroup is set")


def _remediations(settings: Settings) -> Iterator[Contradiction]:
    known = {account.name for account in settings.accounts}
    for index, override in enumerate(settings.remediations.overrides):
        path: Path = ("remediations", "overrides", index)
        selectors, rules = {"account", "service", "fix", "risk"}, {"approvers", "two_person", "allow", "channels"}
        if _given(override).isdisjoint(selectors):
            yield Contradiction(path, {}, "at least one of account, service, fix, risk")
        if _given(override).isdisjoint(rules):
            yield Contradiction(path, {}, "at least one of approvers, two_person, allow, channels")
        if override.account is not None and override.account not in known:
            yield Contradiction((*path, "account"), override.account, _an_account(settings))
    yield from _unknown_fixes(settings)
    wanted = settings.remediations
    if wanted.approval_key is not None and wanted.approval_key_file is not None:
        expected = "either approval_key or approval_key_file, not both"
        yield Contradiction(("remediations", "approval_key_file"), str(wanted.approval_key_file), expected)
    for index, freeze in enumerate(settings.remediations.freeze):
        if freeze.end <= freeze.start:
            expected = f"a time after {freeze.start.isoformat()}"
            yield Contradiction(("remediations", "freeze", index, "to"), freeze.end.isoformat(), expected)


def _unknown_fixes(settings: Settings) -> Iterator[Contradiction]:
    """A list that names no fix would forbid, or allow, something else than its writer thinks."""
    wanted = settings.remediations
    named: list[tuple[Path, str]] = []
    for key, ids in (("allow", wanted.allow), ("deny", wanted.deny)):
        named += [(("remediations", key, index), one) for index, one in enumerate(ids or ())]
    for index, override in enumerate(wanted.overrides):
        path: Path = ("remediations", "overrides", index)
        named += [((*path, "fix"), override.fix)] if override.fix is not None else []
        named += [((*path, "allow", number), one) for number, one in enumerate(override.allow or ())]
    if not named:
        return
    from remediations.catalogue import catalogue  # takes a moment to import, and few settings name a fix

    known = catalogue()
    for where, one in named:
        if one not in known:
            near = get_close_matches(one, known, n=3, cutoff=0.0)
            yield Contradiction(where, one, f"the id of a fix, such as {', '.join(near)}")


def _given(override: Override) -> set[str]:
    selectors = {"account", "service", "fix", "risk"}
    return {key for key in override.model_fields_set if key not in selectors or getattr(override, key) is not None}


def _an_account(settings: Settings) -> str:
    names = [account.name for account in settings.accounts]
    return f"the name of an account: {', '.join(names[:10])}" if names else "the name of an account; none is configured"
