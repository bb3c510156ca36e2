"""Whether approved fixes can be carried out, and the statement that mends it where not. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from functools import partial
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
from diagnostics.printable import counted, first_few
from remediations.dry_runs import Rehearsed
from remediations.rehearsal import SIMULATE, Withheld, fixes_without

MAX_NAMED: Final = 6
NO_SUCH_ROLE: Final = frozenset({"NoSuchEntity", "NoSuchEntityException"})
ELSEWHERE: Final = (
    "only the process that carries out fixes may assume it: run `alb502 doctor --role executor` there, or `--role all` "
    "where `alb502 serve` is one process"
)

_problem = partial(Finding, status="problem", area="fixes")
_unchecked = partial(Finding, status="unchecked", area="fixes")
_well = partial(Finding, status="well", area="fixes")


def findings(looks: Iterable[FixesLook], own: Identity, fixes: Collection[str]) -> Iterator[Finding]:
    """`own`: who looked. `fixes`: those that may be approved."""
    untried: list[str] = []
    for look in looks:
        untried += [look.role] if look.rehearsed is None else []
        yield from _trust(look, own)
        yield from _permissions(look, fixes)
    if untried:
        says = f"whether {first_few(untried, MAX_NAMED)} can be assumed"
        yield _unchecked(id="remediate-role-trust", says=says, why=ELSEWHERE)


def _trust(look: FixesLook, own: Identity) -> Iterator[Finding]:
    if look.rehearsed is None:
        return
    if not isinstance(look.rehearsed, Gap):
        yield _well(
            id="remediate-role-trust",
            says=f"fixes: {look.role} can be assumed with the name of who approved",
        )
    elif look.rehearsed.kind != "denied":
        says = f"No fix is carried out in {look.account.label}. {explain(look.rehearsed)}"
        yield _problem(id="remediate-role-trust", where=look.account.label, says=says)
    else:
        yield _not_trusted(look, own)


def _not_trusted(look: FixesLook, own: Identity) -> Finding:
    caller = principal_of(own.arn)
    with_id = look.account.account.external_id is not None
    return _problem(
        id="remediate-role-trust",
        where=look.account.label,
        says=f"No fix is carried out in {look.account.label}: {look.role} cannot be assumed",
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
            yield _well(id="remediate-actions", says=says)
        return
    if look.simulated.error in NO_SUCH_ROLE:
        says = f"No fix is carried out in {look.account.label}: {look.role} does not exist"
        yield _problem(
            id="remediate-role-unknown",
            where=look.account.label,
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
    says = f"whether {look.role} may do what the fixes call: {first_few(actions, MAX_NAMED)}"
    if gap.kind != "denied":
        return _unchecked(id="remediate-actions", where=look.account.label, says=says, why=explain(gap))
    return _unchecked(
        id="remediate-actions",
        where=look.account.label,
        says=says,
        why=f"{reader} may not ask IAM for a simulation ({SIMULATE}), and to try would be to write",
        paste=(Paste(into=f"the policy of {reader}, if you want it checked", text=simulating(look.role)),),
    )


def _withheld(look: FixesLook, withheld: Iterable[Withheld], fixes: Collection[str]) -> Iterator[Finding]:
    groups: dict[tuple[bool, PolicyKind | None], list[str]] = defaultdict(list)
    for one in withheld:
        groups[one.explicit, one.policy].append(one.action)
    label = look.account.label
    for (explicit, policy), actions in groups.items():
        without = fixes_without(actions, fixes)
        mends = not explicit and policy in (None, "identity-based policy")
        yield _problem(
            id="remediate-actions-missing" if mends else "remediate-actions-forbidden",
            where=label,
            says=f"{'1 fix' if len(without) == 1 else f'{len(without)} fixes'} cannot be carried out in {label} "
            f"({first_few(without, MAX_NAMED)}): {look.role} may not call {first_few(actions, MAX_NAMED)}",
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
