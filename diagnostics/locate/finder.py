"""Finding what a question is about: every form of TARGET -> one Subject, or why there is none."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

from diagnostics.aws_access import AwsAccess, CallMeter, Scope, explain
from diagnostics.aws_access.failures import LOCATE_ACTION, malformed
from diagnostics.facts.fact import Gap
from diagnostics.facts.load_balancing import Listener, Rule
from diagnostics.locate.addresses import find_address
from diagnostics.locate.alarms import of_alarms
from diagnostics.locate.arns import arn_of, load_balancer_type, name_in
from diagnostics.locate.candidates import ambiguous
from diagnostics.locate.index import Catalogue, ServiceIndex
from diagnostics.locate.inquiry import Inquiry, Nickname, Result, refused
from diagnostics.locate.lookups.alarms import SeenAlarm, alarms_named
from diagnostics.locate.lookups.functions import function_named
from diagnostics.locate.lookups.load_balancing import (
    load_balancer_named,
    rule_with,
    target_group_named,
    with_rules,
)
from diagnostics.locate.names import find_name, find_pair, find_service, unknown
from diagnostics.locate.parse import parse
from diagnostics.locate.places import at_home, restrict
from diagnostics.locate.search import DEFAULT_BUDGET_S, Search, of_kind
from diagnostics.locate.seen import SeenFunction
from diagnostics.locate.subjects import (
    of_function,
    of_groups,
    of_load_balancer,
    of_rule_answer,
    only_application,
    unreadable,
)
from diagnostics.locate.wanted import (
    AlarmWanted,
    FunctionWanted,
    ListenerWanted,
    LoadBalancerWanted,
    Pair,
    PlainName,
    ServiceWanted,
    TargetGroupWanted,
    Unusable,
    Wanted,
    WebAddress,
)
from diagnostics.question import Ambiguous, Progress, ProgressListener, Question, Refused
from diagnostics.snapshot import Subject

MAX_LATE = 3
NOT_UNDERSTOOD = "What AWS answered could not be understood; the log has the error."

_logger = logging.getLogger(__name__)

Room = Callable[[Sequence[str]], AbstractContextManager[object]]
"""Entered with the ids of the accounts that alone are waited for, for as long as they are. May raise, which ends the
search: too many wait for such an account already."""


@dataclass(frozen=True, slots=True)
class Located:
    """`delays`: how many of the calls had to wait for one another."""

    outcome: Result
    delays: int = 0


def locate(
    question: Question,
    access: AwsAccess,
    *,
    index: ServiceIndex | None = None,
    nicknames: Mapping[str, Nickname] | None = None,
    progress: ProgressListener = lambda _: None,
    meter: CallMeter | None = None,
    budget_s: float = DEFAULT_BUDGET_S,
    patience_s: float = math.inf,
    room: Room = lambda _: nullcontext(),
) -> Located:
    """Find the one thing that `question.words` mean in the accounts and regions that may be read.

    A Subject when there is one; Ambiguous with candidates; Unknown with the nearest names; Refused with one line, a
    bad request when the question is at fault. Never raises for anything that AWS or a person can do.
    Places that have not answered after `budget_s` seconds are gaps. What was found elsewhere waits for them no longer
    than `patience_s` at each step: a region that is down holds up no answer about another.
    Delays for a plain service name: 3, none with a fresh index; one more before the process knows whose credentials
    it has, where no account is configured.
    """
    nicknames = nicknames or {}
    meter = meter or CallMeter()
    wanted = _nicknamed(question, nicknames) or parse(question.words)
    if isinstance(wanted, Unusable):
        return Located(refused(wanted.message))
    until_s, asked_first = time.monotonic() + budget_s, int(access.has_to_ask_who_it_is)
    known = access.scopes(meter, timeout_s=budget_s)
    if isinstance(known, Gap):
        return Located(Refused(message=explain(known), gaps=(known,)), asked_first)
    scopes = _scopes(question, known, nicknames, wanted)
    if isinstance(scopes, Refused):
        return Located(scopes, asked_first)

    def tell(text: str) -> None:
        progress(Progress(step="finding", text=text))

    def attempt(patience_s: float) -> tuple[Result, Search]:
        left_s = max(until_s - time.monotonic(), 0.0)
        with Search(access, scopes, meter, budget_s=left_s, patience_s=patience_s) as search:
            catalogue = Catalogue.read(None if question.refresh else index, [place.where for place in search.places])
            inquiry = Inquiry(question=question, search=search, catalogue=catalogue, nicknames=nicknames, tell=tell)
            return _found(inquiry, wanted), search

    tell("looking for it in AWS")
    accounts = {scope.account_id for scope in scopes}
    with room(tuple(accounts) if len(accounts) == 1 else ()):
        outcome, search = attempt(patience_s)
    delays = asked_first + search.delays
    if search.late and time.monotonic() < until_s and not _is_found(outcome):
        tell(f"no answer yet from {'; '.join(search.late[:MAX_LATE])}, asking again")
        with room(search.late_accounts):
            outcome, search = attempt(math.inf)
        delays += search.delays
    return Located(outcome, delays)


def _is_found(outcome: Result) -> bool:
    """A cluster's name may be that of a service in a place that has not answered yet."""
    return isinstance(outcome, Subject) or (isinstance(outcome, Ambiguous) and not outcome.is_cluster)


def _scopes(
    question: Question, known: tuple[Scope, ...], nicknames: Mapping[str, Nickname], wanted: Wanted
) -> tuple[Scope, ...] | Refused:
    nickname = nicknames.get(question.words)
    account = question.account or (nickname.account if nickname else None)
    region = question.region or (nickname.region if nickname else None)
    home = None if isinstance(wanted, WebAddress | Pair | PlainName) else wanted.home
    if home is None:
        return restrict(known, account, region)
    if region is not None and region != home.region:
        return refused(f"The ARN lies in {home.region}, not in {region!a:.62}.")
    allowed = restrict(known, account, None)
    return allowed if isinstance(allowed, Refused) else at_home(allowed, home)


def _nicknamed(question: Question, nicknames: Mapping[str, Nickname]) -> ServiceWanted | None:
    nickname = nicknames.get(question.words)
    return ServiceWanted(nickname.service, nickname.cluster) if nickname else None


def _found(inquiry: Inquiry, wanted: Wanted) -> Result:
    """What is found. Answers that make no sense together are a refusal, like one that makes none by itself."""
    try:
        return _find(inquiry, wanted)
    except Exception:
        _logger.exception("the answers of AWS could not be understood while searching")
        gap = malformed(LOCATE_ACTION, "*", "the answers could not be understood")
        return Refused(message=NOT_UNDERSTOOD, gaps=(gap,))


def _find(inquiry: Inquiry, wanted: Wanted) -> Result:
    if isinstance(wanted, PlainName):
        return find_name(inquiry, wanted.name)
    if isinstance(wanted, Pair):
        return find_pair(inquiry, wanted)
    if isinstance(wanted, WebAddress):
        return find_address(inquiry, wanted)
    if isinstance(wanted, ServiceWanted):
        return find_service(inquiry, wanted)
    if isinstance(wanted, LoadBalancerWanted):
        return _find_load_balancer(inquiry, wanted)
    if isinstance(wanted, TargetGroupWanted):
        return _find_target_group(inquiry, wanted)
    if isinstance(wanted, ListenerWanted):
        return _find_listener(inquiry, wanted)
    if isinstance(wanted, FunctionWanted):
        return _find_function(inquiry, wanted)
    return _find_alarm(inquiry, wanted)


def _find_load_balancer(inquiry: Inquiry, wanted: LoadBalancerWanted) -> Result:
    """One delay, three more for the services behind it."""
    if wanted.type != "application":
        return only_application(f"{wanted.name} is a {wanted.type} load balancer")
    found = inquiry.search.everywhere(load_balancer_named(wanted.name))
    same = [one for one in found if one.arn == arn_of(wanted, one.where.account, one.where.region)]
    if len(same) > 1:
        return ambiguous(inquiry.question.words, same)
    return of_load_balancer(inquiry, same[0]) if same else unknown(inquiry, wanted.name)


def _find_target_group(inquiry: Inquiry, wanted: TargetGroupWanted) -> Result:
    """One delay, three more for the service that feeds it."""
    found = inquiry.search.everywhere(target_group_named(wanted.name))
    same = [one for one in found if one.arn == arn_of(wanted, one.where.account, one.where.region)]
    if len(same) > 1:
        return ambiguous(inquiry.question.words, same)
    return of_groups(inquiry, same[0].where, same) if same else unknown(inquiry, wanted.name)


def _find_listener(inquiry: Inquiry, wanted: ListenerWanted) -> Result:
    """Two delays, three more for the service: the rule or the listener's rules, then their target groups."""
    kind = load_balancer_type(wanted.load_balancer_arn)
    if kind != "application":
        return only_application(f"This listener is one of a {kind} load balancer")
    place = inquiry.search.places[0]
    if wanted.rule_arn:
        rules: Sequence[Rule] = inquiry.search.together([(place, rule_with(wanted.rule_arn))])
    else:
        stub = Listener(arn=wanted.arn, load_balancer_arn=wanted.load_balancer_arn, port=0, protocol="")
        rules = [rule for listener in inquiry.search.together([(place, with_rules(stub))]) for rule in listener.rules]
    if not rules:
        return unknown(inquiry, name_in(wanted.load_balancer_arn), hint="This listener or rule does not exist.")
    arns = tuple(dict.fromkeys(target.target_group_arn for rule in rules for target in rule.forwards_to))
    if not arns:
        return of_rule_answer(inquiry, place.where, wanted.load_balancer_arn, wanted.rule_arn or rules[0].arn)
    groups = inquiry.groups(place.where, arns)
    if not groups:
        return unreadable(inquiry, "The target groups of the listener rule")
    return of_groups(
        inquiry,
        place.where,
        groups,
        kind="target-group" if wanted.rule_arn else "load-balancer",
        load_balancer=wanted.load_balancer_arn,
        rule_arn=wanted.rule_arn,
    )


def _find_function(inquiry: Inquiry, wanted: FunctionWanted) -> Result:
    """Three delays. A short ``function:alias`` may be an alarm's name as well."""
    looks: list[Any] = [function_named(wanted.name, wanted.qualifier)]
    if wanted.home is None:
        looks.append(alarms_named((inquiry.question.words,)))
    found = inquiry.search.everywhere(*looks)
    functions, alarms = of_kind(found, SeenFunction), of_kind(found, SeenAlarm)
    if len(functions) > 1:
        return ambiguous(inquiry.question.words, functions)
    if functions:
        return of_function(inquiry, functions[0])
    return of_alarms(inquiry, alarms) if alarms else unknown(inquiry, wanted.name)


def _find_alarm(inquiry: Inquiry, wanted: AlarmWanted) -> Result:
    """Two delays for a metric alarm, one more for each level of a composite one, three more for the service."""
    alarms = inquiry.search.everywhere(alarms_named((wanted.name,)))
    return of_alarms(inquiry, alarms) if alarms else unknown(inquiry, wanted.name)
