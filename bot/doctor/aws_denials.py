"""Actions that AWS denied: what is missed without them, which policy is at fault, and the statement to paste. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from bot.doctor.aws_look import AccountLook
from bot.doctor.aws_statements import allowing, principal_of
from bot.doctor.finding import Finding, Paste
from bot.settings.models import Athena
from diagnostics.aws_access.read_policy import DECRYPT
from diagnostics.aws_access.refusals import PolicyKind, refusal_in
from diagnostics.permissions.probes import MADE_UP
from diagnostics.permissions.probing import Identity, Probed, RegionProbed
from diagnostics.permissions.purposes import ALARMS, AROUND_FIXES, DOMAINS, FINDING, Loss, is_optional, loss_of
from diagnostics.printable import counted, first_few

MAX_NAMED: Final = 6
ORGANISATION: Final = frozenset({"resource control policy", "service control policy"})

_problem = partial(Finding, status="problem", area="aws")
_less = partial(Finding, status="less", area="aws")


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with some actions alike. `key`: the encryption key that may not be used, if that is it."""

    explicit: bool
    policy: PolicyKind | None
    optional: bool
    key: str | None = None

    @property
    def mends(self) -> bool:
        """Whether a further allow on the role helps."""
        return not self.explicit and self.policy in (None, "identity-based policy")


def denials(look: AccountLook, label: str, regions: Sequence[RegionProbed], athena: Athena) -> Iterator[Finding]:
    """One finding for each fault, and for each set of regions that it holds in. `athena`: of the settings."""
    where: dict[tuple[Fault, str], list[str]] = defaultdict(list)
    examples: dict[str, str] = {}
    for region in regions:
        for one in region.denied():
            where[_fault(one), one.action].append(region.region)
            resource = refusal_in(one.gap.message if one.gap else "").resource
            if resource is not None and MADE_UP not in resource:
                examples.setdefault(one.action, resource)
    groups: dict[tuple[Fault, tuple[str, ...]], list[str]] = defaultdict(list)
    for (fault, action), places in where.items():
        groups[fault, tuple(places)].append(action)
    everywhere = tuple(region.region for region in regions)
    for (fault, some), actions in groups.items():
        here = label if some == everywhere else f"{label} {', '.join(some)}"
        if fault.key is not None:
            yield _encrypted(look, here, fault, fault.key)
        else:
            example = next((examples[action] for action in sorted(actions) if action in examples), None)
            statements = allowing(actions, look.account, athena) if fault.mends else ""
            yield _missing(look, here, sorted(actions), fault, example, statements)


def a(policy: str) -> str:
    """With its article."""
    return f"{'an' if policy[:1] in 'aeiou' else 'a'} {policy}"


def _fault(one: Probed) -> Fault:
    refusal = refusal_in(one.gap.message if one.gap else "")
    key = (refusal.resource or "its key") if refusal.action == DECRYPT else None
    return Fault(refusal.explicit, refusal.policy, is_optional(one.action), key)


def _role(look: AccountLook) -> str:
    own = look.identity.arn if isinstance(look.identity, Identity) else "the process's own identity"
    return look.account.read_role or own


def _missing(
    look: AccountLook, label: str, actions: Sequence[str], fault: Fault, example: str | None, statements: str
) -> Finding:
    role, loss = _role(look), loss_of(actions)
    paste = Paste(into=f"the policy of {principal_of(role)}", text=statements)
    finding = _less if fault.optional else _problem
    return finding(
        id="actions-missing" if fault.mends else "actions-forbidden",
        where=label,
        says=f"{missed(actions, loss)} in {label}: {role} may not call {first_few(actions, MAX_NAMED)}",
        why=_why(fault, example),
        to_do="" if fault.mends else _whom_to_ask(fault, role),
        paste=(paste,) if fault.mends else (),
        leaves_open=loss.open,
    )


def _encrypted(look: AccountLook, label: str, fault: Fault, key: str) -> Finding:
    """The file may be read, and what it is encrypted with may not be used."""
    return _problem(
        id="key-not-allowed",
        where=label,
        says=f"Access logs are not read in {label}: {_role(look)} may not decrypt them with {key}",
        why=_why(fault, None),
        to_do=f"put what `alb502 iam-policy read --kms-key {key}` prints in the place of the role's policy, which "
        "denies every other key, and allow the role in the policy of the key",
    )


def missed(actions: Sequence[str], loss: Loss) -> str:
    """What people who ask miss, the worst first."""
    wanted = set(actions)
    said = [f"{counted(len(loss.open), 'cause')} cannot be judged"] if loss.open else []
    said += ["services are not found by name"] if wanted & FINDING else []
    said += ["alarms that are posted are not answered"] if wanted & ALARMS else []
    said += [_less_sure(len(loss.less_sure), others=bool(loss.open))] if loss.less_sure else []
    said += ["fixes are refused, because tags cannot be read"] if wanted & AROUND_FIXES else []
    said += ["domains in Route 53 are not followed"] if wanted & DOMAINS else []
    text = ", ".join(said or ["answers tell less"])
    return text[:1].upper() + text[1:]


def _less_sure(number: int, *, others: bool) -> str:
    return f"{counted(number, 'other' if others else 'cause')} {'is' if number == 1 else 'are'} judged from less"


def _why(fault: Fault, example: str | None) -> str:
    on = f" on {example}" if example else ""
    if fault.explicit:
        return f"an explicit deny in {a(fault.policy) if fault.policy else 'a policy'}: no further allow helps"
    return f"no {fault.policy} allows it{on}" if fault.policy else f"AWS does not say which policy is at fault{on}"


def _whom_to_ask(fault: Fault, role: str) -> str:
    if fault.policy in ORGANISATION:
        return "whoever manages the organisation has to " + ("take the deny out" if fault.explicit else "allow it")
    if fault.policy == "resource-based policy":
        change = "take the deny out of" if fault.explicit else f"allow them for {role} in"
        return f"{change} the policy of what is read, such as the bucket's"
    place = f"the {fault.policy or 'policy'} of {role}"
    return f"take these actions out of a Deny in {place}" if fault.explicit else f"allow these actions in {place}"
