"""Whether approved fixes can be carried out, and the statement that mends it where not. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from typing import Final

from bot.doctor.aws_statements import (
    allowing_to_write,
    for_executor,
    principal_of,
    simulating,
    trusting_executor,
)
from bot.doctor.finding import Finding, Paste
from bot.doctor.fixes_look import FixesLook
from diagnostics.aws_access import explain
from diagnostics.aws_access.refusals import PolicyKind, refusal_in
from diagnostics.facts.fact import Gap
from diagnostics.permissions.probing import Identity
from diagnostics.printable import counted
from remediations.dry_runs import Rehearsed
from remediations.rehearsal import SIMULATE, Withheld, fixes_without

MAX_NAMED: Final = 6
NO_SUCH_ROLE: Final = frozenset({"NoSuchEntity", "NoSuchEntityException"})
ELSEWHERE: Final = (
    "only the process that carries out fixes may assume it: run `alb502 doctor --role executor` there, or `--role all` "
    "where `alb502 serve` is one process"
)


def findings(looks: Iterable[FixesLook], own: Identity, fixes: Collection[str]) -> Iterator[Finding]:
    """`own`: who looked. `fixes`: those that may be approved."""
    untried: list[str] = []
    for look in looks:
        untried += [look.role] if look.rehearsed is None else []
        yield from _trust(look, own)
        yield from _permissions(look, fixes)
    if untried:
        says = f"whether {_named(untried)} can be assumed"
        yield Finding(status="unchecked", area="fixes", id="remediate-role-trust", says=says, why=ELSEWHERE)


def _trust(look: FixesLook, own: Identity) -> Iterator[Finding]:
    if look.rehearsed is None:
        return
    if not isinstance(look.rehearsed, Gap):
        yield Finding(
            status="well",
            area="fixes",
            id="remediate-role-trust",
            says=f"fixes: {look.role} can be assumed with the name of who approved",
        )
    elif look.rehearsed.kind != "denied":
        says = f"No fix is carried out in {_label(look)}. {explain(look.rehearsed)}"
        yield Finding(status="problem", area="fixes", id="remediate-role-trust", where=_label(look), says=says)
    else:
        yield _not_trusted(look, own)


def _not_trusted(look: FixesLook, own: Identity) -> Finding:
    caller = principal_of(own.arn)
    with_id = look.account.account.external_id is not None
    return Finding(
        status="problem",
        area="fixes",
        id="remediate-role-trust",
        where=_label(look),
        says=f"No fix is carried out in {_label(look)}: {look.role} cannot be assumed",
        why=f"its trust policy, or a policy of {caller}, does not allow sts:AssumeRole, sts:TagSession and "
        f"sts:SetSourceIdentity{', with the external id of the settings' if with_id else ''}",
        paste=(
            Paste(into=f"the trust policy of {look.role}", text=trusting_executor(caller, with_external_id=with_id)),
            Paste(into=f"a policy of {caller}", text=for_executor(look.role)),
        ),
    )


def _permissions(look: FixesLook, fixes: Collection[str]) -> Iterator[Finding]:
    if not isinstance(look.simulated, Gap):
        yield from _withheld(look, look.simulated, fixes)
        if not look.simulated:
            says = f"fixes: {look.role} may do what the fixes call ({counted(len(look.actions), 'action')}, simulated)"
            yield Finding(status="well", area="fixes", id="remediate-actions", says=says)
        return
    if look.simulated.error in NO_SUCH_ROLE:
        says = f"No fix is carried out in {_label(look)}: {look.role} does not exist"
        yield Finding(
            status="problem",
            area="fixes",
            id="remediate-role-unknown",
            where=_label(look),
            says=says,
            to_do="correct its ARN in `accounts`, or make it: `alb502 iam-policy remediate` prints its policy",
        )
        return
    rehearsed = look.rehearsed if isinstance(look.rehearsed, Rehearsed) else Rehearsed()
    denied = [Withheld(gap.action, *_refusal(gap)) for gap in rehearsed.denied]
    yield from _withheld(look, denied, fixes)
    left = look.actions - set(rehearsed.permitted) - {one.action for one in denied}
    if left:
        yield _not_asked(look, look.simulated, sorted(left))


def _not_asked(look: FixesLook, gap: Gap, actions: list[str]) -> Finding:
    reader = look.account.account.read_role or "the process's own identity"
    says = f"whether {look.role} may do what the fixes call: {_named(actions)}"
    if gap.kind != "denied":
        return _unchecked(look, "remediate-actions", says, explain(gap))
    return Finding(
        status="unchecked",
        area="fixes",
        id="remediate-actions",
        where=_label(look),
        says=says,
        why=f"{reader} may not ask IAM for a simulation ({SIMULATE}), and to try would be to write",
        paste=(Paste(into=f"the policy of {reader}, if you want it checked", text=simulating(look.role)),),
    )


def _withheld(look: FixesLook, withheld: Iterable[Withheld], fixes: Collection[str]) -> Iterator[Finding]:
    groups: dict[tuple[bool, PolicyKind | None], list[str]] = defaultdict(list)
    for one in withheld:
        groups[one.explicit, one.policy].append(one.action)
    for (explicit, policy), actions in groups.items():
        without = fixes_without(actions, fixes)
        mends = not explicit and policy in (None, "identity-based policy")
        yield Finding(
            status="problem",
            area="fixes",
            id="remediate-actions-missing" if mends else "remediate-actions-forbidden",
            where=_label(look),
            says=f"{counted(len(without), 'fix') if len(without) == 1 else f'{len(without)} fixes'} cannot be carried "
            f"out in {_label(look)} ({_named(without)}): {look.role} may not call {_named(actions)}",
            why=_why(explicit, policy),
            to_do="" if mends else "the deny has to go, or these fixes into remediations.deny",
            paste=(
                Paste(into=f"the policy of {look.role}", text=allowing_to_write(actions, fixes, look.account.account)),
            )
            if mends
            else (),
        )


def _why(explicit: bool, policy: PolicyKind | None) -> str:
    if explicit:
        return f"an explicit deny in {f'a {policy}' if policy else 'one of its policies'}: no further allow helps"
    return f"no {policy or 'statement of its policy'} allows it"


def _refusal(gap: Gap) -> tuple[bool, PolicyKind | None]:
    found = refusal_in(gap.message)
    return found.explicit, found.policy


def _unchecked(look: FixesLook, kind: str, says: str, why: str) -> Finding:
    return Finding(status="unchecked", area="fixes", id=kind, where=_label(look), says=says, why=why)


def _named(names: Collection[str]) -> str:
    shown = list(names)[:MAX_NAMED]
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def _label(look: FixesLook) -> str:
    account = look.account.account
    return account.name or f"account {account.id}"
