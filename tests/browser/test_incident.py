"""A whole incident on the page: an alarm, its diagnosis, a fix that a second person approves, recovery, the undo."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.onlooker import RECOVERY_MS, Onlooker


@pytest.mark.parametrize(
    ("width", "dark", "begins_with"),
    [(360, False, "alarm"), (1280, True, "command"), (360, True, "command"), (1280, False, "command")],
)
def test_from_the_alarm_to_the_undo(demo_url: str, chromium: Browser, width: int, dark: bool, begins_with: str) -> None:
    with Onlooker(chromium, demo_url, width=width, dark=dark) as person:
        if begins_with == "alarm":
            person.let_an_alarm_arrive()
        else:
            person.ask("/alb502 checkout")
        person.wait_for_answer()
        person.ask_for_approval()
        assert_no_sideways_scrolling(person)

        person.become("approver")
        person.approve()
        person.wait_until_it_worked()
        if not person.is_narrow:
            expect(person.fault("ingress")).not_to_contain_text("broken now", timeout=RECOVERY_MS)
            expect(person.page.locator("#world .state.healthy").first).to_be_visible(timeout=RECOVERY_MS)

        person.undo()
        if not person.is_narrow:
            expect(person.fault("ingress")).to_contain_text("broken now", timeout=RECOVERY_MS)
        assert person.trouble == []
        assert {re.sub(r"^(\w+://[^/]+).*", r"\1", one) for one in person.asked} == {demo_url}, (
            "the page asks nobody else"
        )


def assert_no_sideways_scrolling(person: Onlooker) -> None:
    wide = person.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0
    for pane in ("#channel .list", "#thread .list"):
        over = person.page.eval_on_selector(pane, "one => one.scrollWidth - one.clientWidth")
        assert over <= 0, pane
