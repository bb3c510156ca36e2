"""Fixes for what was diagnosed, as the settings want them."""

from __future__ import annotations

from pydantic import ConfigDict

from bot.settings import Settings
from bot.settings.models import Override, People, Remediations
from diagnostics.question import Diagnosed
from remediations import permission
from remediations.catalogue import catalogue
from remediations.fix import Preferences
from remediations.offers import offer
from remediations.permission import AccountAccess, Freeze, Named, Policy, RuleName, Rules
from remediations.plan import Plan
from remediations.protection import Protection
from remediations.reach import Reach

RULES: tuple[RuleName, ...] = ("approvers", "two_person", "allow", "channels")


class Remedied(Diagnosed):
    """A diagnosis whose report tells of fixes: the plan behind each by its id, and what those plans may write to."""

    model_config = ConfigDict(defer_build=True)

    plans: dict[str, Plan]
    reach: Reach


def load() -> None:
    """Imports every fix, so that the first report need not wait for it."""
    catalogue()


def remedied(found: Diagnosed, settings: Settings) -> Diagnosed:
    """With the fixes that these settings let be shown; as it was where there are none."""
    offered = offer(found.report, found.snapshot, policy_of(settings), preferences_of(settings))
    if offered.reach is None:
        return found
    return Remedied.model_construct(  # of parts that are checked already; its own schema would take a while to build
        report=offered.report, snapshot=found.snapshot, plans=dict(offered.plans), reach=offered.reach
    )


def policy_of(settings: Settings) -> Policy:
    """The section `remediations`, and of the accounts what concerns writing."""
    wanted = settings.remediations
    return Policy(
        mode=wanted.mode,
        rules=_rules_of(wanted),
        deny=frozenset(wanted.deny),
        overrides=tuple(_override_of(override) for override in wanted.overrides),
        approval_ttl_s=wanted.approval_ttl_s,
        protect=tuple(Protection(key=tag.key, value=tag.value) for tag in wanted.protect),
        freezes=tuple(Freeze(start=freeze.start, end=freeze.end, why=freeze.why) for freeze in wanted.freeze),
        accounts=tuple(
            AccountAccess(id=account.id, name=account.name, remediate_role=account.remediate_role)
            for account in settings.accounts
        ),
        nicknames={
            name: Named(
                service=service.service, cluster=service.cluster, account=service.account, region=service.region
            )
            for name, service in settings.services.items()
        },
    )


def preferences_of(settings: Settings) -> Preferences:
    wanted = settings.remediations
    return Preferences(access_log_bucket=wanted.access_log_bucket, alarm_topic=wanted.alarm_topic)


def _override_of(override: Override) -> permission.Override:
    return permission.Override(
        rules=_rules_of(override),
        gives=frozenset(name for name in RULES if _is_given(override, name)),
        account=override.account,
        service=override.service,
        fix=override.fix,
        risk=override.risk,
    )


def _is_given(override: Override, name: RuleName) -> bool:
    """`allow: null` is a rule; elsewhere null says nothing."""
    return name in override.model_fields_set and (name == "allow" or getattr(override, name) is not None)


def _rules_of(section: Remediations | Override) -> Rules:
    return Rules(
        approvers=_people_of(section.approvers),
        two_person=frozenset(section.two_person or ()),
        allow=None if section.allow is None else frozenset(section.allow),
        channels=frozenset(section.channels or ()),
    )


def _people_of(people: People | None) -> permission.People:
    if people is None:
        return permission.People()
    return permission.People(groups=frozenset(people.groups), users=frozenset(people.users))
