"""Whether one of the words of a text is the name of a service that is known: by the index or as a nickname."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from diagnostics.aws_access import AwsAccess, CallMeter
from diagnostics.locate.index import Catalogue, ServiceIndex
from diagnostics.locate.inquiry import Nickname
from diagnostics.locate.places import open_to
from diagnostics.locate.search import where_of
from diagnostics.locate.seen import SeenService
from diagnostics.question import Question, Refused


def service_among(
    words: Sequence[str],
    access: AwsAccess,
    *,
    index: ServiceIndex | None,
    nicknames: Mapping[str, Nickname],
    account: str | None = None,
    region: str | None = None,
    budget_s: float,
) -> Question | None:
    """A question about the one service that these words name; None when they name none, or more than one.

    No call to AWS is made for a service: it is in the index or it is not known. Never raises for what AWS does.
    """
    folded = frozenset(word.casefold() for word in words)
    nicknamed = [name for name in nicknames if name.casefold() in folded]
    if nicknamed:
        return Question(words=nicknamed[0], account=account, region=region) if len(nicknamed) == 1 else None
    scopes = open_to(access, CallMeter(), account, region, timeout_s=budget_s)
    if isinstance(scopes, Refused):
        return None
    wheres = [where_of(scope) for scope in scopes]
    service = meant_by(folded, Catalogue.read(index, wheres).services(wheres))
    if service is None:
        return None
    where = service.where
    return Question(words=f"{service.cluster}/{service.name}", account=where.account, region=where.region)


def meant_by(folded: frozenset[str], services: Iterable[SeenService]) -> SeenService | None:
    """The one service behind a load balancer whose name is among these words. Of several of one name, the one whose
    cluster, account or region is among them, too."""
    named = [one for one in services if one.target_groups and _names(one) & folded]
    if len({one.name for one in named}) > 1:
        return None
    if len(named) > 1:
        named = [one for one in named if _surroundings(one) & folded]
    return named[0] if len(named) == 1 else None


def _names(service: SeenService) -> set[str]:
    return {service.name.casefold(), f"{service.cluster}/{service.name}".casefold()}


def _surroundings(service: SeenService) -> set[str]:
    where = service.where
    around = (service.cluster, f"{service.cluster}/{service.name}", where.account, where.account_name, where.region)
    return {one.casefold() for one in around if one}
