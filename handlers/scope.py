"""What may be asked in one channel: accounts and services, by the words typed and again by where they led. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from diagnostics.facts.fact import Gap
from diagnostics.locate import Nickname
from diagnostics.question import Ambiguous, Candidate, Progress, Question, Refused, Unknown
from diagnostics.report import Report, ReportTarget
from handlers.ask import Answer
from handlers.asking import shown

MAX_LISTED: Final = 10
FUNCTION_NAME_FIELD: Final = 6  # arn:aws:lambda:region:account:function:NAME[:alias]

NOT_EVERYWHERE: Final = "not every place could be searched"
OUTSIDE: Final = "No report: that could not be read, or it leads outside what this channel may ask about."

_PLAIN_NAME: Final = re.compile(r"[\w-]+")
_ACCOUNT_ID: Final = re.compile(r"(?<!\d)\d{12}(?!\d)", re.ASCII)
_SERVICE: Final = re.compile(r"\b(?:[Ss]ervice|[Ff]unction)[ :/](?P<name>[\w./-]+)")


@dataclass(frozen=True, slots=True)
class ScopeRule:
    """What may be asked in one channel; empty allows everything."""

    accounts: frozenset[str] = frozenset()
    services: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Scopes:
    """The rules of the channels that have one. `account_ids` maps an account's name to its id."""

    rules: Mapping[str, ScopeRule] = field(default_factory=dict)
    account_ids: Mapping[str, str] = field(default_factory=dict)
    nicknames: Mapping[str, Nickname] = field(default_factory=dict)

    def refusal(self, question: Question, channel_id: str) -> str | None:
        """One line of mrkdwn if these words may not be asked there, else None.

        Words that may lead anywhere, such as a URL, pass here and are decided by `within` once it is known where to.
        """
        rule = self.rules.get(channel_id)
        if rule is None:
            return None
        if rule.accounts and question.account is not None and not self._has_account(rule, question.account):
            return f"Account {shown(question.account)} is not for this channel; here: {_listed(rule.accounts)}."
        if rule.services and _PLAIN_NAME.fullmatch(question.words) and not self._may_mean(rule, question.words):
            return f"{shown(question.words)} is not for this channel; here: {_listed(rule.services)}."
        return None

    def refusal_of_target(self, target: ReportTarget, channel_id: str) -> Refused | None:
        """Why this may not be asked about there, if it may not."""
        rule = self.rules.get(channel_id)
        return None if rule is None or self._has_target(rule, target) else _not_here(rule)

    def within(self, answer: Answer, channel_id: str) -> Answer:
        """The answer as this channel may see it: nothing about what its scope leaves out."""
        rule = self.rules.get(channel_id)
        if rule is None:
            return answer
        if isinstance(answer, Report):
            return self._report_within(rule, answer) if self._has_target(rule, answer.target) else _not_here(rule)
        if isinstance(answer, Ambiguous):
            kept = tuple(one for one in answer.candidates if self._has_candidate(rule, one))
            return answer.model_copy(update={"candidates": kept, "more": 0}) if kept else _not_here(rule)
        if isinstance(answer, Unknown):
            kept = tuple(one for one in answer.nearest if self._has_candidate(rule, one))
            gaps = self._gaps_within(rule, answer.gaps)
            hint = NOT_EVERYWHERE if len(gaps) < len(answer.gaps) else answer.hint
            if hint and self._tells_more(rule, hint):
                hint = NOT_EVERYWHERE
            return answer.model_copy(update={"nearest": kept, "gaps": gaps, "hint": hint, "searched": ()})
        message = OUTSIDE if self._tells_more(rule, answer.message) else answer.message
        return answer.model_copy(update={"message": message, "gaps": self._gaps_within(rule, answer.gaps)})

    def step_within(self, step: Progress, channel_id: str) -> Progress:
        """A step as this channel may see it: as long as it is not known where the words lead, only how far it is."""
        if channel_id not in self.rules:
            return step
        if step.so_far is not None and isinstance(seen := self.within(step.so_far, channel_id), Report):
            return step.model_copy(update={"so_far": seen})
        return step.model_copy(update={"text": "", "so_far": None})

    def _report_within(self, rule: ScopeRule, report: Report) -> Report:
        notes = tuple(note for note in report.target.notes if not self._tells_more(rule, note))
        if len(notes) == len(report.target.notes):
            return report
        target = report.target.model_copy(update={"notes": (*notes, NOT_EVERYWHERE)})
        return report.model_copy(update={"target": target})

    def _gaps_within(self, rule: ScopeRule, gaps: tuple[Gap, ...]) -> tuple[Gap, ...]:
        return tuple(gap for gap in gaps if not self._tells_more(rule, f"{gap.resource} {gap.message}"))

    def _tells_more(self, rule: ScopeRule, text: str) -> bool:
        """Whether a line names an account or a service that the rule leaves out."""
        named = [*_ACCOUNT_ID.findall(text), *(name for name in self.account_ids if _is_word_of(name, text))]
        if rule.accounts and not all(self._has_account(rule, name) for name in named):
            return True
        services = [found["name"].rstrip(".") for found in _SERVICE.finditer(text)]
        return bool(rule.services) and not all(self._is_listed(rule, name) for name in services)

    def _is_listed(self, rule: ScopeRule, name: str) -> bool:
        """A service, with or without its cluster, or a function."""
        cluster, _, service = name.rpartition("/")
        return name in rule.services or any(
            service == listed.service and (not cluster or listed.cluster in (None, cluster))
            for listed in self._listed_services(rule)
        )

    def _has_target(self, rule: ScopeRule, target: ReportTarget) -> bool:
        if not self._has_account(rule, target.account, target.account_name):
            return False
        if not rule.services:
            return True
        if target.service is not None:
            thing = _Thing(target.service, target.cluster, target.account, target.account_name, target.region)
            return self._has_service(rule, thing)
        return target.function is not None and _function_name(target.function) in rule.services

    def _has_candidate(self, rule: ScopeRule, one: Candidate) -> bool:
        if not self._has_account(rule, one.account, one.account_name):
            return False
        if not rule.services:
            return True
        if one.kind == "ecs-service":
            cluster = one.words.rpartition("/")[0] or None
            return self._has_service(rule, _Thing(one.name, cluster, one.account, one.account_name, one.region))
        return one.kind == "lambda" and one.name in rule.services

    def _has_account(self, rule: ScopeRule, account: str, name: str | None = None) -> bool:
        if not rule.accounts:
            return True
        ids = {self.account_ids.get(listed) for listed in rule.accounts}
        return account in rule.accounts or account in ids or name in rule.accounts

    def _has_service(self, rule: ScopeRule, thing: _Thing) -> bool:
        return any(_is_meant(nickname, thing) for nickname in self._listed_services(rule))

    def _may_mean(self, rule: ScopeRule, name: str) -> bool:
        return name in self.nicknames or any(name == listed.service for listed in self._listed_services(rule))

    def _listed_services(self, rule: ScopeRule) -> Iterator[Nickname]:
        """The services of the rule: a nickname stands for what it is configured to mean."""
        for word in rule.services:
            cluster, _, service = word.rpartition("/")
            yield self.nicknames.get(word) or Nickname(service=service, cluster=cluster or None)


@dataclass(frozen=True, slots=True)
class _Thing:
    """A service that was found."""

    service: str
    cluster: str | None
    account: str
    account_name: str | None
    region: str


def _is_meant(listed: Nickname, thing: _Thing) -> bool:
    return (
        listed.service == thing.service
        and listed.cluster in (None, thing.cluster)
        and listed.account in (None, thing.account, thing.account_name)
        and listed.region in (None, thing.region)
    )


def _function_name(function: str) -> str:
    """The name in a function's ARN, without its alias, or the name itself."""
    return function.split(":")[FUNCTION_NAME_FIELD] if function.count(":") >= FUNCTION_NAME_FIELD else function


def _is_word_of(name: str, text: str) -> bool:
    return re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text) is not None


def _not_here(rule: ScopeRule) -> Refused:
    """Says what may be asked, and not where the words led."""
    allowed = sorted(rule.services or rule.accounts)
    more = f" and {len(allowed) - MAX_LISTED} more" if len(allowed) > MAX_LISTED else ""
    kind = "services" if rule.services else "accounts"
    listed = ", ".join(allowed[:MAX_LISTED])
    return Refused(
        message=f"That leads outside the {kind} that this channel may ask about: {listed}{more}.", bad_request=True
    )


def _listed(names: frozenset[str]) -> str:
    more = f" and {len(names) - MAX_LISTED} more" if len(names) > MAX_LISTED else ""
    return ", ".join(shown(name) for name in sorted(names)[:MAX_LISTED]) + more
