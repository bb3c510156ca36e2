"""Makes the pictures of docs/pictures: ``./run pictures``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Browser, Page

from tests.browser.onlooker import Onlooker
from tests.browser.starting import browser, demo
from tests.browser.terminal_picture import terminal_page

PICTURES = Path(__file__).parents[2] / "docs" / "pictures"
SETTLE_MS = 400
TRAFFIC_MS = 40_000
"""So that the panel has some traffic to show."""


class Screen(NamedTuple):
    """How a picture is looked at."""

    name: str
    width: int
    height: int
    dark: bool


SCREENS = (Screen("wide", 1280, 1000, dark=False), Screen("phone", 360, 740, dark=True))
TERMINALS = (("terminal-wide", 96), ("terminal-narrow", 44))
OTHERS = (Screen("wide-dark", 1280, 1000, dark=True), Screen("phone-light", 360, 740, dark=False))


def main() -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    with browser() as chromium:
        for name, columns in TERMINALS:
            take_terminal(chromium, name, columns)
        take_page(chromium)


def take_page(chromium: Browser) -> None:
    with demo() as url:
        with looking(chromium, url, SCREENS[0]) as person:
            person.page.wait_for_timeout(TRAFFIC_MS)
            person.let_an_alarm_arrive()
            person.wait_for_answer()
        for screen in (*SCREENS, *OTHERS):
            with looking(chromium, url, screen) as person:
                person.open_thread()
                person.wait_for_answer()
                take(person, "thread", screen)
                if screen in OTHERS:
                    continue
                show_plan(person)
                take(person, "modal", screen)
                person.modal.get_by_role("button", name="Close").first.click()
                person.look_at("App Home")
                person.page.locator("#home h4").first.wait_for()
                take(person, "home", screen)
        with looking(chromium, url, SCREENS[0]) as person:
            tell_the_story(person)


def take_terminal(chromium: Browser, name: str, columns: int) -> None:
    page = chromium.new_page(viewport={"width": columns * 9 + 20, "height": 400})
    page.set_content(terminal_page(columns))
    keep(page, name, whole=True)
    page.close()


def show_plan(person: Onlooker) -> None:
    person.fix.first.click()
    person.modal.get_by_text("all of this is still so").wait_for()


def tell_the_story(person: Onlooker) -> None:
    """One incident to its end."""
    person.open_thread()
    person.wait_for_answer()
    person.ask_for_approval()
    person.become("approver")
    person.approve()
    person.wait_until_it_worked()
    person.page.wait_for_timeout(TRAFFIC_MS)
    person.story.scroll_into_view_if_needed()
    take(person, "recovered", SCREENS[0])


@contextmanager
def looking(chromium: Browser, url: str, screen: Screen) -> Iterator[Onlooker]:
    with Onlooker(chromium, url, width=screen.width, height=screen.height, dark=screen.dark) as person:
        yield person
        assert person.trouble == [], person.trouble


def take(person: Onlooker, what: str, screen: Screen) -> None:
    person.page.mouse.move(0, 0)
    person.page.wait_for_timeout(SETTLE_MS)
    keep(person.page, f"{what}-{screen.name}")


def keep(page: Page, name: str, *, whole: bool = False) -> None:
    path = PICTURES / f"{name}.png"
    page.screenshot(path=path, full_page=whole)
    sys.stdout.write(f"{path.relative_to(PICTURES.parents[1])}\n")


if __name__ == "__main__":
    main()
