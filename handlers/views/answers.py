"""What is said when there is no report: several candidates, no candidate, a refusal, a fault of ours, or help."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from typing import Final

from diagnostics import printable
from diagnostics.digest import error_in_words
from diagnostics.facts.fact import Gap
from diagnostics.question import Ambiguous, Candidate, Refused, Unknown
from handlers.views.blocks import MAX_SECTION, Block, Message, Part, actions, compose, context, section, whole_lines
from handlers.views.escape import code, words

MAX_CANDIDATES: Final = 10
MAX_GAPS: Final = 5
MAX_TEXT: Final = 400
MAX_NAME: Final = 120
MAX_COMMAND: Final = 400
MAX_OPTIONS: Final = 100
MAX_OPTION: Final = 75
MIN_OPTION_NAME: Final = 20
COMMAND: Final = "/alb502"
CHOOSE: Final = "choose"
"""What somebody meant by words that mean several things."""

_KINDS: Final = {
    "ecs-service": "ECS service",
    "target-group": "target group",
    "load-balancer": "load balancer",
    "lambda": "Lambda function",
}


def ambiguous(outcome: Ambiguous, command: str = COMMAND, choices: Sequence[str] = ()) -> Message:
    """Every candidate with what to type to mean it, and a menu of them where `choices` has an opaque id for each."""
    total = len(outcome.candidates) + outcome.more
    name = code(outcome.words, MAX_NAME)
    if outcome.is_cluster:
        head = f"{name} is an ECS cluster. Which of its services?"
    else:
        head = f"{name} means {total} things. Which one?" if total != 1 else f"{name} may mean more than this; ask for:"
    listed = whole_lines(_candidates(outcome.candidates, command), MAX_SECTION, total=total)
    return _answer(head, listed, menu=menu_of(outcome.candidates, choices))


def nothing_called(outcome: Unknown, name: str) -> str:
    """Whether it does not exist is not known while a part of AWS does not answer."""
    return f"I find nothing called {name}{', but not everything could be searched' if outcome.gaps else ''}"


def unknown(outcome: Unknown, command: str = COMMAND, choices: Sequence[str] = ()) -> Message:
    """Nothing has this name: what comes nearest, and where it was not possible to look."""
    head = f"{nothing_called(outcome, code(outcome.words, MAX_NAME))}."
    lines = []
    if outcome.nearest:
        lines += ["Did you mean:", *_candidates(outcome.nearest, command)]
    if outcome.hint:
        lines.append(words(outcome.hint, MAX_TEXT))
    if not lines:
        slash = code(command if command.startswith("/") else COMMAND)
        lines.append(f"{slash} alone shows what there is to choose from; an ARN or a URL can be asked for, too.")
    menu = menu_of(outcome.nearest, choices)
    return _answer(head, whole_lines(lines, MAX_SECTION), *_not_searched(outcome.gaps, "Not searched"), menu=menu)


def refused(outcome: Refused, reference: str = "") -> Message:
    """Why there is no report, in the one line that says what to do; more where things failed for different reasons.

    `reference` finds what failed in the log, unless the question was at fault.
    """
    head = f":no_entry: {words(outcome.message, MAX_TEXT) or 'No report can be made.'}"
    several = len({gap.kind for gap in outcome.gaps}) > 1
    for_operators = () if outcome.bad_request or not reference else (f"For your operators: {code(reference)}",)
    return _answer(head, "", *(_not_searched(outcome.gaps, "Not read") if several else ()), *for_operators)


def failed(reference: str) -> Message:
    """A fault of ours. `reference` finds the log entry."""
    return _answer(
        f":warning: Something went wrong on my side. Ask again; if it stays, give your operators the reference "
        f"{code(reference)}: it is in the bot's log.",
        "",
    )


def menu_of(candidates: Sequence[Candidate], choices: Sequence[str]) -> tuple[Block, ...]:
    """A menu that asks about one of them; nothing where it cannot be pressed."""
    options = [
        {"text": {"type": "plain_text", "text": option_of(one), "emoji": False}, "value": behind}
        for one, behind in zip(candidates[:MAX_OPTIONS], choices, strict=False)
    ]
    placeholder = {"type": "plain_text", "text": "Choose which one", "emoji": False}
    menu = {"type": "static_select", "action_id": CHOOSE, "placeholder": placeholder, "options": options}
    return (actions(menu),) if options else ()


def option_of(one: Candidate) -> str:
    """``prod/checkout · ECS service · us-east-1 · prod`` within the limit of a menu."""
    where = f" · {_KINDS[one.kind]} · {one.region} · {one.account_name or one.account}"
    name = one.words if one.kind == "ecs-service" else one.name
    room = max(MIN_OPTION_NAME, MAX_OPTION - len(where))
    return printable.line(f"{printable.line(name, room) or '(no name)'}{where}", MAX_OPTION)


def _answer(head: str, body: str, *small_print: str, menu: tuple[Block, ...] = ()) -> Message:
    parts = [Part(0, (section(head),))]
    if body:
        parts.append(Part(1, (section(body),)))
    if menu:
        parts.append(Part(0, menu))
    if small_print:
        parts.append(Part(2, (context(*small_print),)))
    return compose(f"{head}\n{body}".strip(), parts)


def _candidates(candidates: Sequence[Candidate], command: str) -> list[str]:
    return [_candidate(one, command) for one in candidates[:MAX_CANDIDATES]]


def _candidate(one: Candidate, command: str) -> str:
    account = one.account_name or one.account
    typed = printable.line(f"{command} {_quoted(one.words)} in {account} region {one.region}", MAX_COMMAND)
    return f"• {_KINDS[one.kind]} {code(one.name, MAX_NAME)}: {code(typed, MAX_COMMAND)}"


def _quoted(name: str) -> str:
    return name if shlex.quote(name) == name else f'"{name}"'


def _not_searched(gaps: Sequence[Gap], what: str) -> Iterable[str]:
    if gaps:
        places = "; ".join(map(_gap, gaps[:MAX_GAPS]))
        more = f" (and {len(gaps) - MAX_GAPS} more)" if len(gaps) > MAX_GAPS else ""
        yield f"*{what}:* {places}{more}"


def _gap(gap: Gap) -> str:
    return f"{code(gap.action)} on {code(gap.resource, MAX_NAME)} ({words(error_in_words(gap.error), MAX_NAME)})"
