"""What is said when there is no report: several candidates, no candidate, a refusal, a fault of ours, or help."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from typing import Final

from diagnostics import printable
from diagnostics.facts.fact import Gap
from diagnostics.question import Ambiguous, Candidate, Refused, Unknown
from handlers.views.blocks import MAX_SECTION, Message, Part, compose, context, section, whole_lines
from handlers.views.escape import code, words

MAX_CANDIDATES: Final = 10
MAX_GAPS: Final = 5
MAX_TEXT: Final = 400
MAX_NAME: Final = 120
MAX_COMMAND: Final = 400
COMMAND: Final = "/alb502"

_KINDS: Final = {
    "ecs-service": "ECS service",
    "target-group": "target group",
    "load-balancer": "load balancer",
    "lambda": "Lambda function",
}


def ambiguous(outcome: Ambiguous, command: str = COMMAND) -> Message:
    """Every candidate with what to type to mean it."""
    total = len(outcome.candidates) + outcome.more
    name = code(outcome.words, MAX_NAME)
    head = f"{name} means {total} things. Which one?" if total != 1 else f"{name} may mean more than this; ask for:"
    return _answer(head, whole_lines(_candidates(outcome.candidates, command), MAX_SECTION, total=total))


def unknown(outcome: Unknown, command: str = COMMAND) -> Message:
    """Nothing has this name: what comes nearest, and where it was not possible to look."""
    head = f"I find nothing called {code(outcome.words, MAX_NAME)}."
    lines = []
    if outcome.nearest:
        lines += ["Did you mean:", *_candidates(outcome.nearest, command)]
    if outcome.hint:
        lines.append(words(outcome.hint, MAX_TEXT))
    return _answer(head, whole_lines(lines, MAX_SECTION), *_not_searched(outcome.gaps, "Not searched"))


def refused(outcome: Refused) -> Message:
    """Why there is no report, in the one line that says what to do; more where things failed for different reasons."""
    head = f":no_entry: {words(outcome.message, MAX_TEXT) or 'No report can be made.'}"
    several = len({gap.kind for gap in outcome.gaps}) > 1
    return _answer(head, "", *(_not_searched(outcome.gaps, "Not read") if several else ()))


def failed(reference: str) -> Message:
    """A fault of ours. `reference` finds the log entry."""
    return _answer(
        f":warning: Something went wrong on my side. Ask again; if it stays, give your operators the reference "
        f"{code(reference)}: it is in the bot's log.",
        "",
    )


def help(command: str = COMMAND) -> Message:  # noqa: A001 - it is what people type
    """What can be asked, with examples that can be copied."""
    examples = (
        ("checkout", "an ECS service, by its name or as `cluster/service`"),
        ("app/shop/50dc6c495c0c9188", "a load balancer or target group: name, ARN or CloudWatch dimension"),
        ("https://shop.example.com/cart", "a URL: its listener rules are followed to the target group"),
        ("checkout since 2h in prod region us-east-1", "a longer time, an account, a region"),
        ("checkout seeing 502", "the code that users report, so that “not from this load balancer” can be the answer"),
    )
    lines = [f"• {code(f'{command} {words_}', MAX_COMMAND)} {meaning}" for words_, meaning in examples]
    head = "I say why an AWS load balancer answers 502, 503 or 504, and what to do about it."
    return _answer(
        head,
        "\n".join(lines),
        "In a thread, mention me: `@alb502 checkout`, or `@alb502` alone where an alarm was posted. I only read; "
        "nothing in AWS is changed by asking.",
        f"{code(f'{command} mute checkout 2h')} keeps its alarms out of this channel; `unmute` ends that.",
    )


def _answer(head: str, body: str, *small_print: str) -> Message:
    parts = [Part(0, (section(head),))]
    if body:
        parts.append(Part(1, (section(body),)))
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
    return f"{code(gap.action)} on {code(gap.resource, MAX_NAME)} ({words(gap.error, MAX_NAME)})"
