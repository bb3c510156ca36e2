"""What there is to look at: every ECS service and every other target group behind an application load balancer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from diagnostics.aws_access import AwsAccess, CallMeter, Scope
from diagnostics.facts.fact import Gap
from diagnostics.locate.arns import dimension_of, load_balancer_type
from diagnostics.locate.candidates import candidate
from diagnostics.locate.index import Catalogue, PlaceIndex, everything
from diagnostics.locate.inquiry import Inquiry, Nickname, Result
from diagnostics.locate.search import Search
from diagnostics.locate.seen import SeenService, SeenTargetGroup, Where
from diagnostics.locate.subjects import of_groups, of_service
from diagnostics.printable import counted
from diagnostics.question import Question
from diagnostics.snapshot import Subject

MAX_SERVICES: Final = 500
MAX_UNFORWARDED: Final = 10
"""Services that no load balancer forwards to take two calls each to find the one that should."""
MAX_FUNCTIONS: Final = 50
MAX_LINES: Final = 20


@dataclass(frozen=True, slots=True)
class Services:
    """`places` were searched. `left_out` says in lines what is no subject here, and why; `unsearched` are the places
    where something could not be listed; `answered` says whether any call was."""

    subjects: tuple[Subject, ...]
    places: tuple[Where, ...]
    left_out: tuple[str, ...] = ()
    unsearched: tuple[tuple[Where, Gap], ...] = ()
    answered: bool = True


def find_services(
    access: AwsAccess,
    scopes: Iterable[Scope],
    meter: CallMeter,
    *,
    nicknames: Mapping[str, Nickname],
    budget_s: float,
) -> Services:
    """Three delays, whatever the number of services. At most `MAX_SERVICES`, those of one load balancer together."""
    with Search(access, scopes, meter, budget_s=budget_s) as search:
        subjects, left_out = _subjects(search, everything(search), nicknames)
        ordered = sorted(subjects, key=_beside)
        if len(ordered) > MAX_SERVICES:
            left_out = (*left_out, f"only {MAX_SERVICES} of {len(ordered):,} services are looked at")
        places = tuple(place.where for place in search.places)
        unsearched = tuple(
            (where, gap) for where in places for gap in search.gaps_at(where.account, where.account_name, where.region)
        )
        return Services(tuple(ordered[:MAX_SERVICES]), places, left_out, unsearched, search.answered)


def _subjects(
    search: Search, entry: PlaceIndex, nicknames: Mapping[str, Nickname]
) -> tuple[list[Subject], tuple[str, ...]]:
    by_place = {place.where: _of_place(entry, place.where) for place in search.places}
    catalogue = Catalogue(by_place)
    groups = {group.arn: group for group in entry.target_groups}
    subjects: list[Subject] = []
    refused: list[str] = []
    unforwarded = functions = 0
    blind: Counter[Where] = Counter()
    owned = {arn for service in entry.services for arn in service.target_groups}

    def keep(result: Result) -> None:
        if isinstance(result, Subject):
            subjects.append(result)
        else:
            refused.append(getattr(result, "message", ""))

    for service in (one for one in entry.services if one.target_groups):
        own = [groups[arn] for arn in service.target_groups if arn in groups]
        if not own and _has_gaps(search, service.where):
            blind[service.where] += 1
            continue
        if own and not any(group.load_balancers for group in own):
            unforwarded += 1
            if unforwarded > MAX_UNFORWARDED:
                continue
        keep(of_service(_inquiry(search, catalogue, nicknames, service), service, own))
    for group in entry.target_groups:
        if group.arn in owned or not _is_ours(group):
            continue
        functions += group.target_type == "lambda"
        if group.target_type != "lambda" or functions <= MAX_FUNCTIONS:
            keep(of_groups(_inquiry(search, catalogue, nicknames, group), group.where, (group,)))
    unread = [
        f"{counted(number, 'service')} of {where.label}: target groups could not be read"
        for where, number in blind.items()
    ]
    return subjects, (*unread, *_told(refused, unforwarded - MAX_UNFORWARDED, functions - MAX_FUNCTIONS))


def _has_gaps(search: Search, where: Where) -> bool:
    return bool(search.gaps_at(where.account, where.account_name, where.region))


def _told(refused: Sequence[str], unforwarded: int, functions: int) -> tuple[str, ...]:
    every = list(dict.fromkeys(line for line in refused if line))
    lines = every[:MAX_LINES]
    if len(every) > len(lines):
        lines.append(f"{len(every) - len(lines):,} more that no application load balancer serves")
    if unforwarded > 0:
        lines.append(f"{unforwarded:,} more services whose target groups no load balancer forwards to")
    if functions > 0:
        lines.append(f"{functions:,} more target groups of Lambda functions")
    return tuple(lines)


def _of_place(entry: PlaceIndex, where: Where) -> PlaceIndex:
    return PlaceIndex(
        services=tuple(one for one in entry.services if one.where == where),
        load_balancers=tuple(one for one in entry.load_balancers if one.where == where),
        target_groups=tuple(one for one in entry.target_groups if one.where == where),
    )


def _inquiry(
    search: Search, catalogue: Catalogue, nicknames: Mapping[str, Nickname], thing: SeenService | SeenTargetGroup
) -> Inquiry:
    """As if somebody had asked for this one by the words that mean it and nothing else."""
    return Inquiry(
        question=Question(words=candidate(thing).words[:300]),
        search=search,
        catalogue=catalogue,
        nicknames=nicknames,
        tell=lambda _text: None,
        clusters=(),
    )


def _is_ours(group: SeenTargetGroup) -> bool:
    return any(load_balancer_type(arn) == "application" for arn in group.load_balancers)


def _beside(subject: Subject) -> tuple[str, ...]:
    """Neighbours on a load balancer come together: they ask for much the same."""
    balancer = subject.load_balancers[0] if subject.load_balancers else ""
    return subject.account, subject.region, balancer, subject.label


def balancer_of(arn: str, behind: Sequence[Subject]) -> Subject:
    """A load balancer as a whole, for errors that belong to none of the services behind it in particular."""
    one = behind[0]
    groups = dict.fromkeys(group for subject in behind for group in subject.target_groups)
    return Subject(
        query=dimension_of(arn),
        kind="load-balancer",
        account=one.account,
        region=one.region,
        account_name=one.account_name,
        load_balancers=(arn,),
        target_groups=tuple(groups),
    )
