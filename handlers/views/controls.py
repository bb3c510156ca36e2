"""The controls below an answer: buttons for the most important, and a menu for the rest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from diagnostics import printable
from diagnostics.report import Report
from handlers.controls import catalogue
from handlers.controls.control import MORE, ControlSpec
from handlers.views.blocks import MAX_BUTTON_TEXT, Block, button

MAX_MENU: Final = 5
"""Slack's limit: https://docs.slack.dev/reference/block-kit/block-elements/overflow-menu-element"""
MAX_MENU_VALUE: Final = 75
SHOWN: Final = 3
BETWEEN: Final = ":"


def controls(report: Report, about: str, *, shown: int = SHOWN) -> tuple[Block, ...]:
    """Elements for an actions block, the most important first; the last one is the menu with what is not a button.

    `about` is the opaque id that all controls of this message carry. `shown` is how many are buttons of their own, as
    long as the menu holds the others.
    """
    offered = [spec for spec in catalogue().values() if spec.offered(report)]
    first = max(shown, len(offered) - MAX_MENU)
    if len(offered) == first + 1:
        first += 1  # a menu of one thing is a button with a detour
    buttons = tuple(button(spec.label, _action_id(spec), about) for spec in offered[:first])
    rest = offered[first:]
    return (*buttons, _menu(rest, about)) if rest else buttons


def chosen(value: str) -> tuple[str, str]:
    """The control and the opaque id behind a line of the menu."""
    name, _, about = value.partition(BETWEEN)
    return name, about


def _menu(specs: Sequence[ControlSpec], about: str) -> Block:
    return {
        "type": "overflow",
        "action_id": MORE,
        "options": [
            {
                "text": {
                    "type": "plain_text",
                    "text": printable.line(spec.label, MAX_BUTTON_TEXT),
                    "emoji": False,
                },
                "value": f"{spec.name}{BETWEEN}{about}"[:MAX_MENU_VALUE],
            }
            for spec in specs
        ],
    }


def _action_id(spec: ControlSpec) -> str:
    """Refresh keeps the id that it had before there were others."""
    return spec.name if spec.pressed is None else spec.action_id
