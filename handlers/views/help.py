"""The help: short, and only what this person may do here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from handlers.views.answers import COMMAND, MAX_COMMAND
from handlers.views.blocks import Message, Part, compose, context, section
from handlers.views.escape import code

MAX_LISTED: Final = 10
MAX_NAME: Final = 80
HEAD: Final = "I say why an AWS load balancer answers 502, 503 or 504, and what to do about it."
TALK: Final = "In a thread, mention me: `@alb502 checkout`, or `@alb502` alone where an alarm was posted."
READS: Final = "I only read; nothing in AWS is changed by asking."

Fixes = Literal["off", "commands", "ask", "approve"]


@dataclass(frozen=True, slots=True)
class Here:
    """What one person may do in one channel. `refusal`: why they may not even ask. `services` and `accounts`: the
    only ones that may be asked about there; empty for all. `fixes`: seen as commands, to be asked for, or to be
    approved."""

    refusal: str | None = None
    services: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    fixes: Fixes = "commands"


def help(command: str = COMMAND, here: Here | None = None) -> Message:  # noqa: A001 - it is what people type
    """What can be asked, with examples that can be copied. `here` None: it is not known who asks."""
    here = here or Here()
    if here.refusal is not None:
        return Message(here.refusal)
    examples = "\n".join(f"• {code(typed, MAX_COMMAND)} {meaning}" for typed, meaning in _examples(command, here))
    parts = [
        Part(0, (section(HEAD),)),
        Part(1, (section(examples),)),
        Part(2, (context(*_small_print(here)),)),
    ]
    return compose(f"{HEAD}\n{examples}", parts)


def _examples(command: str, here: Here) -> Iterable[tuple[str, str]]:
    name = here.services[0] if here.services else "checkout"
    account = here.accounts[0] if here.accounts else "prod"
    yield f"{command} {name}", "a service, load balancer, target group, alarm or function, by name or ARN"
    yield f"{command} https://shop.example.com/cart", "a URL: its listener rules are followed"
    yield f"{command} {name} since 2h in {account} region us-east-1 seeing 502", "narrower, or longer ago"
    if command.startswith("/"):
        yield command, "alone: choose from a list"
        yield f"{command} mute {name} 2h", "keeps its alarms out of this channel; `unmute` ends that"


def _small_print(here: Here) -> Iterable[str]:
    yield f"{TALK} {READS}"
    for what, only in (("services", here.services), ("accounts", here.accounts)):
        if only:
            more = f" and {len(only) - MAX_LISTED} more" if len(only) > MAX_LISTED else ""
            yield f"*Only these {what} here*: {', '.join(code(one, MAX_NAME) for one in only[:MAX_LISTED])}{more}"
    said = {
        "commands": "Fixes are shown as commands.",
        "ask": "Fixes: the button of a fix, below an answer, shows its plan; who may approve is asked from there.",
        "approve": "Fixes: the button of a fix, below an answer, shows its plan; you may approve it there.",
    }
    if here.fixes in said:
        yield said[here.fixes]
