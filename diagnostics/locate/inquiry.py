"""What every way of finding a target shares: the question, the open search and what is remembered already."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from diagnostics.collect.answers import batches
from diagnostics.facts.fact import Frozen
from diagnostics.locate.index import Catalogue
from diagnostics.locate.lookups.load_balancing import MAX_ARNS, target_groups_with
from diagnostics.locate.search import Search
from diagnostics.locate.seen import SeenCluster, SeenTargetGroup, Where
from diagnostics.question import Ambiguous, Question, Refused, Unknown
from diagnostics.redaction import without_query
from diagnostics.snapshot import Subject

Result = Subject | Ambiguous | Unknown | Refused


def refused(message: str) -> Refused:
    """The question is at fault."""
    return Refused(message=message, bad_request=True)


class Nickname(Frozen):
    """What a configured nickname stands for. `account` is a name or an id; None and a missing cluster mean any."""

    service: str
    account: str | None = None
    region: str | None = None
    cluster: str | None = None
    runbook: str | None = None


@dataclass(frozen=True, slots=True)
class Inquiry:
    """`clusters` is None until they were listed."""

    question: Question
    search: Search
    catalogue: Catalogue
    nicknames: Mapping[str, Nickname]
    tell: Callable[[str], None]
    clusters: tuple[SeenCluster, ...] | None = None
    notes: tuple[str, ...] = ()

    @property
    def wheres(self) -> tuple[Where, ...]:
        return tuple(place.where for place in self.search.places)

    def knowing(self, clusters: tuple[SeenCluster, ...]) -> Inquiry:
        return replace(self, clusters=clusters)

    def noting(self, *notes: str) -> Inquiry:
        return replace(self, notes=self.notes + notes)

    def groups(self, where: Where, arns: Sequence[str]) -> tuple[SeenTargetGroup, ...]:
        """Target groups by ARN, in that order; those that do not exist (any more) are left out.

        One delay, none when the index knows them. AWS answers for none when one is missing: then each is asked alone.
        """
        if remembered := self.catalogue.groups(arns):
            return remembered
        place = self.search.place(where)
        found = self.search.together([(place, target_groups_with(some)) for some in batches(arns, MAX_ARNS)])
        if not found and len(arns) > 1:
            found = self.search.together([(place, target_groups_with((arn,))) for arn in arns[:MAX_ARNS]])
        order = {arn: number for number, arn in enumerate(arns)}
        return tuple(sorted((group for group in found if group.arn in order), key=lambda group: order[group.arn]))

    def subject(self, subject: Subject) -> Subject:
        """Add what does not depend on how it was found: its nickname's runbook, the notes, what was not searched."""
        return subject.model_copy(
            update={
                "query": without_query(self.question.words),
                "seen": self.question.seen,
                "runbook": self._runbook(subject),
                "notes": (*self.notes, *self.search.unsearched),
                "gaps": self.search.gaps_at(subject.account, subject.account_name, subject.region),
            }
        )

    def _runbook(self, subject: Subject) -> str | None:
        def is_it(name: str, nickname: Nickname) -> bool:
            if name == self.question.words:
                return True
            return (
                nickname.service == subject.service
                and nickname.cluster in (None, subject.cluster)
                and nickname.account in (None, subject.account, subject.account_name)
                and nickname.region in (None, subject.region)
            )

        return next((nick.runbook for name, nick in self.nicknames.items() if nick.runbook and is_it(name, nick)), None)
